package graph_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth/internal/graph"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
	"medicore.dev/medicore/subgraphs/auth/internal/store"
)

// server is the subgraph over SQLite; it counts what it reads from the store.
type server struct {
	*identity.Service
	handler http.Handler
	tokens  *token.Authority
	users   map[principal.Role]*identity.User
	reads   *atomic.Int64
}

// counting counts the reads of users and locks, each one query.
type counting struct {
	identity.Store
	reads *atomic.Int64
}

func (c counting) UserByID(ctx context.Context, id uuid.UUID) (*identity.User, error) {
	c.reads.Add(1)
	return c.Store.UserByID(ctx, id)
}

func (c counting) UserByEmail(ctx context.Context, email string) (*identity.User, error) {
	c.reads.Add(1)
	return c.Store.UserByEmail(ctx, email)
}

func (c counting) UsersByID(ctx context.Context, ids []uuid.UUID) ([]*identity.User, error) {
	c.reads.Add(1)
	return c.Store.UsersByID(ctx, ids)
}

func (c counting) LockedUntil(ctx context.Context, accounts []string, limit int, now time.Time) (map[string]time.Time, error) {
	c.reads.Add(1)
	return c.Store.LockedUntil(ctx, accounts, limit, now)
}

func newServer(t *testing.T) *server {
	t.Helper()
	st, err := store.Open(t.Context(), database.Config{File: filepath.Join(t.TempDir(), "auth.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &server{users: map[principal.Role]*identity.User{}, reads: new(atomic.Int64)}
	if s.tokens, err = token.NewAuthority(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), ""); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s.Service, err = identity.New(counting{st, s.reads}, s.tokens, log, identity.Options{Cost: 4, Parallel: 2, Pause: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range principal.Roles() {
		s.users[r] = s.add(t, strings.ToLower(string(r))+"@example.com", r)
	}
	s.handler = s.tokens.Middleware(graph.Handler(s.Service, log))
	return s
}

func (s *server) add(t *testing.T, email string, role principal.Role) *identity.User {
	t.Helper()
	u, err := s.CreateAsSystem(t.Context(), identity.NewUser{Email: email, Password: "password of theirs", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

type answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// code returns the first error's code; "" when there is none.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return fmt.Sprint(a.Errors[0].Extensions["code"])
}

// do sends the operation with a token of the role; "" for none.
func (s *server) do(t *testing.T, role principal.Role, query string, variables map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	if role != "" {
		u := s.users[role]
		tok, _, err := s.tokens.Sign(principal.Principal{Subject: u.Email, UserID: u.ID.String(), Role: role}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+tok)
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	var a answer
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v", rec.Body, err)
	}
	return a
}

const (
	unauthenticated = "UNAUTHENTICATED"
	forbidden       = "FORBIDDEN"
	invalid         = "INVALID"
)

func TestRightsByRoleAndField(t *testing.T) {
	s := newServer(t)
	clinician := s.users[principal.Clinician].ID.String()
	entity := func(field string) string {
		return fmt.Sprintf(`{ _entities(representations: [{__typename: "User", id: %q}]) { ... on User { id %s } } }`, clinician, field)
	}
	everyone := map[principal.Role]string{"": unauthenticated, principal.Admin: "", principal.Clinician: "", principal.Billing: "", principal.Analyst: ""}
	admins := map[principal.Role]string{"": unauthenticated, principal.Admin: "", principal.Clinician: forbidden, principal.Billing: forbidden, principal.Analyst: forbidden}
	itself := map[principal.Role]string{"": unauthenticated, principal.Admin: "", principal.Clinician: "", principal.Billing: forbidden, principal.Analyst: forbidden}
	cases := map[string]map[principal.Role]string{
		`{ __typename }`:                                        {"": ""},
		`{ _service { sdl } }`:                                  {"": ""},
		`{ __schema { queryType { name } } }`:                   {"": ""},
		`{ me { id email role status createdAt lastLoginAt } }`: everyone,
		`{ me { lockedUntil } }`:                                admins,
		`{ users { edges { node { email lockedUntil } } pageInfo { hasNextPage } totalCount } }`:                   admins,
		`{ auditLog { edges { node { action at clientAddress actor { email } subject { email } } } totalCount } }`: admins,
		`{ user(id: "` + clinician + `") { email } }`:                                                              admins,
		`mutation { createUser(input: {email: "x", password: "x", role: ADMIN}) { id } }`:                          {"": unauthenticated, principal.Admin: invalid, principal.Clinician: forbidden},
		`mutation { updateUser(input: {id: "` + clinician + `"}) { id } }`:                                         admins,
		`mutation { unlockUser(id: "` + clinician + `") { id } }`:                                                  admins,
		`mutation { deactivateUser(id: "` + uuid.NewString() + `") { id } }`:                                       {"": unauthenticated, principal.Admin: "NOT_FOUND", principal.Billing: forbidden},
		`mutation { changePassword(currentPassword: "x", newPassword: "x") }`:                                      {"": unauthenticated, principal.Admin: invalid, principal.Analyst: invalid},
		entity(""):            {"": "", principal.Admin: "", principal.Analyst: ""},
		entity("email"):       itself,
		entity("role"):        itself,
		entity("status"):      itself,
		entity("createdAt"):   itself,
		entity("lastLoginAt"): itself,
		entity("lockedUntil"): admins,
	}
	for query, roles := range cases {
		for role, want := range roles {
			if got := s.do(t, role, query, nil); got.code() != want {
				t.Errorf("%q: %s: code %q, want %q (%+v)", role, query, got.code(), want, got.Errors)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	s := newServer(t)
	const login = `mutation($e: String!, $p: String!) { login(email: $e, password: $p) { token expiresAt user { email role } } }`
	got := s.do(t, "", login, map[string]any{"e": "Admin@Example.com", "p": "password of theirs"})
	payload, _ := got.Data["login"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"email": "admin@example.com", "role": "ADMIN"}, payload["user"]); diff != "" || len(got.Errors) > 0 {
		t.Fatalf("%+v (-want +got):\n%s", got.Errors, diff)
	}
	c, err := s.tokens.Verify(payload["token"].(string))
	if err != nil || c.Subject != "admin@example.com" || c.UserID != s.users[principal.Admin].ID.String() || c.Role != principal.Admin {
		t.Errorf("claims %+v, %v", c, err)
	}
	for range 10 {
		if got := s.do(t, "", login, map[string]any{"e": "admin@example.com", "p": "wrong password"}); got.code() != unauthenticated {
			t.Fatalf("%+v", got)
		}
	}
	got = s.do(t, "", login, map[string]any{"e": "admin@example.com", "p": "password of theirs"})
	if got.code() != unauthenticated || !strings.Contains(got.Errors[0].Message, "try again in 900 s") && !strings.Contains(got.Errors[0].Message, "try again in 901 s") {
		t.Errorf("locked: %+v", got)
	}
}

func TestUserAdministration(t *testing.T) {
	s := newServer(t)
	got := s.do(t, principal.Admin, `mutation { createUser(input: {email: "New@Example.com", password: "long enough", role: BILLING}) { id email role status } }`, nil)
	u, _ := got.Data["createUser"].(map[string]any)
	id, _ := u["id"].(string)
	delete(u, "id")
	if diff := cmp.Diff(map[string]any{"email": "new@example.com", "role": "BILLING", "status": "ACTIVE"}, u); diff != "" {
		t.Fatalf("%+v (-want +got):\n%s", got.Errors, diff)
	}
	got = s.do(t, principal.Admin, `mutation { createUser(input: {email: "nobody", password: "short", role: BILLING}) { id } }`, nil)
	fields := map[string]any{"email": "Email should be valid", "password": "Password should have at least 8 characters"}
	if diff := cmp.Diff(fields, got.Errors[0].Extensions["fields"]); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	got = s.do(t, principal.Admin, `mutation($id: ID!) { updateUser(input: {id: $id, role: ANALYST}) { role } deactivateUser(id: $id) { status role } }`, map[string]any{"id": id})
	if diff := cmp.Diff(map[string]any{"updateUser": map[string]any{"role": "ANALYST"}, "deactivateUser": map[string]any{"status": "DEACTIVATED", "role": "ANALYST"}}, got.Data); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", got.Errors, diff)
	}
	got = s.do(t, principal.Admin, `mutation($id: ID!) { deactivateUser(id: $id) { id } }`, map[string]any{"id": s.users[principal.Admin].ID.String()})
	if got.code() != "CONFLICT" {
		t.Errorf("the last administrator: %+v", got)
	}
	got = s.do(t, principal.Admin, `query($id: ID!) { auditLog(first: 2, filter: {subjectId: $id}) { totalCount edges { node { action actor { email } subject { email } } } } }`, map[string]any{"id": id})
	want := `{"auditLog":{"edges":[{"node":{"action":"USER_DEACTIVATED","actor":{"email":"admin@example.com"},"subject":{"email":"new@example.com"}}},` +
		`{"node":{"action":"USER_UPDATED","actor":{"email":"admin@example.com"},"subject":{"email":"new@example.com"}}}],"totalCount":3}}`
	if text, _ := json.Marshal(got.Data); string(text) != want {
		t.Errorf("audit log %s (%+v), want %s", text, got.Errors, want)
	}
	if got := s.do(t, principal.Admin, `{ user(id: "`+uuid.NewString()+`") { id } }`, nil); got.Data["user"] != nil || len(got.Errors) > 0 {
		t.Errorf("an unknown user: %+v", got)
	}
}

func TestPagesJoinWithoutGapOrOverlap(t *testing.T) {
	s := newServer(t)
	for i := range 6 {
		s.add(t, fmt.Sprintf("u%d@example.com", i), principal.Analyst)
	}
	for name, c := range map[string]struct{ query, cursor, more string }{
		"forward":  {`query($c: String) { users(first: 3, after: $c) { edges { node { email } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount } }`, "endCursor", "hasNextPage"},
		"backward": {`query($c: String) { users(last: 3, before: $c) { edges { node { email } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount } }`, "startCursor", "hasPreviousPage"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[any]bool{}
			var cursor any
			for page := 0; ; page++ {
				got := s.do(t, principal.Admin, c.query, map[string]any{"c": cursor})
				users := got.Data["users"].(map[string]any)
				for _, e := range users["edges"].([]any) {
					seen[e.(map[string]any)["node"].(map[string]any)["email"]] = true
				}
				if users["totalCount"] != 10.0 {
					t.Errorf("total %v, want 10", users["totalCount"])
				}
				info := users["pageInfo"].(map[string]any)
				if cursor = info[c.cursor]; info[c.more] == false {
					if page != 3 {
						t.Errorf("%d pages, want 4", page+1)
					}
					break
				}
			}
			if len(seen) != 10 {
				t.Errorf("%d users seen, want 10", len(seen))
			}
		})
	}
}

func TestBadInputIsInvalid(t *testing.T) {
	s := newServer(t)
	for _, query := range []string{
		`{ users(first: 101) { totalCount } }`,
		`{ users(first: -1) { totalCount } }`,
		`{ users(first: 1, last: 1) { totalCount } }`,
		`{ users(after: "nonsense") { totalCount } }`,
		`{ users(first: 99999999999999999999) { totalCount } }`,
		`{ users(filter: {emailContains: "\u0000"}) { totalCount } }`,
		`{ users(filter: {role: SERVICE}) { totalCount } }`,
		`{ auditLog(filter: {from: "yesterday"}) { totalCount } }`,
		`{ auditLog(filter: {actorId: "x"}) { totalCount } }`,
		`{ auditLog(filter: {action: "x"}) { totalCount } }`,
		`{ user(id: "x") { id } }`,
		`mutation { updateUser(input: {id: "x"}) { id } }`,
	} {
		got := s.do(t, principal.Admin, query, nil)
		if code := got.code(); code != invalid && code != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s: code %q (%+v)", query, code, got.Errors)
		}
	}
}

func TestBadVariablesAreInvalid(t *testing.T) {
	s := newServer(t)
	const entities = `query($v: [_Any!]!) { _entities(representations: $v) { ... on User { id } } }`
	for _, value := range []map[string]any{{"__typename": "Nothing"}, {}, {"__typename": "User"}, {"__typename": "User", "id": nil}, {"__typename": "User", "id": []int{1}}} {
		if got := s.do(t, principal.Admin, entities, map[string]any{"v": []any{value}}); got.code() != invalid {
			t.Errorf("%v: code %q (%+v)", value, got.code(), got.Errors)
		}
	}
	for query, value := range map[string]any{
		`query($v: Int) { users(first: $v) { totalCount } }`:                  1e18,
		`query($v: Int!) { users(first: $v) { totalCount } }`:                 1.5,
		`query($v: DateTime) { auditLog(filter: {from: $v}) { totalCount } }`: map[string]any{"a": 1},
		`query($v: AuditFilter) { auditLog(filter: $v) { totalCount } }`:      map[string]any{"to": 7},
		`query($v: UserFilter) { users(filter: $v) { totalCount } }`:          map[string]any{"role": "KING"},
	} {
		got := s.do(t, principal.Admin, query, map[string]any{"v": value})
		if code := got.code(); code != invalid && code != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s: code %q (%+v)", query, code, got.Errors)
		}
	}
}

func TestManyEntitiesCostOneQuery(t *testing.T) {
	s := newServer(t)
	var reps []map[string]any
	var want []any
	for i := range 50 {
		u := s.add(t, fmt.Sprintf("u%d@example.com", i), principal.Analyst)
		reps = append(reps, map[string]any{"__typename": "User", "id": u.ID.String()})
		want = append(want, map[string]any{"email": u.Email, "lockedUntil": nil})
	}
	reps = append(reps, map[string]any{"__typename": "User", "id": uuid.NewString()}, map[string]any{"__typename": "User", "id": "x"})
	want = append(want, nil, nil)
	s.reads.Store(0)
	got := s.do(t, principal.Admin, `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { email lockedUntil } } }`, map[string]any{"r": reps})
	if diff := cmp.Diff(map[string]any{"_entities": want}, got.Data); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", got.Errors, diff)
	}
	if n := s.reads.Load(); n > 20 { // users, locks, and who calls, once for each of both
		t.Errorf("%d queries for 52 entities: they are not batched", n)
	}
}

func TestUsersOfTheAuditLogCostOneQuery(t *testing.T) {
	s := newServer(t)
	for i := range 30 {
		s.add(t, fmt.Sprintf("u%d@example.com", i), principal.Analyst)
	}
	s.reads.Store(0)
	got := s.do(t, principal.Admin, `{ auditLog(first: 34) { edges { node { subject { email lockedUntil } actor { id } } } } }`, nil)
	if len(got.Errors) > 0 || len(got.Data["auditLog"].(map[string]any)["edges"].([]any)) != 34 {
		t.Fatalf("%+v", got)
	}
	// The log's caller, users, locks, and their callers: five, and some more where the machine is so busy that not all that
	// is asked together comes within one batch's wait.
	if n := s.reads.Load(); n > 15 {
		t.Errorf("%d queries for 34 entries, want 15 at most", n)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	s := newServer(t)
	var fields strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&fields, "a%d: me { id } ", i)
	}
	if got := s.do(t, principal.Admin, "{ "+fields.String()+"}", nil); len(got.Errors) == 0 {
		t.Error("3000 fields were answered")
	}
	if got := s.do(t, "", `query($x: String) { __typename @include(if: true) }`, map[string]any{"x": strings.Repeat("x", 1<<20)}); len(got.Errors) == 0 {
		t.Error("a body over 1 MiB was answered")
	}
}
