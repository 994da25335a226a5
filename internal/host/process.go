// Package host runs the parts of one process: services with their listeners, one readiness, one registry of metrics, and
// a stop that drains. It knows no service.
package host

import (
	"context"
	"log/slog"
	"net/http"

	"medicore.dev/medicore/internal/module"
	"medicore.dev/medicore/internal/observe"
	"medicore.dev/medicore/internal/serve"
)

// Options of a process.
type Options struct {
	Log     *slog.Logger
	Version string
}

// Process is what the parts of one process share.
type Process struct {
	Options
	Metrics  *observe.Metrics
	Services map[string]Service // those that run here, by name: each puts itself in when it starts
	state    serve.State
}

// NewProcess returns a process in which nothing runs.
func NewProcess(opt Options) *Process {
	return &Process{Options: opt, Metrics: observe.NewMetrics(), Services: map[string]Service{}}
}

// Run runs the targets of the table until ctx ends, then drains them. It returns why it could not start or had to stop.
// gateway is the address that the log tells when all is ready.
func (p *Process) Run(ctx context.Context, table *module.Set, gateway string, targets ...string) error {
	return table.Run(ctx, module.Options{
		Ready: func() {
			p.state.Set(true)
			p.Log.LogAttrs(ctx, slog.LevelInfo, "ready", slog.Any("target", targets), slog.String("gateway", gateway), slog.String("version", p.Version))
		},
		Drain: func() { p.state.Set(false) },
		Event: func(name, state string) {
			p.Log.LogAttrs(ctx, slog.LevelDebug, "part changed", slog.String("part", name), slog.String("state", state))
		},
	}, targets...)
}

// Ops serves metrics and the state of all parts of the process on an address of their own.
type Ops struct {
	Process  *Process
	Addr     string // host:port
	Profiles bool   // serve profiles of the process too

	listener *serve.HTTP
}

// OpsName is the name of Ops among the parts.
const OpsName = "ops"

// Start listens.
func (o *Ops) Start(ctx context.Context) (err error) {
	p := o.Process
	mux := http.NewServeMux()
	serve.Ops{State: &p.state, Version: p.Version, Metrics: p.Metrics.Registry, Profiles: o.Profiles, Health: p.health}.Register(mux)
	o.listener, err = serve.Listen(ctx, OpsName, o.Addr, mux, p.Log)
	return err
}

// Run serves until Stop is called.
func (o *Ops) Run(context.Context) error { return o.listener.Run() }

// Stop ends it.
func (o *Ops) Stop(ctx context.Context) error { return o.listener.Stop(ctx) }

// health is what all services say of what they depend on.
func (p *Process) health(ctx context.Context) map[string]string {
	out := map[string]string{}
	for name, s := range p.Services {
		for what, state := range s.Health(ctx) {
			out[name+" "+what] = state
		}
	}
	return out
}
