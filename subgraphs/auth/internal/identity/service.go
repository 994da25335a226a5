package identity

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Store keeps what the service knows.
type Store interface {
	Users
	Failures
	AuditLog
}

// Signer makes tokens.
type Signer interface {
	// Sign returns a token for the user, valid from now, and its end.
	Sign(p principal.Principal, now time.Time) (string, time.Time, error)
}

// Options of the service. Cost and Parallel must be set.
type Options struct {
	Cost     int                                              // of BCrypt
	Parallel int                                              // BCrypt computations at a time
	Clock    func() time.Time                                 // nil: time.Now
	Pause    func(ctx context.Context, d time.Duration) error // holds a sign-in back; nil: a timer
}

// Service is the use cases. Safe for concurrent use.
type Service struct {
	store   Store
	signer  Signer
	log     *slog.Logger
	hasher  *hasher
	clock   func() time.Time
	pause   func(ctx context.Context, d time.Duration) error
	delayed chan struct{} // one for each sign-in held back
}

// New returns the service.
func New(store Store, signer Signer, log *slog.Logger, opts Options) (*Service, error) {
	h, err := newHasher(opts.Cost, opts.Parallel)
	if err != nil {
		return nil, err
	}
	s := &Service{store: store, signer: signer, log: log, hasher: h, clock: opts.Clock, pause: opts.Pause, delayed: make(chan struct{}, maxDelayed)}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.pause == nil {
		s.pause = wait
	}
	return s, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// now is the present in UTC, no finer than every database keeps it.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Check returns the stored user whom a verified token names: fault.Unauthenticated when there is none or who is not active,
// or whose email address has changed since. The token's role is not judged: compare it with the user's.
func (s *Service) Check(ctx context.Context, p principal.Principal) (*User, error) {
	var u *User
	var err error
	if id, bad := uuid.Parse(p.UserID); bad == nil {
		u, err = s.store.UserByID(ctx, id)
	} else {
		u, err = s.store.UserByEmail(ctx, p.Subject)
	}
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return nil, fault.New(fault.Unauthenticated, "a valid token is required")
	case err != nil:
		return nil, fmt.Errorf("look up the token's user: %w", err)
	case u.Status != Active, u.Email != p.Subject:
		return nil, fault.New(fault.Unauthenticated, "a valid token is required")
	}
	return u, nil
}

// caller returns the user who calls: fault.Unauthenticated when there is none, fault.Forbidden when the token's role is not
// the user's.
func (s *Service) caller(ctx context.Context) (*User, error) {
	p := principal.FromContext(ctx)
	if !p.Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "a valid token is required")
	}
	u, err := s.Check(ctx, p)
	if err != nil {
		return nil, err
	}
	if u.Role != p.Role {
		return nil, fault.New(fault.Forbidden, "the token's role is not the user's: sign in again")
	}
	return u, nil
}

// require returns the caller, who must have the scope.
func (s *Service) require(ctx context.Context, scope principal.Scope) (*User, error) {
	if err := principal.Require(ctx, scope); err != nil {
		return nil, err
	}
	return s.caller(ctx)
}

// Reveal returns nil if the caller may see the user's fields beside the ID: the user itself and user:admin may. Else it
// returns fault.Unauthenticated or fault.Forbidden.
func (s *Service) Reveal(ctx context.Context, u *User) error {
	p := principal.FromContext(ctx)
	switch known := u.Role != ""; {
	case known && u.self:
		return nil
	case known && p.UserID == u.ID.String(), known && p.UserID == "" && p.Subject == u.Email:
		return nil
	}
	if err := principal.Require(ctx, principal.UserAdmin); err != nil {
		return err
	}
	return nil
}

// Forget removes what the throttle no longer needs.
func (s *Service) Forget(ctx context.Context) error { return s.store.Forget(ctx, s.now()) }
