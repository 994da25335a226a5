// Package principal says who is calling and what they may do: roles, the scopes each role stands for, and the caller in
// a request's context. It is the one table of rights; the gateway and every service ask it.
package principal

import (
	"context"
	"slices"

	"medicore.dev/medicore/internal/fault"
)

// Role is a user's role.
type Role string

// The roles. Service is for calls between our own services; no user can have it.
const (
	Admin     Role = "ADMIN"
	Clinician Role = "CLINICIAN"
	Billing   Role = "BILLING"
	Analyst   Role = "ANALYST"
	Service   Role = "SERVICE"
)

// Scope is a right, as @requiresScopes names it.
type Scope string

// The scopes.
const (
	ProfileName    Scope = "profile:name" // a profile's id and name only
	ProfileRead    Scope = "profile:read"
	ProfileWrite   Scope = "profile:write"
	BillingRead    Scope = "billing:read"
	BillingWrite   Scope = "billing:write"
	BillingOpen    Scope = "billing:open" // open and close accounts: the profiles service
	AnalyticsRead  Scope = "analytics:read"
	AnalyticsAdmin Scope = "analytics:admin" // dead letters
	UserAdmin      Scope = "user:admin"
	AuditRead      Scope = "audit:read"
)

var scopes = map[Role][]Scope{
	Admin:     {ProfileName, ProfileRead, ProfileWrite, BillingRead, BillingWrite, AnalyticsRead, AnalyticsAdmin, UserAdmin, AuditRead},
	Clinician: {ProfileName, ProfileRead, ProfileWrite},
	Billing:   {ProfileName, BillingRead, BillingWrite},
	Analyst:   {AnalyticsRead},
	Service:   {BillingOpen},
}

// Roles returns the roles a user can have, in the order they are shown.
func Roles() []Role { return []Role{Admin, Clinician, Billing, Analyst} }

// Valid reports whether a user can have the role.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Scopes returns what the role may do; nil for an unknown role.
func (r Role) Scopes() []Scope { return scopes[r] }

// Principal is an authenticated caller. The zero value is nobody.
type Principal struct {
	Subject string // email address of a user, name of a service. PHI-free logs record UserID only
	UserID  string // UUID of the user; "" when the token does not carry it, and for services
	Role    Role
}

// Has reports whether the principal's role has the scope.
func (p Principal) Has(s Scope) bool { return slices.Contains(scopes[p.Role], s) }

// Authenticated reports whether there is a caller at all.
func (p Principal) Authenticated() bool { return p.Subject != "" }

type contextKey struct{}

// NewContext returns ctx with the caller in it.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the caller; the zero value when there is none.
func FromContext(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}

// Require returns nil if the caller has the scope, fault.Unauthenticated if there is no caller, else fault.Forbidden.
func Require(ctx context.Context, s Scope) error {
	p := FromContext(ctx)
	switch {
	case !p.Authenticated():
		return fault.New(fault.Unauthenticated, "a valid token is required")
	case !p.Has(s):
		return fault.New(fault.Forbidden, "this needs the scope %s", s)
	}
	return nil
}
