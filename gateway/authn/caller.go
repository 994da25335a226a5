package authn

import (
	"context"
	"slices"

	"medicore.dev/medicore/internal/token"
)

// Caller is who a request is made for, and what the requirements of a schema can ask of them. The zero value is nobody.
type Caller struct {
	Subject  string
	Scopes   []string // granted
	Policies []string // met, as far as the token tells
	Admin    bool     // may see what administrators are told
	Service  bool     // no user: nobody is asked whether they are active
}

// Authenticated reports whether there is a caller at all.
func (c Caller) Authenticated() bool { return c.Subject != "" }

// Has reports whether the caller was granted the scope.
func (c Caller) Has(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Claims names the claims of a token that say what its caller may do.
type Claims struct {
	Scopes   []string // each a string of scopes separated by spaces, or a list of them
	Policies string   // alike for policies; "": tokens name none
	Admin    string   // scope that administrators have; "": there are none
}

// Caller is an Options.Identify that believes the claims. Everybody with a valid token is a caller.
func (n Claims) Caller(c *token.Claims) (Caller, bool) {
	who := Caller{Subject: c.Subject, Policies: c.Strings(n.Policies)}
	for _, name := range n.Scopes {
		who.Scopes = append(who.Scopes, c.Strings(name)...)
	}
	who.Admin = n.Admin != "" && who.Has(n.Admin)
	return who, true
}

type callerKey struct{}

// NewContext returns ctx with the caller in it.
func NewContext(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// FromContext returns the caller; the zero value when there is none.
func FromContext(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

type policiesKey struct{}

// WithPolicies returns ctx that knows of policies that are met, whoever calls.
func WithPolicies(ctx context.Context, policies []string) context.Context {
	return context.WithValue(ctx, policiesKey{}, policies)
}

// Policies decides the policies by what the caller's token and WithPolicies say. One that neither names is not met.
func Policies(ctx context.Context, asked []string) (map[string]bool, error) {
	told, _ := ctx.Value(policiesKey{}).([]string)
	met := map[string]bool{}
	for _, list := range [][]string{told, FromContext(ctx).Policies} {
		for _, p := range list {
			met[p] = slices.Contains(asked, p)
		}
	}
	return met, nil
}
