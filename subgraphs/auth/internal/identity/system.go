package identity

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// The user that a fresh store is seeded with.
const (
	SeedEmail    = "testpriti@test.com"
	SeedPassword = "password123"
	// seedHash is of SeedPassword, so that seeding computes none.
	seedHash = "$2a$12$5LgQNDM/GfOk3HiFSdJa3OS78z5ZhKY/iU102hIrHLmVW3/vlEC96"
)

// SeedID is the seeded user's id.
var SeedID = uuid.MustParse("b16d3e64-25ec-4f60-93be-951531ce169a")

// CreateAsSystem is Create without a caller, for the command line.
func (s *Service) CreateAsSystem(ctx context.Context, in NewUser) (*User, error) {
	return s.create(ctx, in, uuid.Nil)
}

// UnlockAsSystem is Unlock without a caller, for the command line.
func (s *Service) UnlockAsSystem(ctx context.Context, email string) error {
	normal, _ := normalEmail(email)
	u, err := s.store.UserByEmail(ctx, normal)
	if err != nil {
		return err
	}
	return s.unlock(ctx, u, uuid.Nil)
}

// Bootstrap creates the first user, an administrator, if there is no user at all.
func (s *Service) Bootstrap(ctx context.Context, email, password string) error {
	empty, err := s.empty(ctx)
	if err != nil || !empty {
		return err
	}
	u, err := s.create(ctx, NewUser{Email: email, Password: password, Role: principal.Admin}, uuid.Nil)
	if fault.CodeOf(err) == fault.Conflict { // another copy was first
		return nil
	}
	if err != nil {
		return fmt.Errorf("create the first administrator: %w", err)
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "first administrator created", slog.String("user_id", u.ID.String()))
	return nil
}

// Seed creates the well-known administrator if there is no user at all.
func (s *Service) Seed(ctx context.Context) error {
	empty, err := s.empty(ctx)
	if err != nil || !empty {
		return err
	}
	hash := seedHash
	if s.hasher.cost != defaultCost {
		if hash, err = s.hasher.hash(ctx, SeedPassword); err != nil {
			return err
		}
	}
	_, err = s.add(ctx, &User{ID: SeedID, Email: SeedEmail, PasswordHash: hash, Role: principal.Admin}, uuid.Nil)
	if fault.CodeOf(err) == fault.Conflict { // another copy was first
		return nil
	}
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "seeded an administrator with a publicly known password: change it before others can reach this", slog.String("user_id", SeedID.String()))
	return nil
}

// SeededPasswordUnchanged reports whether somebody can sign in with the seeded password.
func (s *Service) SeededPasswordUnchanged(ctx context.Context) (bool, error) {
	byID, err := s.store.UsersByID(ctx, []uuid.UUID{SeedID})
	if err != nil {
		return false, fmt.Errorf("look for the seeded user: %w", err)
	}
	byEmail, err := s.store.UserByEmail(ctx, SeedEmail)
	if err == nil {
		byID = append(byID, byEmail)
	} else if fault.CodeOf(err) != fault.NotFound {
		return false, fmt.Errorf("look for the seeded user: %w", err)
	}
	for i, u := range byID {
		if u.Status != Active || i > 0 && u.ID == byID[0].ID {
			continue
		}
		if u.PasswordHash == seedHash || bcrypt.CompareHashAndPassword([]byte(u.PasswordHash), []byte(SeedPassword)) == nil {
			return true, nil
		}
	}
	return false, nil
}

func (s *Service) empty(ctx context.Context) (bool, error) {
	n, err := s.store.CountUsers(ctx, UserFilter{})
	if err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	return n == 0, nil
}
