// Package standalone runs a gateway alone, over anybody's subgraphs: the gateway of the general program and of
// "medicore gateway". It knows none of the platform's services.
package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/gateway/registry"
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/internal/module"
	"medicore.dev/medicore/internal/serve"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/web/admin"
)

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

// name is what logs and metrics call it.
const name = "gateway"

// Run runs the gateway until ctx ends, then drains it. It returns why it could not start or had to stop.
func Run(ctx context.Context, f Federation, opt host.Options) error {
	if err := f.Config.Validate(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if f.Profiles && f.Ops == "" {
		return errors.New("configuration: --ops-profiles needs --ops-listen, since clients have no business with profiles")
	}
	p := host.NewProcess(opt)
	deps := gateway.Deps{
		Log: opt.Log, Backends: f.Backends, Subgraphs: f.Subgraphs, Follow: f.Follow, FollowFrom: f.FollowFrom,
		GraphiQL: admin.GraphiQL, Metrics: p.Metrics.Registry, OpenAdmin: serve.Loopback(f.Listen), Identify: identifyAnybody(f.Config.Auth),
	}
	if f.JWTSecret != "" {
		var err error
		if deps.Tokens, err = token.NewAuthority(f.JWTSecret, ""); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	}
	var s module.Set
	s.Add(name, func() (module.Module, error) {
		return &host.Hosted{Process: p, Name: name, Addr: f.Listen, Level: slog.LevelDebug, Public: f.Ops != "", Build: func(ctx context.Context) (host.Service, error) {
			return gateway.New(ctx, f.Config, deps)
		}}, nil
	})
	targets := []string{name}
	if f.Ops != "" {
		s.Add(host.OpsName, func() (module.Module, error) { return &host.Ops{Process: p, Addr: f.Ops, Profiles: f.Profiles}, nil })
		targets = append(targets, host.OpsName)
	}
	return p.Run(ctx, &s, f.Listen, targets...)
}
