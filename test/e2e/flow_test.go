//go:build e2e

// Package e2e drives the built binary through the whole flow, as one process and as five.
package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/test/platform"
)

func TestOneProcess(t *testing.T) {
	p := platform.One(t)
	if p.Ready > 2*time.Second {
		t.Errorf("8084 was ready after %v, the limit is 2 s", p.Ready)
	}
	t.Logf("ready after %v", p.Ready)
	flow(t, p, p.Login(t, platform.AdminEmail, platform.AdminPassword))
}

func TestFiveProcesses(t *testing.T) {
	p := platform.Five(t)
	flow(t, p, p.Login(t, platform.AdminEmail, platform.AdminPassword))
}

// eventually polls what becomes true without a call of ours: billing and analytics follow a create.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not after 30 s: %s", what)
		}
	}
}

type profile struct {
	ID             string
	Name           string
	BillingAccount *struct{ ID, Status string }
	Events         struct {
		Edges []struct{ Node struct{ Type string } }
	}
}

const profileQuery = `query Profile($id: ID!) {
  medicalProfile(id: $id) { name billingAccount { id status } events(first: 10) { edges { node { type } } } }
}`

// flow is the way of one profile: login, create by REST, read by GraphQL across three subgraphs, a live event on an
// open subscription whose profile and account come from the other subgraphs, update, delete.
func flow(t *testing.T, p *platform.Platform, token string) {
	events := p.Subscribe(t, token, `subscription { profileEvents { cursor event { id type profileId profile { id name billingAccount { status } } } } }`)
	email := "e2e-" + uuid.NewString()[:8] + "@example.com"
	body := map[string]string{"name": "Ada Lovelace", "email": email, "address": "12 St James's Square", "dateOfBirth": "1815-12-10", "registeredDate": "2024-05-05"}

	var created struct{ ID string }
	key := uuid.NewString()
	a := p.Do(t, "POST", "/api/medical-profiles", token, body, "Idempotency-Key", key)
	if a.Status != http.StatusCreated {
		t.Fatalf("create answered %d: %s", a.Status, a.Body)
	}
	a.JSON(t, &created)
	again := p.Do(t, "POST", "/api/medical-profiles", token, body, "Idempotency-Key", key)
	if string(again.Body) != string(a.Body) || again.Status != http.StatusCreated {
		t.Errorf("the repeated create answered %d %s, the first %s", again.Status, again.Body, a.Body)
	}
	body["name"] = "Somebody Else"
	if other := p.Do(t, "POST", "/api/medical-profiles", token, body, "Idempotency-Key", key); other.Status != http.StatusUnprocessableEntity {
		t.Errorf("another body under the same key answered %d, want 422", other.Status)
	}

	var got struct{ MedicalProfile profile }
	eventually(t, "the new profile has an ACTIVE billing account and its event", func() bool {
		p.MustQuery(t, token, profileQuery, map[string]any{"id": created.ID}, &got)
		m := got.MedicalProfile
		return m.BillingAccount != nil && m.BillingAccount.Status == "ACTIVE" && len(m.Events.Edges) == 1
	})
	if got.MedicalProfile.Name != "Ada Lovelace" || got.MedicalProfile.Events.Edges[0].Node.Type != "CREATED" {
		t.Errorf("profile %+v", got.MedicalProfile)
	}
	expectEvent(t, events, "CREATED", created.ID, "Ada Lovelace")

	if a := p.Do(t, "PUT", "/api/medical-profiles/"+created.ID, token, map[string]string{"name": "Ada King", "email": email, "address": "1 Elm Street", "dateOfBirth": "1815-12-10"}); a.Status != http.StatusOK {
		t.Fatalf("update answered %d: %s", a.Status, a.Body)
	}
	expectEvent(t, events, "UPDATED", created.ID, "Ada King")

	if a := p.Do(t, "DELETE", "/api/medical-profiles/"+created.ID, token, nil); a.Status != http.StatusOK {
		t.Fatalf("delete answered %d: %s", a.Status, a.Body)
	}
	expectEvent(t, events, "DELETED", created.ID, "")

	var gone struct {
		MedicalProfile *profile
		BillingAccount *struct{ Status string }
	}
	eventually(t, "the account of the deleted profile is CLOSED and the profile gone", func() bool {
		p.MustQuery(t, token, `query($id: ID!, $account: ID!) { medicalProfile(id: $id) { name } billingAccount(id: $account) { status } }`,
			map[string]any{"id": created.ID, "account": got.MedicalProfile.BillingAccount.ID}, &gone)
		return gone.MedicalProfile == nil && gone.BillingAccount != nil && gone.BillingAccount.Status == "CLOSED"
	})

	byGraphQL(t, p, token)
}

func expectEvent(t *testing.T, events <-chan platform.GraphQL, kind, id, name string) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case g, ok := <-events:
			if !ok {
				t.Fatalf("the subscription ended before %s of %s", kind, id)
			}
			if len(g.Errors) > 0 {
				t.Fatalf("event with errors: %+v", g.Errors)
			}
			var m struct {
				ProfileEvents struct {
					Cursor string
					Event  struct {
						Type, ProfileID string
						Profile         *struct{ Name string }
					}
				}
			}
			platform.Answer{Body: g.Data}.JSON(t, &m)
			e := m.ProfileEvents.Event
			if e.ProfileID != id {
				continue
			}
			if e.Type != kind {
				t.Fatalf("event %s of %s, want %s: events of one profile come in order", e.Type, id, kind)
			}
			if m.ProfileEvents.Cursor == "" {
				t.Error("an event without a cursor")
			}
			if name != "" && (e.Profile == nil || e.Profile.Name != name) {
				t.Errorf("the event's profile is %+v, want the name %q from the profiles subgraph", e.Profile, name)
			}
			if name == "" && e.Profile != nil {
				t.Errorf("the deleted profile is still there: %+v", e.Profile)
			}
			return
		case <-timeout:
			t.Fatalf("no event %s of %s after 30 s", kind, id)
		}
	}
}

// byGraphQL creates a profile by a mutation whose answer is joined from billing.
func byGraphQL(t *testing.T, p *platform.Platform, token string) {
	t.Helper()
	var out struct{ CreateMedicalProfile profile }
	p.MustQuery(t, token, `mutation($input: CreateMedicalProfileInput!) { createMedicalProfile(input: $input) { id name billingAccount { id status } } }`,
		map[string]any{"input": map[string]any{"name": "Grace Hopper", "email": "grace-" + uuid.NewString()[:8] + "@example.com", "address": "3 Navy Yard", "dateOfBirth": "1906-12-09", "registeredDate": "2024-06-06"}}, &out)
	id := out.CreateMedicalProfile.ID
	var page struct {
		MedicalProfiles struct {
			TotalCount int
			Edges      []struct{ Node profile }
		}
	}
	eventually(t, "the created profile is in the list with its account", func() bool {
		p.MustQuery(t, token, `{ medicalProfiles(first: 100) { totalCount edges { node { id name billingAccount { status } } } } }`, nil, &page)
		return slices.ContainsFunc(page.MedicalProfiles.Edges, func(e struct{ Node profile }) bool {
			return e.Node.ID == id && e.Node.BillingAccount != nil && e.Node.BillingAccount.Status == "ACTIVE"
		})
	})
	if page.MedicalProfiles.TotalCount != len(page.MedicalProfiles.Edges) {
		t.Errorf("totalCount %d, %d edges", page.MedicalProfiles.TotalCount, len(page.MedicalProfiles.Edges))
	}
}
