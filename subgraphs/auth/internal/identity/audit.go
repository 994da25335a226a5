package identity

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/principal"
)

// Action names a security event.
type Action string

// The security events. LoginLocked is written once when a limit is reached, not for each attempt refused after it, so that
// no one can flood the log.
const (
	LoginSucceeded  Action = "LOGIN_SUCCEEDED"
	LoginFailed     Action = "LOGIN_FAILED"
	LoginLocked     Action = "LOGIN_LOCKED"
	UserCreated     Action = "USER_CREATED"
	UserUpdated     Action = "USER_UPDATED"
	UserDeactivated Action = "USER_DEACTIVATED"
	UserUnlocked    Action = "USER_UNLOCKED"
	PasswordChanged Action = "PASSWORD_CHANGED"
)

// Actions lists them.
func Actions() []Action {
	return []Action{LoginSucceeded, LoginFailed, LoginLocked, UserCreated, UserUpdated, UserDeactivated, UserUnlocked, PasswordChanged}
}

// AuditEntry is one security event: who did what to whom. It names users by id and holds no secret.
type AuditEntry struct {
	ID            uuid.UUID // version 7: ordered by time
	At            time.Time
	Action        Action
	ActorID       *uuid.UUID // nil: nobody known, or the system
	SubjectID     *uuid.UUID
	ClientAddress string // "" when there is none
}

// AuditFilter narrows the log; zero values do not.
type AuditFilter struct {
	Action             Action
	ActorID, SubjectID *uuid.UUID
	From, To           *time.Time // From inclusive, To exclusive
}

// AuditLog reads the log; entries are added with what they tell of.
type AuditLog interface {
	// ListEntries returns at most p.Limit entries, newest first, and whether there are more beyond.
	ListEntries(ctx context.Context, f AuditFilter, p Page) (entries []AuditEntry, more bool, err error)
	CountEntries(ctx context.Context, f AuditFilter) (int, error)
}

// entry returns a new entry about the user with id subject; uuid.Nil for actor and subject means none.
func (s *Service) entry(ctx context.Context, a Action, actor, subject uuid.UUID) AuditEntry {
	e := AuditEntry{ID: uuid.Must(uuid.NewV7()), At: s.now(), Action: a, ClientAddress: ClientAddress(ctx)}
	if actor != uuid.Nil {
		e.ActorID = &actor
	}
	if subject != uuid.Nil {
		e.SubjectID = &subject
	}
	return e
}

func (f AuditFilter) check() error {
	if f.Action != "" && !slices.Contains(Actions(), f.Action) {
		return invalid(map[string]string{"action": "Action should be one of the audit log's"})
	}
	return nil
}

// Audit returns a page of the audit log, newest first. It needs audit:read.
func (s *Service) Audit(ctx context.Context, f AuditFilter, p Page) ([]AuditEntry, bool, error) {
	if _, err := s.require(ctx, principal.AuditRead); err != nil {
		return nil, false, err
	}
	if err := f.check(); err != nil {
		return nil, false, err
	}
	return s.store.ListEntries(ctx, f, p)
}

// AuditCount returns how many entries the filter lets through. It needs audit:read.
func (s *Service) AuditCount(ctx context.Context, f AuditFilter) (int, error) {
	if _, err := s.require(ctx, principal.AuditRead); err != nil {
		return 0, err
	}
	if err := f.check(); err != nil {
		return 0, err
	}
	return s.store.CountEntries(ctx, f)
}

type addressKey struct{}

// WithClientAddress returns ctx with the address of the client on whose behalf a request runs.
func WithClientAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// ClientAddress returns the client's address; "" when none is known.
func ClientAddress(ctx context.Context) string {
	a, _ := ctx.Value(addressKey{}).(string)
	return a
}
