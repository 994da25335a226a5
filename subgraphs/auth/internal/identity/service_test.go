package identity_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
	"medicore.dev/medicore/subgraphs/auth/internal/store"
)

// fixture is a service over SQLite whose clock stands still but for advance.
type fixture struct {
	*identity.Service
	store  *store.Store
	logged *strings.Builder

	mu     sync.Mutex
	now    time.Time
	paused []time.Duration
}

func newFixture(t *testing.T) *fixture {
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
	tokens, err := token.NewAuthority(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), "")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{store: st, now: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), logged: &strings.Builder{}}
	f.Service, err = identity.New(st, tokens, slog.New(slog.NewTextHandler(f.logged, nil)), identity.Options{
		Cost: 4, Parallel: 2,
		Clock: func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.now },
		Pause: func(_ context.Context, d time.Duration) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.paused = append(f.paused, d)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) advance(d time.Duration) { f.mu.Lock(); defer f.mu.Unlock(); f.now = f.now.Add(d) }

// add creates a user with the password "password of theirs".
func (f *fixture) add(t *testing.T, email string, role principal.Role) *identity.User {
	t.Helper()
	u, err := f.CreateAsSystem(t.Context(), identity.NewUser{Email: email, Password: "password of theirs", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// actions returns the audit log's actions, oldest first.
func (f *fixture) actions(t *testing.T) []identity.Action {
	t.Helper()
	entries, _, err := f.store.ListEntries(t.Context(), identity.AuditFilter{}, identity.Page{Limit: 1000, Last: false})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]identity.Action, len(entries))
	for i, e := range entries {
		out[len(entries)-1-i] = e.Action
	}
	return out
}

func as(ctx context.Context, u *identity.User) context.Context {
	return principal.NewContext(ctx, principal.Principal{Subject: u.Email, UserID: u.ID.String(), Role: u.Role})
}

func admin(ctx context.Context) context.Context {
	return principal.NewContext(ctx, principal.Principal{Subject: identity.SeedEmail, Role: principal.Admin})
}

func from(ctx context.Context, address string) context.Context {
	return identity.WithClientAddress(ctx, address)
}

func want(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != code {
		t.Errorf("code %q (%v), want %q", got, err, code)
	}
}

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	gone := f.add(t, "gone@example.com", principal.Analyst)
	if _, err := f.Deactivate(admin(t.Context()), gone.ID); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		email, password string
		code            fault.Code
	}{
		"the right password":                  {identity.SeedEmail, identity.SeedPassword, ""},
		"the address in another case":         {" TestPriti@TEST.com", identity.SeedPassword, ""},
		"a wrong password":                    {identity.SeedEmail, "not the password", fault.Unauthenticated},
		"a password that differs in case":     {identity.SeedEmail, "Password123", fault.Unauthenticated},
		"a password that is too short":        {identity.SeedEmail, "short", fault.Unauthenticated},
		"a password longer than BCrypt's":     {identity.SeedEmail, strings.Repeat("a", 1000), fault.Unauthenticated},
		"an unknown address":                  {"nobody@example.com", identity.SeedPassword, fault.Unauthenticated},
		"no address":                          {"", "", fault.Unauthenticated},
		"an address with a NUL":               {"a\x00b@example.com", identity.SeedPassword, fault.Unauthenticated},
		"a deactivated user's right password": {"gone@example.com", "password of theirs", fault.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := f.SignIn(t.Context(), c.email, c.password)
			want(t, err, c.code)
			if err == nil && (in.Token == "" || in.User.ID != identity.SeedID || in.User.LastLoginAt == nil || in.ExpiresAt.Sub(f.now) != token.Lifetime) {
				t.Errorf("signed in with %+v", in)
			}
		})
	}
	if out := f.logged.String(); strings.Contains(out, "@") || strings.Contains(out, "password123") {
		t.Errorf("the log names an address or a password:\n%s", out)
	}
}

func TestTenFailuresLockTheAccountFromThatAddressFor15Minutes(t *testing.T) {
	f := newFixture(t)
	here, elsewhere := from(t.Context(), "192.0.2.1"), from(t.Context(), "192.0.2.2")
	for range 10 {
		_, err := f.SignIn(here, identity.SeedEmail, "not the password")
		want(t, err, fault.Unauthenticated)
		if errors.As(err, new(*identity.Throttled)) {
			t.Fatal("refused before the tenth failure")
		}
	}
	if diff := cmp.Diff([]time.Duration{250e6, 500e6, 1e9, 2e9, 4e9}, f.paused); diff != "" {
		t.Errorf("held back (-want +got):\n%s", diff)
	}
	_, err := f.SignIn(here, identity.SeedEmail, identity.SeedPassword)
	want(t, err, fault.Unauthenticated)
	var refused *identity.Throttled
	if !errors.As(err, &refused) || refused.RetryAfter < 15*time.Minute || refused.RetryAfter > 15*time.Minute+time.Second {
		t.Errorf("a locked account answers %v", err)
	}
	if _, err := f.SignIn(elsewhere, identity.SeedEmail, identity.SeedPassword); err != nil {
		t.Errorf("from another address: %v", err)
	}
	users, _, err := f.List(admin(t.Context()), identity.UserFilter{}, identity.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	ends, err := f.LockedUntil(admin(t.Context()), users)
	if err != nil || !ends[identity.SeedID].Equal(f.now.Add(15*time.Minute)) {
		t.Errorf("locked until %v, %v", ends, err)
	}
	f.advance(15 * time.Minute)
	if _, err := f.SignIn(here, identity.SeedEmail, identity.SeedPassword); err != nil {
		t.Errorf("after the lock: %v", err)
	}
	locks := 0
	for _, a := range f.actions(t) {
		if a == identity.LoginLocked {
			locks++
		}
	}
	if locks != 1 {
		t.Errorf("%d LOGIN_LOCKED in the audit log, want 1", locks)
	}
}

func TestUnknownAccountsLockLikeKnownOnes(t *testing.T) {
	f := newFixture(t)
	for range 10 {
		_, err := f.SignIn(t.Context(), "nobody@example.com", "not the password")
		want(t, err, fault.Unauthenticated)
	}
	if _, err := f.SignIn(t.Context(), "nobody@example.com", "not the password"); !errors.As(err, new(*identity.Throttled)) {
		t.Errorf("the eleventh answers %v", err)
	}
}

func TestSuccessResets(t *testing.T) {
	f := newFixture(t)
	here := from(t.Context(), "192.0.2.1")
	for range 3 {
		for range 9 {
			_, err := f.SignIn(here, identity.SeedEmail, "not the password")
			want(t, err, fault.Unauthenticated)
		}
		if _, err := f.SignIn(here, identity.SeedEmail, identity.SeedPassword); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHundredFailuresLockTheAddress(t *testing.T) {
	f := newFixture(t)
	attacker := from(t.Context(), "2001:db8::1")
	for i := range 100 {
		_, err := f.SignIn(attacker, string(rune('a'+i/5))+"@example.com", "not the password")
		want(t, err, fault.Unauthenticated)
	}
	if _, err := f.SignIn(from(t.Context(), "2001:db8::2"), identity.SeedEmail, identity.SeedPassword); !errors.As(err, new(*identity.Throttled)) {
		t.Errorf("from the same network: %v", err)
	}
	if _, err := f.SignIn(from(t.Context(), "2001:db8:0:1::1"), identity.SeedEmail, identity.SeedPassword); err != nil {
		t.Errorf("from another network: %v", err)
	}
	f.advance(15 * time.Minute)
	if _, err := f.SignIn(attacker, identity.SeedEmail, identity.SeedPassword); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

func TestManyAtOnceGainNoMoreGuessesThanRunInParallel(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() { _, _ = f.SignIn(t.Context(), identity.SeedEmail, "not the password") })
	}
	wg.Wait()
	tried := 0
	for _, a := range f.actions(t) {
		if a == identity.LoginFailed {
			tried++
		}
	}
	if tried < 10 || tried > 12 { // ten, and one more for each of two slots
		t.Errorf("%d passwords were compared, want 10 to 12", tried)
	}
}

func TestHangingUpIsStillCounted(t *testing.T) {
	f := newFixture(t)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := identity.New(hangUp{f.store, cancel}, nil, slog.New(slog.DiscardHandler), identity.Options{Cost: 4, Parallel: 1, Clock: f.clock(), Pause: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.SignIn(ctx, identity.SeedEmail, "not the password")
	}
	if _, err := f.SignIn(t.Context(), identity.SeedEmail, identity.SeedPassword); !errors.As(err, new(*identity.Throttled)) {
		t.Errorf("after ten attempts whose caller had gone: %v", err)
	}
}

func (f *fixture) clock() func() time.Time { return func() time.Time { return f.now } }

// hangUp cancels the caller's context just before a failure is kept.
type hangUp struct {
	identity.Store
	cancel func()
}

func (h hangUp) Fail(ctx context.Context, at identity.Place, change func(a, b *identity.Count) []identity.AuditEntry) error {
	h.cancel()
	return h.Store.Fail(ctx, at, change)
}

func TestUnlock(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "locked@example.com", principal.Billing)
	lock := func() {
		for range 10 {
			_, _ = f.SignIn(t.Context(), u.Email, "not the password")
		}
	}
	lock()
	if _, err := f.Unlock(admin(t.Context()), u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SignIn(t.Context(), u.Email, "password of theirs"); err != nil {
		t.Errorf("unlocked by an administrator: %v", err)
	}
	lock()
	if err := f.UnlockAsSystem(t.Context(), "Locked@Example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SignIn(t.Context(), u.Email, "password of theirs"); err != nil {
		t.Errorf("unlocked by the system: %v", err)
	}
	want(t, f.UnlockAsSystem(t.Context(), "nobody@example.com"), fault.NotFound)
}
