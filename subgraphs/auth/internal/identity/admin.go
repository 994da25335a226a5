package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Me returns the caller.
func (s *Service) Me(ctx context.Context) (*User, error) { return s.caller(ctx) }

// User returns one user. It needs user:admin.
func (s *Service) User(ctx context.Context, id uuid.UUID) (*User, error) {
	if _, err := s.require(ctx, principal.UserAdmin); err != nil {
		return nil, err
	}
	return s.store.UserByID(ctx, id)
}

// List returns a page of users by email address. It needs user:admin.
func (s *Service) List(ctx context.Context, f UserFilter, p Page) ([]*User, bool, error) {
	if _, err := s.require(ctx, principal.UserAdmin); err != nil {
		return nil, false, err
	}
	if err := f.check(); err != nil {
		return nil, false, err
	}
	return s.store.ListUsers(ctx, f, p)
}

// Count returns how many users the filter lets through. It needs user:admin.
func (s *Service) Count(ctx context.Context, f UserFilter) (int, error) {
	if _, err := s.require(ctx, principal.UserAdmin); err != nil {
		return 0, err
	}
	if err := f.check(); err != nil {
		return 0, err
	}
	return s.store.CountUsers(ctx, f)
}

// ByID returns the users that others refer to, by id, with a fixed number of queries. A caller without user:admin gets of all
// but itself the ID only, whether they exist or not; Reveal says so of their other fields.
func (s *Service) ByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*User, error) {
	out := make(map[uuid.UUID]*User, len(ids))
	p := principal.FromContext(ctx)
	if p.Has(principal.UserAdmin) {
		if _, err := s.require(ctx, principal.UserAdmin); err != nil {
			return nil, err
		}
		users, err := s.store.UsersByID(ctx, ids)
		for _, u := range users {
			out[u.ID] = u
		}
		return out, err
	}
	for _, id := range ids {
		out[id] = &User{ID: id}
	}
	if !p.Authenticated() {
		return out, nil
	}
	me, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if _, asked := out[me.ID]; asked {
		out[me.ID] = me
	}
	return out, nil
}

// LockedUntil returns, for those of the users whose sign-in is refused from some address now, until when. It needs
// user:admin.
func (s *Service) LockedUntil(ctx context.Context, users []*User) (map[uuid.UUID]time.Time, error) {
	if _, err := s.require(ctx, principal.UserAdmin); err != nil {
		return nil, err
	}
	accounts := make([]string, len(users))
	for i, u := range users {
		accounts[i] = accountKey(u.Email)
	}
	ends, err := s.store.LockedUntil(ctx, accounts, accountLimit, s.now())
	if err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	out := make(map[uuid.UUID]time.Time, len(ends))
	for i, u := range users {
		if end, ok := ends[accounts[i]]; ok {
			out[u.ID] = end
		}
	}
	return out, nil
}

// NewUser is the input of Create.
type NewUser struct {
	Email, Password string
	Role            principal.Role
}

// Create adds a user. It needs user:admin. Errors: fault.Invalid with fields, fault.Conflict when the address is taken.
func (s *Service) Create(ctx context.Context, in NewUser) (*User, error) {
	me, err := s.require(ctx, principal.UserAdmin)
	if err != nil {
		return nil, err
	}
	return s.create(ctx, in, me.ID)
}

func (s *Service) create(ctx context.Context, in NewUser, actor uuid.UUID) (*User, error) {
	fields := map[string]string{}
	email := checkEmail(fields, in.Email)
	checkPassword(fields, "password", in.Password)
	checkRole(fields, in.Role)
	if err := invalid(fields); err != nil {
		return nil, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	return s.add(ctx, &User{ID: uuid.New(), Email: email, PasswordHash: hash, Role: in.Role}, actor)
}

func (s *Service) add(ctx context.Context, u *User, actor uuid.UUID) (*User, error) {
	u.Status, u.CreatedAt = Active, s.now()
	if err := s.store.CreateUser(ctx, u, s.entry(ctx, UserCreated, actor, u.ID)); err != nil {
		return nil, fmt.Errorf("create a user: %w", err)
	}
	return u, nil
}

// UserChange is the input of Update; nil fields stay.
type UserChange struct {
	Email  *string
	Role   *principal.Role
	Status *Status
}

// Update changes a user. It needs user:admin. The last active administrator can neither lose the role nor be deactivated:
// fault.Conflict. Other errors: fault.Invalid with fields, fault.NotFound, fault.Conflict when the address is taken.
func (s *Service) Update(ctx context.Context, id uuid.UUID, c UserChange) (*User, error) {
	me, err := s.require(ctx, principal.UserAdmin)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	if c.Email != nil {
		normal := checkEmail(fields, *c.Email)
		c.Email = &normal
	}
	if c.Role != nil {
		checkRole(fields, *c.Role)
	}
	if c.Status != nil && *c.Status != Active && *c.Status != Deactivated {
		fields["status"] = "Status should be ACTIVE or DEACTIVATED"
	}
	if err := invalid(fields); err != nil {
		return nil, err
	}
	u, err := s.store.ChangeUser(ctx, id, func(u *User, otherAdmins int) ([]AuditEntry, error) {
		actions, err := c.apply(u, otherAdmins)
		entries := make([]AuditEntry, len(actions))
		for i, a := range actions {
			entries[i] = s.entry(ctx, a, me.ID, u.ID)
		}
		return entries, err
	})
	if err != nil {
		return nil, fmt.Errorf("update a user: %w", err)
	}
	return u, nil
}

// apply changes the user and returns what the audit log calls it; nothing when nothing changed.
func (c UserChange) apply(u *User, otherAdmins int) ([]Action, error) {
	before := *u
	if c.Email != nil {
		u.Email = *c.Email
	}
	if c.Role != nil {
		u.Role = *c.Role
	}
	if c.Status != nil {
		u.Status = *c.Status
	}
	admin := func(u User) bool { return u.Role == principal.Admin && u.Status == Active }
	if admin(before) && !admin(*u) && otherAdmins == 0 {
		return nil, fault.New(fault.Conflict, "this is the last active administrator: make another one first")
	}
	var actions []Action
	reactivated := before.Status == Deactivated && u.Status == Active
	if before.Email != u.Email || before.Role != u.Role || reactivated {
		actions = append(actions, UserUpdated)
	}
	if before.Status == Active && u.Status == Deactivated {
		actions = append(actions, UserDeactivated)
	}
	return actions, nil
}

// Deactivate ends a user's right to sign in. Rights and errors as of Update.
func (s *Service) Deactivate(ctx context.Context, id uuid.UUID) (*User, error) {
	status := Deactivated
	return s.Update(ctx, id, UserChange{Status: &status})
}

// Unlock forgets a user's failed sign-ins from all addresses. It needs user:admin.
func (s *Service) Unlock(ctx context.Context, id uuid.UUID) (*User, error) {
	me, err := s.require(ctx, principal.UserAdmin)
	if err != nil {
		return nil, err
	}
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return u, s.unlock(ctx, u, me.ID)
}

func (s *Service) unlock(ctx context.Context, u *User, actor uuid.UUID) error {
	if err := s.store.Unlock(ctx, accountKey(u.Email), s.entry(ctx, UserUnlocked, actor, u.ID)); err != nil {
		return fmt.Errorf("unlock a user: %w", err)
	}
	return nil
}
