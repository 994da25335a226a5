package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"golang.org/x/sync/errgroup"

	"medicore.dev/medicore/internal/serve"
)

// service is what the services and the gateway have in common.
type service interface {
	Handler() http.Handler
	Run(ctx context.Context) error
	Close() error
	Health(ctx context.Context) map[string]string
}

// hosted is a service with its listeners: requests and background work begin together, and requests drain before the
// work ends and the store is closed.
type hosted struct {
	p     *process
	name  string
	addr  string
	build func(ctx context.Context) (service, error)

	service  service
	listener *serve.HTTP
	extra    func(ctx context.Context) error // stops a further listener; may be nil
	work     *errgroup.Group
	failed   context.Context // ends when the work fails
	end      context.CancelFunc
}

func (h *hosted) Start(ctx context.Context) (err error) {
	if h.service, err = h.build(ctx); err != nil {
		return err
	}
	h.p.services[h.name] = h.service
	mux := http.NewServeMux()
	ops := serve.Ops{State: h.p.state, Version: h.p.opt.Version, Health: h.service.Health, Metrics: h.p.metrics.Registry}
	ops.Public = h.name == Gateway && h.p.cfg.Listen.Ops != ""
	ops.Register(mux)
	mux.Handle("/", h.p.metrics.HTTP(h.name, h.p.opt.Log, h.level(), h.service.Handler()))
	if h.listener, err = serve.Listen(ctx, h.name, h.addr, mux, h.p.opt.Log); err != nil {
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

// level is at which its requests are logged: what the gateway was asked matters, what it asked the services less so.
func (h *hosted) level() slog.Level {
	if h.name == Gateway {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (h *hosted) Run(ctx context.Context) error {
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

func (h *hosted) Stop(ctx context.Context) error {
	var errs []error
	if s, ok := h.service.(interface{ Drain() }); ok {
		s.Drain() // ends long-lived streams, which Shutdown would wait for
	}
	errs = append(errs, h.listener.Stop(ctx))
	if h.extra != nil {
		errs = append(errs, h.extra(ctx))
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
