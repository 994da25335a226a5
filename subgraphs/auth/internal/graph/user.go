package graph

import (
	"context"

	"github.com/google/uuid"

	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

// User is a user as GraphQL sees it.
type User identity.User

// IsEntity marks it as resolvable by key.
func (*User) IsEntity() {}

func (u *User) domain() *identity.User { return (*identity.User)(u) }

// user wraps what a use case answered.
func user(u *identity.User, err error) (*User, error) { return (*User)(u), err }

// revealed returns the field of the user if the caller may see it.
func revealed[T any](ctx context.Context, s *identity.Service, u *User, field T) (T, error) {
	if err := s.Reveal(ctx, u.domain()); err != nil {
		var none T
		return none, err
	}
	return field, nil
}

// usersByID resolves references, in their order; nil where there is no such user.
func usersByID(ctx context.Context, s *identity.Service, reps []*UserByIDsInput) ([]*User, error) {
	ids := make([]uuid.UUID, len(reps))
	for i, rep := range reps {
		ids[i], _ = uuid.Parse(rep.ID) // an id that is none names nobody, as uuid.Nil does
	}
	found, err := s.ByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*User, len(ids))
	for i, id := range ids {
		if id != uuid.Nil {
			out[i] = (*User)(found[id])
		}
	}
	return out, nil
}
