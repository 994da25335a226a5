package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth"
	"medicore.dev/medicore/subgraphs/auth/internal/store/storetest"
)

func deps(t *testing.T, data string) auth.Deps {
	t.Helper()
	tokens, err := token.NewAuthority(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), "")
	if err != nil {
		t.Fatal(err)
	}
	return auth.Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: data}
}

func open(t *testing.T, cfg auth.Config, d auth.Deps) *auth.Service {
	t.Helper()
	s, err := auth.New(t.Context(), cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func signIn(t *testing.T, s *auth.Service, email, password string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", strings.NewReader(`{"email": "`+email+`", "password": "`+password+`"}`))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, r)
	return rec.Code
}

func TestUsersOutliveARestart(t *testing.T) {
	d := deps(t, t.TempDir())
	d.Seed = true
	cfg := auth.DefaultConfig()
	s := open(t, cfg, d)
	cfg.BcryptCost = 4
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, cfg, d)
	id, err := s.CreateUser(t.Context(), "u@example.com", "long enough", principal.Clinician)
	if err != nil || len(id) != 36 {
		t.Fatalf("%q, %v", id, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, cfg, d)
	if code := signIn(t, s, "u@example.com", "long enough"); code != http.StatusOK {
		t.Errorf("after the restart: %d", code)
	}
	if code := signIn(t, s, "testpriti@test.com", "password123"); code != http.StatusOK {
		t.Errorf("the seeded administrator: %d", code)
	}
	if unchanged, err := s.SeededPasswordUnchanged(t.Context()); err != nil || !unchanged {
		t.Errorf("seeded password unchanged: %v, %v", unchanged, err)
	}
	if err := s.UnlockUser(t.Context(), "nobody@example.com"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unlock nobody: %v", err)
	}
}

func TestCopiesStartAtOnceAndShareTheThrottle(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, db database.Config) {
		d := deps(t, filepath.Dir(db.File))
		d.Seed = true
		cfg := auth.Config{BcryptCost: 4, DatabaseURL: db.URL}
		copies := make([]*auth.Service, 3)
		var group errgroup.Group
		if db.URL == "" {
			group.SetLimit(1) // a fresh SQLite file is made by one copy alone
		}
		for i := range copies {
			group.Go(func() (err error) {
				copies[i], err = auth.New(t.Context(), cfg, d)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			if code := signIn(t, copies[i%3], "nobody@example.com", "short"); code != http.StatusUnauthorized {
				t.Fatalf("sign in: %d", code)
			}
		}
		for i := range 100 - 4 {
			signIn(t, copies[i%3], "u"+strconv.Itoa(i)+"@example.com", "short")
		}
		for _, s := range copies {
			if code := signIn(t, s, "testpriti@test.com", "password123"); code != http.StatusUnauthorized {
				t.Errorf("a copy does not know that the address is locked: %d", code)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTheFirstAdministratorComesFromTheConfiguration(t *testing.T) {
	d := deps(t, t.TempDir())
	d.Seed = true
	cfg := auth.DefaultConfig()
	cfg.BcryptCost = 4
	cfg.AdminEmail, cfg.AdminPasswordFile = "Boss@Example.com", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(cfg.AdminPasswordFile, []byte("a private one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, cfg, d)
	if code := signIn(t, s, "boss@example.com", "a private one"); code != http.StatusOK {
		t.Errorf("sign in: %d", code)
	}
	if code := signIn(t, s, "testpriti@test.com", "password123"); code != http.StatusUnauthorized {
		t.Errorf("the well-known administrator was made too: %d", code)
	}
	if unchanged, err := s.SeededPasswordUnchanged(t.Context()); err != nil || unchanged {
		t.Errorf("seeded password unchanged: %v, %v", unchanged, err)
	}
}

func TestNothingIsSeededUnlessAskedFor(t *testing.T) {
	s := open(t, auth.Config{BcryptCost: 4}, deps(t, t.TempDir()))
	if code := signIn(t, s, "testpriti@test.com", "password123"); code != http.StatusUnauthorized {
		t.Errorf("sign in: %d", code)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(*auth.Config){
		"bcrypt_cost":         func(c *auth.Config) { c.BcryptCost = 3 },
		"bcrypt_parallel":     func(c *auth.Config) { c.BcryptParallel = -1 },
		"trusted_proxies":     func(c *auth.Config) { c.TrustedProxies = []string{"gateway"} },
		"admin_password_file": func(c *auth.Config) { c.AdminEmail = "x@example.com" },
	} {
		cfg := auth.DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := auth.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestHealthTellsTheDatabase(t *testing.T) {
	s := open(t, auth.Config{BcryptCost: 4}, deps(t, t.TempDir()))
	if got := s.Health(t.Context())["database"]; got != "ok" {
		t.Errorf("database %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.Health(t.Context())["database"]; got != "unavailable" {
		t.Errorf("closed: database %q", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := open(t, auth.Config{BcryptCost: 4}, deps(t, t.TempDir()))
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestGraphQLKnowsTheGatewaysClient(t *testing.T) {
	d := deps(t, t.TempDir())
	d.Seed, d.TrustInMemory = true, true
	s := open(t, auth.Config{BcryptCost: 4}, d)
	post := func(tok, query string) (string, *http.Request) {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
		r.RemoteAddr = "127.0.0.1:0"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		r.Header.Set("Authorization", "Bearer "+tok)
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		return rec.Body.String(), r
	}
	got, r := post("", `mutation { login(email: "testpriti@test.com", password: "password123") { token } }`)
	var in struct {
		Data struct{ Login struct{ Token string } }
	}
	if err := json.Unmarshal([]byte(got), &in); err != nil || in.Data.Login.Token == "" {
		t.Fatalf("%s, %v", got, err)
	}
	if r.Pattern != "/graphql" {
		t.Errorf("the route's pattern is %q to those above", r.Pattern)
	}
	got, _ = post(in.Data.Login.Token, `{ auditLog(first: 1) { edges { node { action clientAddress actor { email } } } } }`)
	want := `{"data":{"auditLog":{"edges":[{"node":{"action":"LOGIN_SUCCEEDED","clientAddress":"198.51.100.7","actor":{"email":"testpriti@test.com"}}}]}}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
