package billing

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	pb "medicore.dev/medicore/proto/billing"
)

var tokens = func() *token.Authority {
	a, err := token.NewAuthority(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)), "")
	if err != nil {
		panic(err)
	}
	return a
}()

func bearer(t *testing.T, role principal.Role) string {
	t.Helper()
	tok, _, err := tokens.Sign(principal.Principal{Subject: "x@example.com", Role: role}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + tok
}

// databases runs the test on SQLite and, where TEST_POSTGRES_URL names a server, on PostgreSQL.
func databases(t *testing.T, test func(t *testing.T, s *Service)) {
	run := func(name, dsn string) {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.DatabaseURL = dsn
			s, err := New(t.Context(), cfg, Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			test(t, s)
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
	name := fmt.Sprintf("billing_test_%d", time.Now().UnixNano())
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

func client(t *testing.T, s *Service) pb.MedicalBillingServiceClient {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(s.Interceptor()))
	s.RegisterGRPC(server)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:billing", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return pb.NewMedicalBillingServiceClient(conn)
}

func TestAProfileHasOneAccountHoweverOftenItIsOpened(t *testing.T) {
	databases(t, func(t *testing.T, s *Service) {
		c := client(t, s)
		var mu sync.Mutex
		ids := map[string]int{}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				r, err := c.CreateMedicalBillingAccount(t.Context(), &pb.MedicalBillingRequest{MedicalProfileId: "p1", Name: "Ann", Email: "ann@example.com"})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				} else if ids[r.AccountId]++; r.Status != "ACTIVE" {
					t.Errorf("status %s", r.Status)
				}
			})
		}
		all.Wait()
		if len(ids) != 1 {
			t.Errorf("%d accounts were made", len(ids))
		}
	})
}

func TestAClosedAccountStaysClosed(t *testing.T) {
	databases(t, func(t *testing.T, s *Service) {
		c := client(t, s)
		open := func(id string) *pb.MedicalBillingResponse {
			r, err := c.CreateMedicalBillingAccount(t.Context(), &pb.MedicalBillingRequest{MedicalProfileId: id})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		closed := func(id string) *pb.MedicalBillingResponse {
			r, err := c.CloseMedicalBillingAccount(t.Context(), &pb.CloseMedicalBillingRequest{MedicalProfileId: id})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first := open("p1")
		if r := closed("p1"); r.AccountId != first.AccountId || r.Status != "CLOSED" {
			t.Errorf("closing gave %v", r)
		}
		if r := closed("p1"); r.AccountId != first.AccountId {
			t.Errorf("closing twice gave %v", r)
		}
		if r := open("p1"); r.AccountId != first.AccountId || r.Status != "CLOSED" {
			t.Errorf("opening again gave %v", r)
		}
		early := closed("p2")
		if r := open("p2"); r.AccountId != early.AccountId || r.Status != "CLOSED" {
			t.Errorf("closed before it was opened, opening gave %v", r)
		}
	})
}

func TestWhoMayCall(t *testing.T) {
	s := mustNew(t)
	c := client(t, s)
	service, err := tokens.Service("profiles", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, credential string
		id               string
		want             codes.Code
	}{
		{"a service of ours", "Bearer " + service, "p", codes.OK},
		{"inside the process without a credential", "", "p", codes.OK},
		{"a user, even an administrator", bearer(t, principal.Admin), "p", codes.PermissionDenied},
		{"a token that is none", "Bearer x", "p", codes.Unauthenticated},
		{"without a profile id", "Bearer " + service, "", codes.InvalidArgument},
		{"with a profile id too long", "Bearer " + service, strings.Repeat("x", 65), codes.InvalidArgument},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := t.Context()
			if tt.credential != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", tt.credential)
			}
			_, err := c.CreateMedicalBillingAccount(ctx, &pb.MedicalBillingRequest{MedicalProfileId: tt.id})
			if got := status.Code(err); got != tt.want {
				t.Errorf("got %v (%v), want %v", got, err, tt.want)
			}
		})
	}
}

func mustNew(t *testing.T) *Service {
	t.Helper()
	s, err := New(t.Context(), DefaultConfig(), Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type answer struct {
	Data   map[string]json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct {
			Code   string
			Fields map[string]string
		}
	}
}

func query(t *testing.T, s *Service, auth, q string, variables map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": q, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", auth)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return a
}

func open(t *testing.T, s *Service, profile string) string {
	t.Helper()
	r, err := client(t, s).CreateMedicalBillingAccount(t.Context(), &pb.MedicalBillingRequest{MedicalProfileId: profile})
	if err != nil {
		t.Fatal(err)
	}
	return r.AccountId
}

func TestTheBalanceIsTheSumOfTheLedger(t *testing.T) {
	databases(t, func(t *testing.T, s *Service) {
		auth, id := bearer(t, principal.Billing), open(t, s, "p1")
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				m := `mutation($id: ID!, $n: Int!, $k: String) { chargeAccount(input: {accountId: $id, amount: $n, description: "Visit", idempotencyKey: $k}) { id } }`
				if i%2 == 1 {
					m = `mutation($id: ID!, $n: Int!, $k: String) { recordPayment(input: {accountId: $id, amount: $n, description: "Paid", method: "CARD", idempotencyKey: $k}) { id } }`
				}
				for range 2 { // a repeated key changes nothing
					if a := query(t, s, auth, m, map[string]any{"id": id, "n": 100 + i, "k": fmt.Sprint("key", i)}); len(a.Errors) > 0 {
						t.Error(a.Errors)
					}
				}
			})
		}
		all.Wait()
		a := query(t, s, auth, `query($id: ID!) { billingAccount(id: $id) { balance { amount currency } ledger(first: 100) { totalCount edges { node { __typename amount { amount } } } } } }`, map[string]any{"id": id})
		var got struct {
			Balance struct {
				Amount   int
				Currency string
			}
			Ledger struct {
				TotalCount int
				Edges      []struct {
					Node struct {
						Typename string `json:"__typename"`
						Amount   struct{ Amount int }
					}
				}
			}
		}
		if err := json.Unmarshal(a.Data["billingAccount"], &got); err != nil {
			t.Fatalf("%v %v", err, a.Errors)
		}
		sum := 0
		for _, e := range got.Ledger.Edges {
			if e.Node.Typename == "Payment" {
				sum -= e.Node.Amount.Amount
			} else {
				sum += e.Node.Amount.Amount
			}
		}
		if got.Ledger.TotalCount != 20 || got.Balance.Amount != sum || got.Balance.Currency != "EUR" || sum != -10 {
			t.Errorf("%d entries sum to %d, the balance is %+v", got.Ledger.TotalCount, sum, got.Balance)
		}
	})
}

func TestBadPostingsAreRefusedByName(t *testing.T) {
	s := mustNew(t)
	auth, id := bearer(t, principal.Admin), open(t, s, "p1")
	charge := `mutation($id: ID!, $n: Int!, $c: String! = "EUR", $d: String! = "Visit", $k: String) { chargeAccount(input: {accountId: $id, amount: $n, currency: $c, description: $d, idempotencyKey: $k}) { id } }`
	if a := query(t, s, auth, charge, map[string]any{"id": id, "n": 5, "k": "once"}); len(a.Errors) > 0 {
		t.Fatal(a.Errors)
	}
	for _, tt := range []struct {
		name      string
		variables map[string]any
		code      string
		field     string
	}{
		{"nothing", map[string]any{"id": id, "n": 0}, "INVALID", "amount"},
		{"less than nothing", map[string]any{"id": id, "n": -5}, "INVALID", "amount"},
		{"too much", map[string]any{"id": id, "n": 100_000_001}, "INVALID", "amount"},
		{"no currency", map[string]any{"id": id, "n": 5, "c": "eur"}, "INVALID", "currency"},
		{"another currency", map[string]any{"id": id, "n": 5, "c": "USD"}, "INVALID", "currency"},
		{"no description", map[string]any{"id": id, "n": 5, "d": " "}, "INVALID", "description"},
		{"the key of another entry", map[string]any{"id": id, "n": 6, "k": "once"}, "CONFLICT", ""},
		{"an unknown account", map[string]any{"id": uuid.NewString(), "n": 5}, "NOT_FOUND", ""},
		{"no id", map[string]any{"id": "x", "n": 5}, "INVALID", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := query(t, s, auth, charge, tt.variables)
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != tt.code {
				t.Fatalf("got %+v, want %s", a.Errors, tt.code)
			}
			if tt.field != "" && a.Errors[0].Extensions.Fields[tt.field] == "" {
				t.Errorf("the error does not name %s: %+v", tt.field, a.Errors[0])
			}
		})
	}
}

func TestRightsHoldThroughEveryDoor(t *testing.T) {
	s := mustNew(t)
	id := open(t, s, "p1")
	reps := map[string]any{"r": []any{map[string]any{"__typename": "MedicalProfile", "id": "p1"}}}
	for _, tt := range []struct {
		name, auth string
		want       string
	}{
		{"nobody", "", "UNAUTHENTICATED"},
		{"a clinician", bearer(t, principal.Clinician), "FORBIDDEN"},
		{"an analyst", bearer(t, principal.Analyst), "FORBIDDEN"},
		{"billing", bearer(t, principal.Billing), ""},
		{"an administrator", bearer(t, principal.Admin), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for door, a := range map[string]answer{
				"a root field": query(t, s, tt.auth, `query($id: ID!) { billingAccount(id: $id) { status } }`, map[string]any{"id": id}),
				"_entities":    query(t, s, tt.auth, `query($r: [_Any!]!) { _entities(representations: $r) { ... on MedicalProfile { billingAccount { status } } } }`, reps),
				"the list":     query(t, s, tt.auth, `{ billingAccounts { edges { node { id } } } }`, nil),
			} {
				got := ""
				if len(a.Errors) > 0 {
					got = a.Errors[0].Extensions.Code
				}
				if got != tt.want {
					t.Errorf("%s answered %q, want %q", door, got, tt.want)
				}
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/billing-accounts?profileId=p1", nil)
			r.Header.Set("Authorization", tt.auth)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if want := map[string]int{"": 200, "UNAUTHENTICATED": 401, "FORBIDDEN": 403}[tt.want]; w.Code != want {
				t.Errorf("HTTP answered %d, want %d", w.Code, want)
			}
		})
	}
}

func TestManyEntitiesAnswerInOrderWithTheirLedgers(t *testing.T) {
	databases(t, func(t *testing.T, s *Service) {
		c := client(t, s)
		auth := bearer(t, principal.Admin)
		var reps []any
		for i := range 60 {
			p := fmt.Sprintf("p%02d", i)
			reps = append(reps, map[string]any{"__typename": "MedicalProfile", "id": p})
			if i%3 == 0 {
				continue // unknown to billing
			}
			r, err := c.CreateMedicalBillingAccount(t.Context(), &pb.MedicalBillingRequest{MedicalProfileId: p})
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				query(t, s, auth, `mutation($id: ID!, $n: Int!) { chargeAccount(input: {accountId: $id, amount: $n, description: "x"}) { id } }`, map[string]any{"id": r.AccountId, "n": 1000*i + n + 1})
			}
		}
		a := query(t, s, auth, `query($r: [_Any!]!) { _entities(representations: $r) { ... on MedicalProfile { id billingAccount { ledger(first: 2) { totalCount pageInfo { hasNextPage } edges { node { amount { amount } } } } } } } }`, map[string]any{"r": reps})
		var got []struct {
			ID             string
			BillingAccount *struct {
				Ledger struct {
					TotalCount int
					PageInfo   struct{ HasNextPage bool }
					Edges      []struct {
						Node struct{ Amount struct{ Amount int } }
					}
				}
			}
		}
		if err := json.Unmarshal(a.Data["_entities"], &got); err != nil || len(got) != 60 {
			t.Fatalf("%v, %d entities, %v", err, len(got), a.Errors)
		}
		for i, e := range got {
			if e.ID != fmt.Sprintf("p%02d", i) || (e.BillingAccount == nil) != (i%3 == 0) {
				t.Fatalf("entity %d is %+v", i, e)
			}
			if l := e.BillingAccount; l != nil && (l.Ledger.TotalCount != 3 || !l.Ledger.PageInfo.HasNextPage || len(l.Ledger.Edges) != 2 || l.Ledger.Edges[0].Node.Amount.Amount != 1000*i+3) {
				t.Errorf("ledger of %s is %+v: newest first", e.ID, l.Ledger)
			}
		}
	})
}

func TestTheSubgraphTellsItsSchema(t *testing.T) {
	a := query(t, mustNew(t), "", `{ _service { sdl } }`, nil)
	if !strings.Contains(string(a.Data["_service"]), "federation/v2.7") {
		t.Errorf("got %s %v", a.Data["_service"], a.Errors)
	}
}
