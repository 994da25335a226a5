package identity

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// recordTimeout is how long the result of a sign-in may take to be kept after its caller has gone.
const recordTimeout = 5 * time.Second

// SignedIn is what a successful sign-in gives.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time
	User      *User
}

// SignIn checks the password and returns a token. Whatever is wrong, it returns fault.Unauthenticated after the same time
// for known and unknown users; *Throttled is in the chain when the attempt was refused unseen. The client's address is the
// one in ctx.
func (s *Service) SignIn(ctx context.Context, email, password string) (*SignedIn, error) {
	normal, ok := normalEmail(email)
	if !ok {
		normal = strings.ToLower(strings.TrimSpace(email))
	}
	u, at, err := s.authenticate(ctx, normal, password)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, fault.New(fault.Unauthenticated, "wrong email address or password")
	}
	now := s.now()
	tok, end, err := s.signer.Sign(principal.Principal{Subject: u.Email, UserID: u.ID.String(), Role: u.Role}, now)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if err := s.store.SignedIn(ctx, u.ID, now, at, s.entry(ctx, LoginSucceeded, u.ID, u.ID)); err != nil {
		return nil, fmt.Errorf("keep a sign-in: %w", err)
	}
	u.LastLoginAt, u.self = &now, true
	return &SignedIn{Token: tok, ExpiresAt: end, User: u}, nil
}

// authenticate returns the active user with that email address and password, nil when there is none: that failure is
// counted. It is the only place where passwords are compared.
func (s *Service) authenticate(ctx context.Context, email, password string) (*User, Place, error) {
	at := Place{Account: accountKey(email), Address: network(ClientAddress(ctx))}
	if err := s.admit(ctx, at); err != nil {
		return nil, at, err
	}
	var u *User
	if _, ok := normalEmail(email); ok {
		var err error
		if u, err = s.store.UserByEmail(ctx, email); err != nil && fault.CodeOf(err) != fault.NotFound {
			return nil, at, fmt.Errorf("look up who signs in: %w", err)
		}
		if err != nil {
			u = nil
		}
	}
	if utf8.RuneCountInString(password) < minPasswordLength {
		return nil, at, s.failed(ctx, at, u)
	}
	release, err := s.hasher.acquire(ctx)
	if err != nil {
		return nil, at, err
	}
	defer release()
	// Attempts that were under way when a limit was reached are refused here. As a failure is counted before the next attempt
	// gets the slot, sending many at once gains no more guesses than there are slots.
	account, address, err := s.store.Failures(ctx, at)
	if err != nil {
		return nil, at, fmt.Errorf("read failed sign-ins: %w", err)
	}
	if d := refused(account, address, s.now()); d > 0 {
		return nil, at, throttled(d)
	}
	if s.hasher.matches(u, password) && u.Status == Active {
		return u, at, nil
	}
	return nil, at, s.failed(ctx, at, u)
}

// admit holds a sign-in back as long as the failures before it ask for, and refuses it beyond the limits.
func (s *Service) admit(ctx context.Context, at Place) error {
	account, address, err := s.store.Failures(ctx, at)
	if err != nil {
		return fmt.Errorf("read failed sign-ins: %w", err)
	}
	now := s.now()
	if d := refused(account, address, now); d > 0 {
		return throttled(d)
	}
	d := delay(account, now)
	if d == 0 {
		return nil
	}
	select {
	case s.delayed <- struct{}{}:
		defer func() { <-s.delayed }()
	default:
		return throttled(d)
	}
	if err := s.pause(ctx, d); err != nil {
		return fmt.Errorf("hold a sign-in back: %w", err)
	}
	return nil
}

// failed counts a failure even when the caller has gone meanwhile: hanging up must not buy guesses.
func (s *Service) failed(ctx context.Context, at Place, u *User) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	var subject uuid.UUID
	if u != nil {
		subject = u.ID
	}
	locked := false
	err := s.store.Fail(ctx, at, func(account, address *Count) []AuditEntry {
		entries := []AuditEntry{s.entry(ctx, LoginFailed, uuid.Nil, subject)}
		if locked = fail(account, address, s.now()); locked {
			entries = append(entries, s.entry(ctx, LoginLocked, uuid.Nil, subject))
		}
		return entries
	})
	if err != nil {
		return fmt.Errorf("count a failed sign-in: %w", err)
	}
	if locked {
		s.log.LogAttrs(ctx, slog.LevelWarn, "sign-in locked after too many failures", slog.String("user_id", id(subject)), slog.String("client_address", ClientAddress(ctx)))
	}
	return nil
}

func id(u uuid.UUID) string {
	if u == uuid.Nil {
		return "unknown"
	}
	return u.String()
}

// ChangePassword gives the caller a new password. A wrong current one is fault.Invalid and counts as a failed sign-in.
// Tokens issued before stay valid until they expire.
func (s *Service) ChangePassword(ctx context.Context, current, next string) error {
	me, err := s.caller(ctx)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	checkPassword(fields, "newPassword", next)
	if err := invalid(fields); err != nil {
		return err
	}
	u, _, err := s.authenticate(ctx, me.Email, current)
	if err != nil {
		return err
	}
	if u == nil {
		return invalid(map[string]string{"currentPassword": "Current password is wrong"})
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	_, err = s.store.ChangeUser(ctx, me.ID, func(u *User, _ int) ([]AuditEntry, error) {
		u.PasswordHash = hash
		return []AuditEntry{s.entry(ctx, PasswordChanged, me.ID, me.ID)}, nil
	})
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	return nil
}
