package app

import (
	"context"
	_ "embed" // the supergraph
	"errors"
	"fmt"
	"time"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/registry"
	"medicore.dev/medicore/gateway/rest"
	"medicore.dev/medicore/gateway/upstream"
	"medicore.dev/medicore/internal/module"
	"medicore.dev/medicore/internal/observe"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/serve"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/analytics"
	"medicore.dev/medicore/subgraphs/auth"
	"medicore.dev/medicore/subgraphs/billing"
	"medicore.dev/medicore/subgraphs/profiles"
	"medicore.dev/medicore/web/admin"
)

//go:generate go run ./supergraphgen

// ownSupergraph is composed of our four subgraphs when the binary is built: what is served until they tell otherwise.
//
//go:embed supergraph.graphql
var ownSupergraph string

// backends says how each service is reached: in memory when it runs in this process, else over the network.
func (p *process) backends() map[string]gateway.Backend {
	out := map[string]gateway.Backend{}
	for name, urls := range map[string][]string{
		Auth: p.cfg.Services.Auth, Profiles: p.cfg.Services.Profiles, Billing: p.cfg.Services.Billing, Analytics: p.cfg.Services.Analytics,
	} {
		if here := p.services[name]; here != nil {
			out[name] = gateway.Backend{URLs: []string{"http://" + name}, Transport: upstream.InProcess(here.Handler())}
		} else {
			out[name] = gateway.Backend{URLs: urls}
		}
	}
	return out
}

// routes are the REST routes that existing clients use.
func routes() []rest.Route {
	return []rest.Route{
		{Prefix: "/auth", Strip: "/auth", Service: Auth},
		{Prefix: "/api/medical-profiles", Strip: "/api", Guarded: true, Service: Profiles},
		{Prefix: "/api-docs/auth", Rewrite: "/v3/api-docs", Service: Auth},
		{Prefix: "/api-docs/medical-profiles", Rewrite: "/v3/api-docs", Service: Profiles},
	}
}

// identify says who our own tokens stand for: what a caller may do is said by the role. policyClaim may name the claim that
// lists the policies they meet.
func identify(policyClaim string) func(*token.Claims) (authn.Caller, bool) {
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
		if ours, known := identify("")(c); known {
			who.Scopes = append(who.Scopes, ours.Scopes...)
			who.Admin = who.Admin || ours.Admin
		}
		return who, ok
	}
}

func (p *process) buildGateway() (module.Module, error) {
	return &hosted{p: p, name: Gateway, addr: p.cfg.Listen.Gateway, build: func(ctx context.Context) (service, error) {
		backends := p.backends()
		deps := gateway.Deps{
			Log: p.opt.Log, Tokens: p.tokens, Backends: backends, Routes: routes(), Supergraph: ownSupergraph,
			Identify:   identify(p.cfg.Gateway.Auth.PolicyClaim),
			Validator:  &gateway.Validator{Backend: Auth, Path: "/validate", RoleHeader: auth.StoredRole},
			Credential: func() (string, error) { return p.tokens.Service(Gateway, time.Now()) },
			Console:    admin.Console, GraphiQL: admin.GraphiQL, Metrics: p.metrics.Registry,
		}
		for name, sdl := range map[string]string{Auth: auth.SDL, Profiles: profiles.SDL, Billing: billing.SDL, Analytics: analytics.SDL} {
			deps.Subgraphs = append(deps.Subgraphs, gateway.Subgraph{Name: name, Path: "/graphql", SDL: sdl, Poll: p.services[name] == nil})
		}
		g, err := gateway.New(ctx, p.cfg.Gateway, deps)
		if err != nil {
			return nil, err
		}
		return g, nil
	}}, nil
}

// Federation is a gateway alone, over anybody's subgraphs.
type Federation struct {
	Config     gateway.Config
	Listen     string             // host:port
	Ops        string             // host:port of metrics and the detail of readiness; "": they are served on Listen
	Profiles   bool               // serve profiles on Ops
	Subgraphs  []gateway.Subgraph // with their schemas, or to be asked for them
	Backends   map[string]gateway.Backend
	Follow     registry.Look // for the whole supergraph, when there are no Subgraphs
	FollowFrom string        // where that looks
	JWTSecret  string        // verifies tokens; "": requests have no caller
}

// Federate runs a gateway alone until ctx ends.
func Federate(ctx context.Context, f Federation, opt Options) error {
	if err := f.Config.Validate(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if f.Profiles && f.Ops == "" {
		return errors.New("configuration: --ops-profiles needs --ops-listen, since clients have no business with profiles")
	}
	cfg := DefaultConfig()
	cfg.Target, cfg.Listen.Gateway, cfg.Listen.Ops, cfg.Listen.OpsProfiles = []string{Gateway}, f.Listen, f.Ops, f.Profiles
	p := &process{cfg: cfg, opt: opt, state: &serve.State{}, metrics: observe.NewMetrics(), services: map[string]service{}}
	deps := gateway.Deps{
		Log: opt.Log, Backends: f.Backends, Subgraphs: f.Subgraphs, Follow: f.Follow, FollowFrom: f.FollowFrom,
		GraphiQL: admin.GraphiQL, Metrics: p.metrics.Registry, OpenAdmin: loopback(f.Listen), Identify: identifyAnybody(f.Config.Auth),
	}
	if f.JWTSecret != "" {
		var err error
		if deps.Tokens, err = token.NewAuthority(f.JWTSecret, ""); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	}
	var s module.Set
	s.Add(Gateway, func() (module.Module, error) {
		return &hosted{p: p, name: Gateway, addr: f.Listen, build: func(ctx context.Context) (service, error) { return gateway.New(ctx, f.Config, deps) }}, nil
	})
	targets := []string{Gateway}
	if f.Ops != "" {
		s.Add(ops, p.buildOps)
		targets = append(targets, ops)
	}
	return p.run(ctx, &s, targets...)
}
