package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

func TestOnlyAdministratorsAdminister(t *testing.T) {
	f := newFixture(t)
	other := f.add(t, "other@example.com", principal.Analyst)
	uses := map[string]func(ctx context.Context) error{
		"User": func(ctx context.Context) error { _, err := f.User(ctx, other.ID); return err },
		"List": func(ctx context.Context) error {
			_, _, err := f.List(ctx, identity.UserFilter{}, identity.Page{Limit: 1})
			return err
		},
		"Count": func(ctx context.Context) error { _, err := f.Count(ctx, identity.UserFilter{}); return err },
		"Create": func(ctx context.Context) error {
			_, err := f.Create(ctx, identity.NewUser{Email: uuid.NewString() + "@example.com", Password: "long enough", Role: principal.Analyst})
			return err
		},
		"Update":      func(ctx context.Context) error { _, err := f.Update(ctx, other.ID, identity.UserChange{}); return err },
		"Deactivate":  func(ctx context.Context) error { _, err := f.Deactivate(ctx, other.ID); return err },
		"Unlock":      func(ctx context.Context) error { _, err := f.Unlock(ctx, other.ID); return err },
		"LockedUntil": func(ctx context.Context) error { _, err := f.LockedUntil(ctx, []*identity.User{other}); return err },
		"Audit": func(ctx context.Context) error {
			_, _, err := f.Audit(ctx, identity.AuditFilter{}, identity.Page{Limit: 1})
			return err
		},
		"AuditCount": func(ctx context.Context) error { _, err := f.AuditCount(ctx, identity.AuditFilter{}); return err },
	}
	deactivated := f.add(t, "deactivated@example.com", principal.Admin)
	demoted := f.add(t, "demoted@example.com", principal.Admin)
	analyst := principal.Analyst
	if _, err := f.Update(admin(t.Context()), demoted.ID, identity.UserChange{Role: &analyst}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Deactivate(admin(t.Context()), deactivated.ID); err != nil {
		t.Fatal(err)
	}
	callers := map[string]struct {
		ctx  context.Context
		code fault.Code
	}{
		"nobody":                              {t.Context(), fault.Unauthenticated},
		"a clinician":                         {as(t.Context(), f.add(t, "c@example.com", principal.Clinician)), fault.Forbidden},
		"a biller":                            {as(t.Context(), f.add(t, "b@example.com", principal.Billing)), fault.Forbidden},
		"an analyst":                          {as(t.Context(), f.add(t, "a@example.com", principal.Analyst)), fault.Forbidden},
		"a service":                           {principal.NewContext(t.Context(), principal.Principal{Subject: "service:x", Role: principal.Service}), fault.Forbidden},
		"a deactivated administrator":         {as(t.Context(), deactivated), fault.Unauthenticated},
		"an administrator of old":             {as(t.Context(), demoted), fault.Forbidden},
		"an administrator who does not exist": {principal.NewContext(t.Context(), principal.Principal{Subject: "x@example.com", Role: principal.Admin}), fault.Unauthenticated},
		"an administrator":                    {admin(t.Context()), ""},
	}
	for who, c := range callers {
		for use, do := range uses {
			t.Run(who+" "+use, func(t *testing.T) { want(t, do(c.ctx), c.code) })
		}
	}
}

func TestUsersSeeThemselvesOnly(t *testing.T) {
	f := newFixture(t)
	me, other := f.add(t, "me@example.com", principal.Clinician), f.add(t, "other@example.com", principal.Clinician)
	missing := uuid.New()
	byToken := principal.NewContext(t.Context(), principal.Principal{Subject: me.Email, Role: me.Role}) // without uid
	for who, c := range map[string]struct {
		ctx              context.Context
		mine, others     fault.Code
		missingIsVisible bool // as a reference that says nothing
	}{
		"nobody":             {t.Context(), fault.Unauthenticated, fault.Unauthenticated, true},
		"the user":           {as(t.Context(), me), "", fault.Forbidden, true},
		"the user, by email": {byToken, "", fault.Forbidden, true},
		"an administrator":   {admin(t.Context()), "", "", false},
	} {
		t.Run(who, func(t *testing.T) {
			got, err := f.ByID(c.ctx, []uuid.UUID{me.ID, other.ID, missing})
			if err != nil {
				t.Fatal(err)
			}
			want(t, f.Reveal(c.ctx, got[me.ID]), c.mine)
			want(t, f.Reveal(c.ctx, got[other.ID]), c.others)
			if c.others != "" && got[other.ID].Email != "" {
				t.Error("another user's address was handed out")
			}
			if (got[missing] != nil) != c.missingIsVisible {
				t.Errorf("a user who does not exist: %+v", got[missing])
			}
		})
	}
}

func TestMe(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "me@example.com", principal.Clinician)
	got, err := f.Me(as(t.Context(), u))
	if err != nil || got.ID != u.ID {
		t.Errorf("me is %+v, %v", got, err)
	}
	_, err = f.Me(t.Context())
	want(t, err, fault.Unauthenticated)
	moved := "moved@example.com"
	if _, err := f.Update(admin(t.Context()), u.ID, identity.UserChange{Email: &moved}); err != nil {
		t.Fatal(err)
	}
	_, err = f.Me(as(t.Context(), u))
	want(t, err, fault.Unauthenticated) // the token names an address that is no longer the user's
}

func TestCreateChecksItsInput(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		in     identity.NewUser
		fields map[string]string
		code   fault.Code
	}{
		"nothing given": {
			identity.NewUser{},
			map[string]string{"email": "Email is required", "password": "Password should have at least 8 characters", "role": "Role should be ADMIN, CLINICIAN, BILLING or ANALYST"},
			fault.Invalid,
		},
		"no address":                        {identity.NewUser{Email: "x", Password: "long enough", Role: principal.Admin}, map[string]string{"email": "Email should be valid"}, fault.Invalid},
		"an address with a name":            {identity.NewUser{Email: "X <x@example.com>", Password: "long enough", Role: principal.Admin}, map[string]string{"email": "Email should be valid"}, fault.Invalid},
		"an address that is too long":       {identity.NewUser{Email: strings.Repeat("x", 250) + "@example.com", Password: "long enough", Role: principal.Admin}, map[string]string{"email": "Email should be valid"}, fault.Invalid},
		"a password of 73 bytes":            {identity.NewUser{Email: "x@example.com", Password: strings.Repeat("x", 73), Role: principal.Admin}, map[string]string{"password": "Password cannot exceed 72 bytes"}, fault.Invalid},
		"72 bytes in few characters":        {identity.NewUser{Email: "72@example.com", Password: strings.Repeat("€", 24), Role: principal.Admin}, nil, ""},
		"the role of services":              {identity.NewUser{Email: "x@example.com", Password: "long enough", Role: principal.Service}, map[string]string{"role": "Role should be ADMIN, CLINICIAN, BILLING or ANALYST"}, fault.Invalid},
		"an address taken, in another case": {identity.NewUser{Email: "TestPriti@test.com", Password: "long enough", Role: principal.Admin}, nil, fault.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := f.Create(admin(t.Context()), c.in)
			want(t, err, c.code)
			if known := (*fault.Error)(nil); errors.As(err, &known) {
				if diff := cmp.Diff(c.fields, known.Fields); diff != "" {
					t.Errorf("fields (-want +got):\n%s", diff)
				}
			}
			if err == nil {
				if _, err := f.SignIn(t.Context(), u.Email, c.in.Password); err != nil {
					t.Errorf("sign in with it: %v", err)
				}
			}
		})
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	f := newFixture(t)
	analyst := principal.Analyst
	_, err := f.Deactivate(admin(t.Context()), identity.SeedID)
	want(t, err, fault.Conflict)
	_, err = f.Update(admin(t.Context()), identity.SeedID, identity.UserChange{Role: &analyst})
	want(t, err, fault.Conflict)
	second := f.add(t, "second@example.com", principal.Admin)
	if _, err = f.Deactivate(admin(t.Context()), identity.SeedID); err != nil {
		t.Fatal(err)
	}
	_, err = f.Deactivate(as(t.Context(), second), second.ID)
	want(t, err, fault.Conflict) // a deactivated administrator does not count
}

func TestChangesAreAudited(t *testing.T) {
	f := newFixture(t)
	ctx := admin(from(t.Context(), "192.0.2.9"))
	u, err := f.Create(ctx, identity.NewUser{Email: "u@example.com", Password: "the first one", Role: principal.Analyst})
	if err != nil {
		t.Fatal(err)
	}
	role, same, active := principal.Billing, "u@example.com", identity.Active
	steps := []error{
		second(f.Update(ctx, u.ID, identity.UserChange{Email: &same})), // changes nothing: no entry
		second(f.Update(ctx, u.ID, identity.UserChange{Role: &role})),
		second(f.Deactivate(ctx, u.ID)),
		second(f.Deactivate(ctx, u.ID)), // again: no entry
		second(f.Update(ctx, u.ID, identity.UserChange{Status: &active})),
		second(f.Unlock(ctx, u.ID)),
		second(f.SignIn(ctx, "u@example.com", "the first one")),
	}
	u.Role = role
	steps = append(steps, f.ChangePassword(as(t.Context(), u), "the first one", "the second one"))
	for i, err := range steps {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	want := []identity.Action{
		identity.UserCreated, identity.UserCreated, identity.UserUpdated, identity.UserDeactivated, identity.UserUpdated,
		identity.UserUnlocked, identity.LoginSucceeded, identity.PasswordChanged,
	}
	if diff := cmp.Diff(want, f.actions(t)); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
	entries, _, err := f.Audit(ctx, identity.AuditFilter{Action: identity.UserDeactivated}, identity.Page{Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if e := entries[0]; *e.ActorID != identity.SeedID || *e.SubjectID != u.ID || e.ClientAddress != "192.0.2.9" || !e.At.Equal(f.now) {
		t.Errorf("entry %+v", e)
	}
}

func second[T any](_ T, err error) error { return err }

func TestChangePassword(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "u@example.com", principal.Analyst)
	ctx := as(t.Context(), u)
	want(t, f.ChangePassword(t.Context(), "password of theirs", "another one"), fault.Unauthenticated)
	want(t, f.ChangePassword(ctx, "not the password", "another one"), fault.Invalid)
	want(t, f.ChangePassword(ctx, "password of theirs", "short"), fault.Invalid)
	want(t, f.ChangePassword(ctx, "password of theirs", "another one"), "")
	_, err := f.SignIn(t.Context(), u.Email, "password of theirs")
	want(t, err, fault.Unauthenticated)
	_, err = f.SignIn(t.Context(), u.Email, "another one")
	want(t, err, "")
	for range 10 {
		want(t, f.ChangePassword(ctx, "not the password", "another one"), fault.Invalid)
	}
	want(t, f.ChangePassword(ctx, "another one", "yet another one"), fault.Unauthenticated) // a stolen token is no oracle
}

func TestTheFirstUserIsMadeOnce(t *testing.T) {
	f := newFixture(t) // seeded
	unchanged, err := f.SeededPasswordUnchanged(t.Context())
	if err != nil || !unchanged {
		t.Errorf("after seeding: %v, %v", unchanged, err)
	}
	if err := f.Bootstrap(t.Context(), "boss@example.com", "long enough"); err != nil {
		t.Fatal(err)
	}
	if err := f.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Count(admin(t.Context()), identity.UserFilter{}); n != 1 || err != nil {
		t.Errorf("%d users, %v, want the seeded one", n, err)
	}
	if err := f.ChangePassword(admin(t.Context()), identity.SeedPassword, "a private one"); err != nil {
		t.Fatal(err)
	}
	if unchanged, err = f.SeededPasswordUnchanged(t.Context()); err != nil || unchanged {
		t.Errorf("after the change: %v, %v", unchanged, err)
	}
	if !strings.Contains(f.logged.String(), "publicly known password") {
		t.Error("seeding did not warn")
	}
}

func TestBadFiltersAreRefused(t *testing.T) {
	f := newFixture(t)
	_, _, err := f.List(admin(t.Context()), identity.UserFilter{EmailContains: "a\x00"}, identity.Page{Limit: 1})
	want(t, err, fault.Invalid)
	_, _, err = f.Audit(admin(t.Context()), identity.AuditFilter{Action: "NOPE"}, identity.Page{Limit: 1})
	want(t, err, fault.Invalid)
}
