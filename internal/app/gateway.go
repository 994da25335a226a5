package app

import (
	"context"
	_ "embed" // the supergraph
	"time"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/rest"
	"medicore.dev/medicore/gateway/standalone"
	"medicore.dev/medicore/gateway/upstream"
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/module"
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
		if here := p.Services[name]; here != nil {
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

func (p *process) buildGateway() (module.Module, error) {
	return &host.Hosted{Process: p.Process, Name: Gateway, Addr: p.cfg.Listen.Gateway, Public: p.cfg.Listen.Ops != "", Build: func(ctx context.Context) (host.Service, error) {
		backends := p.backends()
		deps := gateway.Deps{
			Log: p.Log, Tokens: p.tokens, Backends: backends, Routes: routes(), Supergraph: ownSupergraph,
			Identify:   standalone.IdentifyOwn(p.cfg.Gateway.Auth.PolicyClaim),
			Validator:  &gateway.Validator{Backend: Auth, Path: "/validate", RoleHeader: auth.StoredRole},
			Credential: func() (string, error) { return p.tokens.Service(Gateway, time.Now()) },
			Console:    admin.Console, GraphiQL: admin.GraphiQL, Metrics: p.Metrics.Registry,
		}
		for name, sdl := range map[string]string{Auth: auth.SDL, Profiles: profiles.SDL, Billing: billing.SDL, Analytics: analytics.SDL} {
			deps.Subgraphs = append(deps.Subgraphs, gateway.Subgraph{Name: name, Path: "/graphql", SDL: sdl, Poll: p.Services[name] == nil})
		}
		g, err := gateway.New(ctx, p.cfg.Gateway, deps)
		if err != nil {
			return nil, err
		}
		return g, nil
	}}, nil
}
