package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
	"medicore.dev/medicore/subgraphs/auth/internal/store"
	"medicore.dev/medicore/subgraphs/auth/internal/store/storetest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 123456000, time.UTC)

// onEach runs the test with an empty store in each kind of database.
func onEach(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	storetest.OnEach(t, func(t *testing.T, cfg database.Config) {
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, s)
	})
}

func entry(a identity.Action, at time.Time) identity.AuditEntry {
	return identity.AuditEntry{ID: uuid.Must(uuid.NewV7()), At: at, Action: a}
}

func add(t *testing.T, s *store.Store, email string, role principal.Role) *identity.User {
	t.Helper()
	u := &identity.User{ID: uuid.New(), Email: email, PasswordHash: "hash", Role: role, Status: identity.Active, CreatedAt: noon}
	if err := s.CreateUser(t.Context(), u, entry(identity.UserCreated, noon)); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUsersAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		u := add(t, s, "a@example.com", principal.Admin)
		for name, get := range map[string]func() (*identity.User, error){
			"by id":    func() (*identity.User, error) { return s.UserByID(t.Context(), u.ID) },
			"by email": func() (*identity.User, error) { return s.UserByEmail(t.Context(), u.Email) },
		} {
			got, err := get()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*u, *got, cmp.AllowUnexported(identity.User{})); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if _, err := s.UserByID(t.Context(), uuid.New()); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("an unknown id: %v", err)
		}
		if _, err := s.UserByEmail(t.Context(), "x@example.com"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("an unknown address: %v", err)
		}
		again := &identity.User{ID: uuid.New(), Email: u.Email, PasswordHash: "hash", Role: principal.Admin, Status: identity.Active, CreatedAt: noon}
		if err := s.CreateUser(t.Context(), again, entry(identity.UserCreated, noon)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("a taken address: %v", err)
		}
		if n, err := s.CountEntries(t.Context(), identity.AuditFilter{}); n != 1 || err != nil {
			t.Errorf("%d audit entries, %v: the refused user left one", n, err)
		}
	})
}

func TestUsersAreListedInPagesByEmail(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		users := map[string]*identity.User{}
		for _, name := range []string{"d", "b", "a%c", "e", "a_c"} {
			users[name] = add(t, s, name+"@example.com", principal.Analyst)
		}
		add(t, s, "boss@other.com", principal.Admin)
		for name, c := range map[string]struct {
			filter identity.UserFilter
			page   identity.Page
			want   string
			more   bool
		}{
			"the first two":          {identity.UserFilter{Role: principal.Analyst}, identity.Page{Limit: 2, After: users["a_c"].ID, Before: users["e"].ID}, "b d", false},
			"what follows":           {identity.UserFilter{}, identity.Page{Limit: 2, After: users["b"].ID}, "boss d", true},
			"the last two":           {identity.UserFilter{}, identity.Page{Limit: 2, Last: true}, "d e", true},
			"the one before":         {identity.UserFilter{}, identity.Page{Limit: 1, Last: true, Before: users["e"].ID}, "d", true},
			"none":                   {identity.UserFilter{}, identity.Page{Limit: 0}, "", true},
			"a part in another case": {identity.UserFilter{EmailContains: "OTHER"}, identity.Page{Limit: 2}, "boss", false},
			"a wildcard is a letter": {identity.UserFilter{EmailContains: "a_c"}, identity.Page{Limit: 9}, "a_c", false},
			"a percent is one too":   {identity.UserFilter{EmailContains: "a%c"}, identity.Page{Limit: 9}, "a%c", false},
			"deactivated ones":       {identity.UserFilter{Status: identity.Deactivated}, identity.Page{Limit: 9}, "", false},
		} {
			rows, more, err := s.ListUsers(t.Context(), c.filter, c.page)
			if err != nil {
				t.Fatal(err)
			}
			names := []string{}
			for _, u := range rows {
				name, _, _ := strings.Cut(u.Email, "@")
				names = append(names, name)
			}
			got := strings.Join(names, " ")
			if got != c.want || more != c.more {
				t.Errorf("%s: %q, more %v; want %q, %v", name, got, more, c.want, c.more)
			}
		}
		if _, _, err := s.ListUsers(t.Context(), identity.UserFilter{}, identity.Page{Limit: 1, After: uuid.New()}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a cursor that names nobody: %v", err)
		}
	})
}

func TestTwoAdministratorsCannotDeactivateEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		admins := []*identity.User{add(t, s, "a@example.com", principal.Admin), add(t, s, "b@example.com", principal.Admin)}
		var wg sync.WaitGroup
		for _, u := range admins {
			wg.Go(func() {
				_, _ = s.ChangeUser(t.Context(), u.ID, func(u *identity.User, others int) ([]identity.AuditEntry, error) {
					if others == 0 {
						return nil, fault.New(fault.Conflict, "the last")
					}
					u.Status = identity.Deactivated
					return []identity.AuditEntry{entry(identity.UserDeactivated, noon)}, nil
				})
			})
		}
		wg.Wait()
		if n, err := s.CountUsers(t.Context(), identity.UserFilter{Status: identity.Active}); n != 1 || err != nil {
			t.Errorf("%d active administrators left, %v, want 1", n, err)
		}
	})
}

func TestFailuresOfManyAtOnceAreAllCounted(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		here, there := identity.Place{Account: "a", Address: "192.0.2.1"}, identity.Place{Account: "b", Address: "192.0.2.1"}
		one := func(account, address *identity.Count) []identity.AuditEntry {
			account.Failures++
			address.Failures++
			account.Expires, address.Expires = noon, noon
			return []identity.AuditEntry{entry(identity.LoginFailed, noon)}
		}
		var wg sync.WaitGroup
		for _, at := range []identity.Place{here, there} {
			for range 10 {
				wg.Go(func() {
					if err := s.Fail(t.Context(), at, one); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		account, address, err := s.Failures(t.Context(), here)
		if err != nil || account.Failures != 10 || address.Failures != 20 || !account.Expires.Equal(noon) {
			t.Errorf("counts %+v and %+v, %v", account, address, err)
		}

		u := add(t, s, "u@example.com", principal.Analyst)
		before := noon.Add(-time.Second)
		if err := s.SignedIn(t.Context(), u.ID, before, here, entry(identity.LoginSucceeded, before)); err != nil {
			t.Fatal(err)
		}
		account, address, err = s.Failures(t.Context(), here)
		if err != nil || account.Failures != 0 || address.Failures != 10 {
			t.Errorf("after a sign-in %+v and %+v, %v", account, address, err)
		}
		if u, err = s.UserByID(t.Context(), u.ID); err != nil || u.LastLoginAt == nil || !u.LastLoginAt.Equal(before) {
			t.Errorf("last sign-in %v, %v", u.LastLoginAt, err)
		}

		ends, err := s.LockedUntil(t.Context(), []string{"a", "b"}, 10, before)
		if diff := cmp.Diff(map[string]time.Time{"b": noon}, ends); diff != "" || err != nil {
			t.Errorf("locks: %v (-want +got):\n%s", err, diff)
		}
		if ends, err = s.LockedUntil(t.Context(), []string{"a", "b"}, 10, noon); len(ends) > 0 || err != nil {
			t.Errorf("expired locks: %v, %v", ends, err)
		}
		if err := s.Unlock(t.Context(), "b", entry(identity.UserUnlocked, noon)); err != nil {
			t.Fatal(err)
		}
		if account, _, err = s.Failures(t.Context(), there); err != nil || account.Failures != 0 {
			t.Errorf("unlocked: %+v, %v", account, err)
		}
		if err := s.Forget(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		if _, address, err = s.Failures(t.Context(), here); err != nil || address.Failures != 0 {
			t.Errorf("forgotten: %+v, %v", address, err)
		}
	})
}

func TestTheAuditLogIsReadNewestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		u := add(t, s, "u@example.com", principal.Analyst)
		for i, a := range []identity.Action{identity.LoginFailed, identity.LoginLocked, identity.LoginFailed} {
			at := noon.Add(time.Duration(i+1) * time.Second)
			if err := s.SignedIn(t.Context(), u.ID, at, identity.Place{}, identity.AuditEntry{ID: uuid.Must(uuid.NewV7()), At: at, Action: a, SubjectID: &u.ID, ClientAddress: "192.0.2.1"}); err != nil {
				t.Fatal(err)
			}
		}
		all, more, err := s.ListEntries(t.Context(), identity.AuditFilter{}, identity.Page{Limit: 10})
		if err != nil || more || len(all) != 4 || all[3].Action != identity.UserCreated || all[3].SubjectID != nil {
			t.Fatalf("%+v, %v, %v", all, more, err)
		}
		from, to := noon.Add(time.Second), noon.Add(3*time.Second)
		for name, c := range map[string]struct {
			filter identity.AuditFilter
			page   identity.Page
			want   []identity.AuditEntry
			more   bool
		}{
			"the first":    {page: identity.Page{Limit: 1}, want: all[:1], more: true},
			"what follows": {page: identity.Page{Limit: 2, After: all[0].ID}, want: all[1:3], more: true},
			"the last":     {page: identity.Page{Limit: 2, Last: true}, want: all[2:], more: true},
			"between two":  {page: identity.Page{Limit: 9, After: all[0].ID, Before: all[3].ID}, want: all[1:3]},
			"by action":    {filter: identity.AuditFilter{Action: identity.LoginLocked}, page: identity.Page{Limit: 9}, want: all[1:2]},
			"by subject":   {filter: identity.AuditFilter{SubjectID: &u.ID}, page: identity.Page{Limit: 9}, want: all[:3]},
			"by actor":     {filter: identity.AuditFilter{ActorID: &u.ID}, page: identity.Page{Limit: 9}, want: []identity.AuditEntry{}},
			"in a span":    {filter: identity.AuditFilter{From: &from, To: &to}, page: identity.Page{Limit: 9}, want: all[1:3]},
		} {
			got, more, err := s.ListEntries(t.Context(), c.filter, c.page)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || more != c.more {
				t.Errorf("%s: more %v, want %v (-want +got):\n%s", name, more, c.more, diff)
			}
		}
		if n, err := s.CountEntries(t.Context(), identity.AuditFilter{SubjectID: &u.ID}); n != 3 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
	})
}
