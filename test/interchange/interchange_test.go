//go:build e2e

package interchange

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	differential "medicore.dev/medicore/test/compose"
	"medicore.dev/medicore/test/platform"
)

// operations are what every gateway has to answer alike, over a profile with an account and an event; profile gives their
// variables. Mutations carry the keys that make a repeated one the same, so that all get the same answer.
var operations = []struct{ name, query string }{
	{"a join over three subgraphs", `query($id: ID!) {
		medicalProfile(id: $id) { id name email dateOfBirth billingAccount { id status profile { address } } events(first: 10) { totalCount edges { node { id type } } } }
	}`},
	{"roots of all four subgraphs", `query($id: ID!) {
		me { email role }
		medicalProfile(id: $id) { version }
		billingAccounts(first: 100) { edges { node { status profile { name billingAccount { id } } } } }
		analyticsSummary { __typename }
	}`},
	{"a list, and for each of it two others", `{
		medicalProfiles(first: 100, orderBy: { field: NAME }) { totalCount edges { cursor node { name billingAccount { status } events(first: 1) { edges { node { type } } } } } }
	}`},
	{"from the event to the profile to the account", `{
		profileEvents(first: 100) { edges { node { id type profile { name email billingAccount { status } } } } }
	}`},
	{"fragments, aliases, conditions", `query($id: ID!, $yes: Boolean = true, $no: Boolean = false) {
		first: medicalProfile(id: $id) { ...names account: billingAccount @include(if: $yes) { ...on BillingAccount { state: status } } }
		second: medicalProfile(id: $id) { ...names email @include(if: $no) address @skip(if: $yes) }
	} fragment names on MedicalProfile { __typename title: name }`},
	{"what is not there", `{ medicalProfile(id: "00000000-0000-0000-0000-000000000000") { name billingAccount { id } } billingAccount(id: "00000000-0000-0000-0000-000000000000") { status } }`},
	{"a mutation, joined; its key makes it the same one again", `mutation($input: CreateMedicalProfileInput!, $key: String) {
		createMedicalProfile(input: $input, idempotencyKey: $key) { id name version billingAccount { id status } events(first: 10) { edges { node { type } } } }
	}`},
	{"mutations in their order, and what they left behind", `mutation($account: ID!, $charge: String, $payment: String) {
		charge: chargeAccount(input: { accountId: $account, amount: 1250, description: "visit", idempotencyKey: $charge }) { id amount { amount currency } description }
		payment: recordPayment(input: { accountId: $account, amount: 250, description: "part", method: "CARD", idempotencyKey: $payment }) { id at method }
	}`},
	{"an interface", `query($account: ID!) {
		billingAccount(id: $account) { balance { amount currency } ledger(first: 10) { totalCount edges { node { __typename id description ... on Payment { method } } } } profile { name events(first: 1) { totalCount } } }
	}`},
}

func TestSupergraphsAreInterchangeable(t *testing.T) {
	p := platform.Apart(t)
	token := p.Login(t, platform.AdminEmail, platform.AdminPassword)
	variables := profile(t, p, token)
	sources := subgraphs(t, p)
	gateways := map[string]*platform.Platform{"Hive Gateway over our supergraph": hive(t, ours(t, sources))}
	for name, sdl := range theirs(t, sources) {
		gateways["our gateway over the supergraph of "+name] = gateway(t, sdl)
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			want := answer(t, p, token, op.query, variables)
			for name, g := range gateways {
				t.Run(name, func(t *testing.T) {
					if got := answer(t, g, token, op.query, variables); !reflect.DeepEqual(got, want) {
						t.Errorf("it answers %s\nours answers %s", text(got), text(want))
					}
				})
			}
		})
	}
	t.Run("a subscription, each event joined from two others", func(t *testing.T) {
		var now struct{ AnalyticsSummary struct{ Cursor string } }
		p.MustQuery(t, token, `{ analyticsSummary { cursor } }`, nil, &now)
		id := profile(t, p, token)["id"].(string)
		// From a cursor on, so that all see the event when what it is joined with has settled.
		query := fmt.Sprintf(`subscription { profileEvents(types: [CREATED], after: %q) { event { id type profileId profile { name email billingAccount { status } } } } }`, now.AnalyticsSummary.Cursor)
		want := event(t, p.Subscribe(t, token, query), id)
		for name, g := range gateways {
			if got := event(t, g.Subscribe(t, token, query), id); !reflect.DeepEqual(got, want) {
				t.Errorf("%s sends %s\nours sends %s", name, text(got), text(want))
			}
		}
	})
	for name, g := range gateways {
		t.Run("a profile made through "+name+" is read through ours", func(t *testing.T) {
			made := profile(t, g, token)
			const query = `query($id: ID!) { medicalProfile(id: $id) { id name email billingAccount { status } events(first: 10) { totalCount } } }`
			if got, want := answer(t, g, token, query, made), answer(t, p, token, query, made); !reflect.DeepEqual(got, want) {
				t.Errorf("it answers %s\nours answers %s", text(got), text(want))
			}
		})
	}
}

// profile makes a profile through the gateway and waits until billing and analytics know it. It returns the variables of
// the operations.
func profile(t *testing.T, g *platform.Platform, token string) map[string]any {
	t.Helper()
	key := uuid.NewString()
	input := map[string]any{"name": "Ada Lovelace", "email": key[:8] + "@example.com", "address": "12 St James's Square", "dateOfBirth": "1815-12-10", "registeredDate": "2024-05-05"}
	var made struct{ CreateMedicalProfile struct{ ID string } }
	g.MustQuery(t, token, `mutation($input: CreateMedicalProfileInput!, $key: String) { createMedicalProfile(input: $input, idempotencyKey: $key) { id } }`,
		map[string]any{"input": input, "key": key}, &made)
	id := made.CreateMedicalProfile.ID
	var got struct {
		MedicalProfile struct {
			BillingAccount *struct{ ID, Status string }
			Events         *struct{ TotalCount int }
		}
	}
	deadline, tick := time.NewTimer(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		g.MustQuery(t, token, `query($id: ID!) { medicalProfile(id: $id) { billingAccount { id status } events { totalCount } } }`, map[string]any{"id": id}, &got)
		m := got.MedicalProfile
		if m.BillingAccount != nil && m.BillingAccount.Status == "ACTIVE" && m.Events != nil && m.Events.TotalCount == 1 {
			return map[string]any{"id": id, "input": input, "key": key, "account": m.BillingAccount.ID, "charge": key + "-c", "payment": key + "-p"}
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("after 30 s the profile has %+v", m)
		}
	}
}

// event is the first event of the profile.
func event(t *testing.T, stream <-chan platform.GraphQL, id string) any {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case e, ok := <-stream:
			var data struct {
				ProfileEvents struct {
					Event map[string]any
				}
			}
			if !ok || len(e.Errors) > 0 || json.Unmarshal(e.Data, &data) != nil {
				t.Fatalf("instead of an event came %s %+v (open: %v)", e.Data, e.Errors, ok)
			}
			if data.ProfileEvents.Event["profileId"] == id {
				return data.ProfileEvents.Event
			}
		case <-limit:
			t.Fatalf("no event of %s after 30 s", id)
		}
	}
}

// answer runs an operation that has to succeed.
func answer(t *testing.T, g *platform.Platform, token, query string, variables map[string]any) any {
	t.Helper()
	var data any
	g.MustQuery(t, token, query, variables, &data)
	return data
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// subgraphs are our four, with the addresses at which they run.
func subgraphs(t *testing.T, p *platform.Platform) []subgraph.Source {
	t.Helper()
	var out []subgraph.Source
	for _, name := range []string{"analytics", "auth", "billing", "profiles"} {
		sdl, err := os.ReadFile(filepath.Join("..", "..", "subgraphs", name, "schema.graphqls"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, subgraph.Source{Name: name, URL: p.URLs[name] + "/graphql", SDL: string(sdl)})
	}
	return out
}

func ours(t *testing.T, sources []subgraph.Source) string {
	t.Helper()
	result, err := compose.Compose(sources)
	if err != nil {
		t.Fatal(err)
	}
	return result.SupergraphSDL
}

// theirs are the supergraphs of the other composers.
func theirs(t *testing.T, sources []subgraph.Source) map[string]string {
	t.Helper()
	w := differential.NewWorker(filepath.Join("..", "compose", "node"))
	defer w.Close()
	apollo, guild, err := w.Compose(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]differential.Answer{"@apollo/composition": apollo, "@theguild/federation-composition": guild} {
		if a.Verdict != differential.OK || a.Supergraph == "" {
			t.Fatalf("%s does not compose our subgraphs: %v", name, a.Messages)
		}
	}
	return map[string]string{"Apollo's composer": apollo.Supergraph, "Guild's composer": guild.Supergraph}
}

func write(t *testing.T, sdl string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supergraph.graphql")
	if err := os.WriteFile(path, []byte(sdl), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gateway starts ours alone over a supergraph.
func gateway(t *testing.T, sdl string) *platform.Platform {
	t.Helper()
	addr := platform.FreeAddr(t)
	proc := platform.Start(t, "gateway", []string{"JWT_SECRET=" + platform.Secret}, platform.Binary(t), "gateway", "--supergraph", write(t, sdl), "--listen", addr)
	platform.WaitFor(t, "http://"+addr+"/ready", proc)
	return &platform.Platform{URL: "http://" + addr}
}

// hive starts Hive Gateway over a supergraph.
func hive(t *testing.T, sdl string) *platform.Platform {
	t.Helper()
	dir, err := filepath.Abs("node")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "node_modules", "@graphql-hive", "gateway", "dist", "bin.js")
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("Hive Gateway is not installed: run npm ci --prefix test/interchange/node: %v", err)
	}
	host, port, err := net.SplitHostPort(platform.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	proc := platform.Start(t, "hive", nil, "node", program, "supergraph", write(t, sdl),
		"--host", host, "--port", port, "--config-path", filepath.Join(dir, "gateway.config.mjs"))
	url := "http://" + net.JoinHostPort(host, port)
	platform.WaitFor(t, url+"/readiness", proc)
	return &platform.Platform{URL: url}
}
