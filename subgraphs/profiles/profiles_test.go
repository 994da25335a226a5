package profiles

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"medicore.dev/medicore/internal/kafka"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/proto/billing"
	"medicore.dev/medicore/proto/events"
)

var tokens = func() *token.Authority {
	a, err := token.NewAuthority(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)), "")
	if err != nil {
		panic(err)
	}
	return a
}()

// world is what the service delivers to: it fails as long as it is down, and keeps what it got.
type world struct {
	mu     sync.Mutex
	down   bool
	events []*events.MedicalProfileEvent
	calls  []string // OPEN id, CLOSE id
}

func (w *world) set(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *world) Publish(_ context.Context, records []kafka.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return errors.New("no broker")
	}
	for _, r := range records {
		var e events.MedicalProfileEvent
		if err := proto.Unmarshal(r.Value, &e); err != nil {
			return err
		}
		if string(r.Key) != e.GetMedicalProfileId() || r.Topic != kafka.TopicProfiles {
			return errors.New("wrong key or topic")
		}
		w.events = append(w.events, &e)
	}
	return nil
}

func (w *world) Invoke(_ context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return status.Error(codes.Unavailable, "down")
	}
	switch req := args.(type) {
	case *billing.MedicalBillingRequest:
		w.calls = append(w.calls, "OPEN "+req.GetMedicalProfileId())
	case *billing.CloseMedicalBillingRequest:
		w.calls = append(w.calls, "CLOSE "+req.GetMedicalProfileId())
	default:
		return status.Error(codes.Unimplemented, method)
	}
	proto.Merge(reply.(proto.Message), &billing.MedicalBillingResponse{AccountId: "a", Status: "ACTIVE"})
	return nil
}

func (w *world) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("no streams")
}

// kinds lists the events of a profile, in the order they came.
func (w *world) kinds(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.events {
		if e.GetMedicalProfileId() == id {
			out = append(out, strings.TrimPrefix(e.GetEventType(), "MEDICAL_PROFILE_"))
		}
	}
	return strings.Join(out, " ")
}

func (w *world) billing(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, c := range w.calls {
		if what, of, _ := strings.Cut(c, " "); of == id {
			out = append(out, what)
		}
	}
	return strings.Join(out, " ")
}

type fixture struct {
	*Service
	w *world
}

func databases(t *testing.T, test func(t *testing.T, start func() *fixture)) {
	run := func(name, dsn string) {
		t.Run(name, func(t *testing.T) {
			data, w := t.TempDir(), &world{}
			test(t, func() *fixture { return start(t, dsn, data, w) })
		})
	}
	run("sqlite", "")
	if base := os.Getenv("TEST_POSTGRES_URL"); base != "" {
		run("postgres", scratch(t, base))
	}
}

func scratch(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL does not parse")
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("profiles_test_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close()
	})
	u.Path = "/" + name
	return u.String()
}

func start(t *testing.T, dsn, data string, w *world) *fixture {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DatabaseURL = dsn
	s, err := New(t.Context(), cfg, Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: data, Billing: w, Events: w})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	})
	return &fixture{s, w}
}

func (f *fixture) do(t *testing.T, role principal.Role, method, path string, body any, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if role != "" {
		tok, _, err := tokens.Sign(principal.Principal{Subject: "x@example.com", Role: role}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+tok)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

func input(email string) map[string]string {
	return map[string]string{"name": "Ann", "email": email, "address": "1 Elm Street", "dateOfBirth": "1990-01-02", "registeredDate": "2024-01-02"}
}

func id(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.ID == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return p.ID
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not after 30 s: %s", what)
		}
	}
}

func TestWithBillingAndKafkaDownProfilesChangeAndAllCatchesUpInOrder(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		f.w.set(true)
		var ids []string
		for i := range 5 {
			w := f.do(t, principal.Clinician, "POST", "/medical-profiles", input(fmt.Sprintf("a%d@example.com", i)))
			if w.Code != http.StatusCreated {
				t.Fatalf("create answered %d %s", w.Code, w.Body)
			}
			ids = append(ids, id(t, w))
		}
		for i, p := range ids {
			change := input(fmt.Sprintf("b%d@example.com", i))
			if w := f.do(t, principal.Clinician, "PUT", "/medical-profiles/"+p, change); w.Code != http.StatusOK {
				t.Fatalf("update answered %d %s", w.Code, w.Body)
			}
		}
		if w := f.do(t, principal.Admin, "DELETE", "/medical-profiles/"+ids[0], nil); w.Code != http.StatusOK {
			t.Fatalf("delete answered %d %s", w.Code, w.Body)
		}
		f.w.set(false)
		eventually(t, "everything is delivered", func() bool {
			for _, p := range ids[1:] {
				if f.w.kinds(p) != "CREATED UPDATED" || f.w.billing(p) != "OPEN" {
					return false
				}
			}
			return f.w.kinds(ids[0]) == "CREATED UPDATED DELETED" && f.w.billing(ids[0]) == "OPEN CLOSE"
		})
		for _, e := range f.w.events {
			if e.GetMedicalProfileId() == ids[0] && (e.GetName() != "" || e.GetEmail() != "") {
				t.Errorf("an event sent after the deletion names the patient: %s", e.GetEventType())
			}
		}
	})
}

func TestAKeyMakesARetrySafe(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		var mu sync.Mutex
		made := map[string]int{}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				w := f.do(t, principal.Admin, "POST", "/medical-profiles", input("k@example.com"), "Idempotency-Key", "once")
				mu.Lock()
				defer mu.Unlock()
				switch w.Code {
				case http.StatusCreated:
					made[id(t, w)]++
				case http.StatusConflict: // still running
				default:
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if len(made) != 1 {
			t.Errorf("%d profiles were made", len(made))
		}
		if w := f.do(t, principal.Admin, "POST", "/medical-profiles", input("other@example.com"), "Idempotency-Key", "once"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("another body under the key got %d", w.Code)
		}
		if w := f.do(t, principal.Clinician, "POST", "/medical-profiles", input("k@example.com")); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "Email address already exists") {
			t.Errorf("a taken address got %d %s", w.Code, w.Body)
		}
	})
}

func TestTheVersionGuardsAChange(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		p := id(t, f.do(t, principal.Admin, "POST", "/medical-profiles", input("v@example.com")))
		tag := f.do(t, principal.Admin, "GET", "/medical-profiles/"+p, nil).Header().Get("ETag")
		change := input("w@example.com")
		if w := f.do(t, principal.Admin, "PUT", "/medical-profiles/"+p, change, "If-Match", tag); w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if w := f.do(t, principal.Admin, "DELETE", "/medical-profiles/"+p, nil, "If-Match", tag); w.Code != http.StatusPreconditionFailed {
			t.Errorf("an outdated version got %d", w.Code)
		}
		if w := f.do(t, principal.Admin, "GET", "/medical-profiles/"+p, nil, "If-None-Match", tag); w.Code != http.StatusOK {
			t.Errorf("a changed profile got %d", w.Code)
		}
	})
}

type answer struct {
	Data   map[string]json.RawMessage
	Errors []struct{ Extensions struct{ Code string } }
}

func (f *fixture) query(t *testing.T, role principal.Role, q string) (answer, string) {
	t.Helper()
	var a answer
	if err := json.Unmarshal(f.do(t, role, "POST", "/graphql", map[string]string{"query": q}).Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Errors) > 0 {
		return a, a.Errors[0].Extensions.Code
	}
	return a, ""
}

func TestRightsHoldThroughEveryDoor(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		p := id(t, f.do(t, principal.Admin, "POST", "/medical-profiles", input("r@example.com")))
		byID := `{ _entities(representations: [{__typename: "MedicalProfile", id: "` + p + `"}]) { ... on MedicalProfile { id %s } } }`
		for _, tt := range []struct {
			role principal.Role
			door string
			want string
		}{
			{"", fmt.Sprintf(byID, "name"), "UNAUTHENTICATED"},
			{principal.Analyst, fmt.Sprintf(byID, "name"), "FORBIDDEN"},
			{principal.Billing, fmt.Sprintf(byID, "name"), ""},
			{principal.Billing, fmt.Sprintf(byID, "email"), "FORBIDDEN"},
			{principal.Billing, `{ _entities(representations: [{__typename: "MedicalProfile", email: "r@example.com"}]) { ... on MedicalProfile { id } } }`, "FORBIDDEN"},
			{principal.Clinician, `{ _entities(representations: [{__typename: "MedicalProfile", email: "R@example.com"}]) { ... on MedicalProfile { id address } } }`, ""},
			{principal.Billing, `{ medicalProfiles { totalCount } }`, "FORBIDDEN"},
			{principal.Billing, `{ medicalProfile(id: "` + p + `") { name } }`, ""},
			{principal.Billing, `mutation { deleteMedicalProfile(id: "` + p + `") { id } }`, "FORBIDDEN"},
			{principal.Clinician, `{ medicalProfile(id: "` + p + `") { email dateOfBirth version } }`, ""},
		} {
			if _, got := f.query(t, tt.role, tt.door); got != tt.want {
				t.Errorf("%q asking %s got %q, want %q", tt.role, tt.door, got, tt.want)
			}
		}
		for role, want := range map[principal.Role]int{"": 401, principal.Billing: 403, principal.Analyst: 403, principal.Clinician: 200, principal.Admin: 200} {
			if w := f.do(t, role, "GET", "/medical-profiles", nil); w.Code != want {
				t.Errorf("%q listing got %d, want %d", role, w.Code, want)
			}
		}
	})
}

func TestAListIsPagedWithoutGapOrDouble(t *testing.T) {
	databases(t, func(t *testing.T, start func() *fixture) {
		f := start()
		for i := range 25 {
			in := input(fmt.Sprintf("p%02d@example.com", i))
			in["name"] = fmt.Sprintf("Name %c", 'A'+i%5) // many are equal in what they are ordered by
			id(t, f.do(t, principal.Admin, "POST", "/medical-profiles", in))
		}
		seen := map[string]bool{}
		after := "null"
		for range 10 {
			a, code := f.query(t, principal.Admin, `{ medicalProfiles(first: 4, after: `+after+`, orderBy: {field: NAME, direction: DESC}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id name } } } }`)
			var page struct {
				TotalCount int
				PageInfo   struct {
					HasNextPage bool
					EndCursor   string
				}
				Edges []struct{ Node struct{ ID, Name string } }
			}
			if err := json.Unmarshal(a.Data["medicalProfiles"], &page); err != nil || page.TotalCount != 25 {
				t.Fatalf("%v %s %+v", err, code, page)
			}
			for _, e := range page.Edges {
				if seen[e.Node.ID] {
					t.Errorf("%s came twice", e.Node.ID)
				}
				seen[e.Node.ID] = true
			}
			if !page.PageInfo.HasNextPage {
				break
			}
			after = `"` + page.PageInfo.EndCursor + `"`
		}
		if len(seen) != 25 {
			t.Errorf("%d of 25 came", len(seen))
		}
	})
}
