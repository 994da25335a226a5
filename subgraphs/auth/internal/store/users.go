package store

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/subgraphs/auth/internal/ent"
	"medicore.dev/medicore/subgraphs/auth/internal/ent/predicate"
	"medicore.dev/medicore/subgraphs/auth/internal/ent/user"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

func toUser(row *ent.User) *identity.User {
	u := &identity.User{
		ID: row.ID, Email: row.Email, PasswordHash: row.PasswordHash,
		Role: principal.Role(row.Role), Status: identity.Status(row.Status), CreatedAt: row.CreatedAt.UTC(),
	}
	if row.LastLoginAt != nil {
		at := row.LastLoginAt.UTC()
		u.LastLoginAt = &at
	}
	return u
}

func toUsers(rows []*ent.User) []*identity.User {
	out := make([]*identity.User, len(rows))
	for i, row := range rows {
		out[i] = toUser(row)
	}
	return out
}

// known names the failures that the domain knows; doing is what was being done. Whatever else a database answers may not last,
// and is for the log.
func known(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ent.IsNotFound(err):
		return fault.New(fault.NotFound, "no such user")
	case ent.IsConstraintError(err):
		return &fault.Error{Code: fault.Conflict, Message: "email address already exists"}
	}
	return &fault.Error{Code: fault.Unavailable, Message: "the user database does not answer, try again", Err: fmt.Errorf("%s: %w", doing, err)}
}

// UserByID implements identity.Users.
func (s *Store) UserByID(ctx context.Context, id uuid.UUID) (*identity.User, error) {
	row, err := s.client.User.Get(ctx, id)
	if err != nil {
		return nil, known("get a user", err)
	}
	return toUser(row), nil
}

// UserByEmail implements identity.Users.
func (s *Store) UserByEmail(ctx context.Context, email string) (*identity.User, error) {
	row, err := s.client.User.Query().Where(user.Email(email)).Only(ctx)
	if err != nil {
		return nil, known("find a user", err)
	}
	return toUser(row), nil
}

// UsersByID implements identity.Users.
func (s *Store) UsersByID(ctx context.Context, ids []uuid.UUID) ([]*identity.User, error) {
	rows, err := s.client.User.Query().Where(user.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, known("get users", err)
	}
	return toUsers(rows), nil
}

func userFilter(f identity.UserFilter) []predicate.User {
	var where []predicate.User
	if f.Role != "" {
		where = append(where, user.RoleEQ(user.Role(f.Role)))
	}
	if f.Status != "" {
		where = append(where, user.StatusEQ(user.Status(f.Status)))
	}
	if f.EmailContains != "" {
		where = append(where, user.EmailContains(strings.ToLower(f.EmailContains)))
	}
	return where
}

// ListUsers implements identity.Users. An unknown After or Before is fault.Invalid.
func (s *Store) ListUsers(ctx context.Context, f identity.UserFilter, p identity.Page) ([]*identity.User, bool, error) {
	where := userFilter(f)
	for _, end := range []struct {
		id  uuid.UUID
		cut func(string) predicate.User
	}{{p.After, user.EmailGT}, {p.Before, user.EmailLT}} {
		if end.id == uuid.Nil {
			continue
		}
		u, err := s.UserByID(ctx, end.id)
		if fault.CodeOf(err) == fault.NotFound {
			return nil, false, fault.New(fault.Invalid, "the cursor names no user")
		}
		if err != nil {
			return nil, false, err
		}
		where = append(where, end.cut(u.Email))
	}
	order := user.ByEmail()
	if p.Last {
		order = user.ByEmail(sql.OrderDesc())
	}
	rows, err := s.client.User.Query().Where(where...).Order(order).Limit(p.Limit + 1).All(ctx)
	if err != nil {
		return nil, false, known("list users", err)
	}
	rows, more := stretch(rows, p)
	return toUsers(rows), more, nil
}

// stretch cuts the row too many, which says that there are more, and brings the rows into the list's order.
func stretch[T any](rows []T, p identity.Page) ([]T, bool) {
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	if p.Last {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
	return rows, more
}

// CountUsers implements identity.Users.
func (s *Store) CountUsers(ctx context.Context, f identity.UserFilter) (int, error) {
	n, err := s.client.User.Query().Where(userFilter(f)...).Count(ctx)
	return n, known("count users", err)
}

// CreateUser implements identity.Users.
func (s *Store) CreateUser(ctx context.Context, u *identity.User, entry identity.AuditEntry) error {
	return s.inTx(ctx, func(tx *ent.Tx) error {
		err := tx.User.Create().SetID(u.ID).SetEmail(u.Email).SetPasswordHash(u.PasswordHash).SetRole(user.Role(u.Role)).
			SetStatus(user.Status(u.Status)).SetCreatedAt(u.CreatedAt).Exec(ctx)
		if err != nil {
			return known("insert a user", err)
		}
		return addEntries(ctx, tx, entry)
	})
}

// ChangeUser implements identity.Users.
func (s *Store) ChangeUser(ctx context.Context, id uuid.UUID, change func(*identity.User, int) ([]identity.AuditEntry, error)) (*identity.User, error) {
	var u *identity.User
	err := s.inTx(ctx, func(tx *ent.Tx) error {
		admins := tx.User.Query().Where(user.RoleEQ(user.RoleADMIN), user.StatusEQ(user.StatusACTIVE)).Order(user.ByID())
		target := tx.User.Query().Where(user.ID(id))
		if s.locks() { // two administrators who deactivate each other take turns
			admins, target = admins.ForUpdate(), target.ForUpdate()
		}
		rows, err := admins.All(ctx)
		if err != nil {
			return known("lock the administrators", err)
		}
		others := 0
		for _, a := range rows {
			if a.ID != id {
				others++
			}
		}
		row, err := target.Only(ctx)
		if err != nil {
			return known("get a user", err)
		}
		u = toUser(row)
		entries, err := change(u, others)
		if err != nil || len(entries) == 0 {
			return err
		}
		err = tx.User.UpdateOneID(id).SetEmail(u.Email).SetPasswordHash(u.PasswordHash).SetRole(user.Role(u.Role)).SetStatus(user.Status(u.Status)).Exec(ctx)
		if err != nil {
			return known("change a user", err)
		}
		return addEntries(ctx, tx, entries...)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}
