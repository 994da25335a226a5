package host

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"golang.org/x/sync/errgroup"

	"medicore.dev/medicore/internal/serve"
)

// Service is what the services and the gateway have in common.
type Service interface {
	Handler() http.Handler
	Run(ctx context.Context) error
	Close() error
	Health(ctx context.Context) map[string]string
}

// Hosted is a service with its listeners: requests and background work begin together, and requests drain before the
// work ends and the store is closed.
type Hosted struct {
	Process *Process
	Name    string
	Addr    string // host:port
	Build   func(ctx context.Context) (Service, error)
	Level   slog.Level                      // at which its requests are logged
	Public  bool                            // metrics and the detail of readiness are served elsewhere
	Extra   func(ctx context.Context) error // stops a further listener, which Build may have started; may be nil

	service  Service
	listener *serve.HTTP
	work     *errgroup.Group
	failed   context.Context // ends when the work fails
	end      context.CancelFunc
}

// Start builds the service and listens.
func (h *Hosted) Start(ctx context.Context) (err error) {
	if h.service, err = h.Build(ctx); err != nil {
		return err
	}
	p := h.Process
	p.Services[h.Name] = h.service
	ops := serve.Ops{State: &p.state, Version: p.Version, Health: h.service.Health, Metrics: p.Metrics.Registry, Public: h.Public}
	handler := ops.Beside(p.Metrics.HTTP(h.Name, p.Log, h.Level, h.service.Handler()))
	if h.listener, err = serve.Listen(ctx, h.Name, h.Addr, handler, p.Log); err != nil {
		return errors.Join(err, h.service.Close())
	}
	// The work outlives the context of the start: it ends in Stop, after the requests.
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	h.work, h.failed = errgroup.WithContext(work)
	h.end = end
	h.work.Go(func() error { return h.service.Run(h.failed) })
	h.work.Go(h.listener.Run)
	return nil
}

// Run waits until ctx ends or the work fails.
func (h *Hosted) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-h.failed.Done():
		if err := context.Cause(h.failed); !errors.Is(err, context.Canceled) { // which is Stop's doing
			return err
		}
		return nil
	}
}

// Stop drains the requests, ends the work and closes the service.
func (h *Hosted) Stop(ctx context.Context) error {
	var errs []error
	if s, ok := h.service.(interface{ Drain() }); ok {
		s.Drain() // ends long-lived streams, which Shutdown would wait for
	}
	errs = append(errs, h.listener.Stop(ctx))
	if h.Extra != nil {
		errs = append(errs, h.Extra(ctx))
	}
	h.end()
	errs = append(errs, wait(ctx, h.work))
	return errors.Join(append(errs, h.service.Close())...)
}

// wait waits for the group until ctx ends.
func wait(ctx context.Context, g *errgroup.Group) error {
	done := make(chan error, 1)
	go func() { done <- g.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("background work did not end in time")
	}
}
