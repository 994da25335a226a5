package standalone

import (
	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
)

// IdentifyOwn says who our own tokens stand for: what a caller may do is said by the role. policyClaim may name the claim that
// lists the policies they meet.
func IdentifyOwn(policyClaim string) func(*token.Claims) (authn.Caller, bool) {
	return func(c *token.Claims) (authn.Caller, bool) {
		who := authn.Caller{
			Subject: c.Subject, Policies: c.Strings(policyClaim),
			Admin: c.Role == principal.Admin, Service: c.Role == principal.Service,
		}
		for _, s := range c.Role.Scopes() {
			who.Scopes = append(who.Scopes, string(s))
		}
		return who, c.Role.Valid() || who.Service
	}
}

// identifyAnybody says who tokens of any issuer stand for: what the claims grant, and what the role does in our own tokens.
func identifyAnybody(cfg gateway.Auth) func(*token.Claims) (authn.Caller, bool) {
	return func(c *token.Claims) (authn.Caller, bool) {
		who, ok := cfg.Claims().Caller(c)
		if ours, known := IdentifyOwn("")(c); known {
			who.Scopes = append(who.Scopes, ours.Scopes...)
			who.Admin = who.Admin || ours.Admin
		}
		return who, ok
	}
}
