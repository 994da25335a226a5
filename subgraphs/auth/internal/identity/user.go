// Package identity is the domain of the auth service: users and their roles, signing in and its throttle, and the audit
// log of security events. It decides who may do what and holds every rule; it does no I/O of its own, but through the
// small interfaces it declares.
package identity

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/principal"
)

// Status says whether a user may sign in.
type Status string

// The states of a user.
const (
	Active      Status = "ACTIVE"
	Deactivated Status = "DEACTIVATED"
)

// User is a person who signs in. One of which only the ID is known to the caller (see Service.Users) has no Role.
type User struct {
	ID           uuid.UUID
	Email        string // lower case: addresses that differ in case only are one
	PasswordHash string // BCrypt
	Role         principal.Role
	Status       Status
	CreatedAt    time.Time
	LastLoginAt  *time.Time
	self         bool // signed in by this very request, which may see the fields
}

// UserFilter narrows a list of users; zero values do not.
type UserFilter struct {
	Role          principal.Role
	Status        Status
	EmailContains string // in any case
}

func (f UserFilter) check() error {
	if !text(f.EmailContains) {
		return invalid(map[string]string{"emailContains": "Control characters are not part of an address"})
	}
	return nil
}

// Users keeps the users.
type Users interface {
	// UserByID and UserByEmail return fault.NotFound when there is no such user.
	UserByID(ctx context.Context, id uuid.UUID) (*User, error)
	UserByEmail(ctx context.Context, email string) (*User, error)
	// UsersByID returns those that exist, in any order, with one query.
	UsersByID(ctx context.Context, ids []uuid.UUID) ([]*User, error)
	// ListUsers returns at most p.Limit users, by email address, and whether there are more beyond.
	ListUsers(ctx context.Context, f UserFilter, p Page) (users []*User, more bool, err error)
	CountUsers(ctx context.Context, f UserFilter) (int, error)
	// CreateUser keeps a user together with the audit entry. It returns fault.Conflict when the email address is taken.
	CreateUser(ctx context.Context, u *User, entry AuditEntry) error
	// ChangeUser changes one user alone: change sees the current user and how many other active administrators there
	// are, of which none changes meanwhile; the user and the entries it returns are kept together. Errors of change
	// are returned as they are. fault.NotFound and fault.Conflict as above.
	ChangeUser(ctx context.Context, id uuid.UUID, change func(u *User, otherAdmins int) ([]AuditEntry, error)) (*User, error)
}

// text reports whether every database can hold the string.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// normalEmail returns the address in the form in which it is kept and compared, and whether it is one.
func normalEmail(email string) (string, bool) {
	email = strings.ToLower(strings.TrimSpace(email))
	if len(email) > 254 || !text(email) {
		return "", false
	}
	a, err := mail.ParseAddress(email)
	return email, err == nil && a.Address == email
}

func checkRole(fields map[string]string, r principal.Role) {
	if !r.Valid() {
		fields["role"] = "Role should be ADMIN, CLINICIAN, BILLING or ANALYST"
	}
}

func checkEmail(fields map[string]string, email string) string {
	normal, ok := normalEmail(email)
	switch {
	case strings.TrimSpace(email) == "":
		fields["email"] = "Email is required"
	case !ok:
		fields["email"] = "Email should be valid"
	}
	return normal
}

func invalid(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	err := fault.New(fault.Invalid, "the input is not valid")
	err.Fields = fields
	return err
}
