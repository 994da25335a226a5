// Package serve runs HTTP listeners: liveness, readiness and metrics beside the handler, sane time-outs, and a
// stop that drains.
package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// State is the process's readiness, shared by its listeners: false before start completes and while draining.
type State struct{ ready atomic.Bool }

// Set changes the readiness.
func (s *State) Set(ready bool) { s.ready.Store(ready) }

// Ops answers /health, /ready and /metrics, and with Profiles also /debug/pprof/.
type Ops struct {
	State   *State
	Version string
	Health  func(ctx context.Context) map[string]string // state of dependencies: detail in the body, never the verdict; may be nil
	Metrics *prometheus.Registry
	Public  bool // /health and /ready only, without detail: the rest is served on an operations listener
	// Profiles lets whoever reaches the listener take profiles of the process: processor, memory, goroutines.
	Profiles bool
}

// routes are the handlers of GET by path; one that ends in a slash is for all below it.
func (o Ops) routes() map[string]http.Handler {
	out := map[string]http.Handler{
		"/health": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, map[string]any{"status": "UP", "version": o.Version})
		}),
		"/ready": http.HandlerFunc(o.ready),
	}
	if o.Public {
		return out
	}
	out["/metrics"] = promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{})
	if o.Profiles {
		out[profilesPath] = http.HandlerFunc(pprof.Index)
		out[profilesPath+"profile"] = http.HandlerFunc(pprof.Profile)
		out[profilesPath+"trace"] = http.HandlerFunc(pprof.Trace)
	}
	return out
}

const profilesPath = "/debug/pprof/"

func (o Ops) ready(w http.ResponseWriter, r *http.Request) {
	body, status := map[string]any{"status": "UP"}, http.StatusOK
	if !o.State.ready.Load() {
		body["status"], status = "OUT_OF_SERVICE", http.StatusServiceUnavailable
	}
	if o.Health != nil && !o.Public {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		body["dependencies"] = o.Health(ctx)
	}
	writeJSON(w, status, body)
}

// Register adds the routes to the mux.
func (o Ops) Register(mux *http.ServeMux) {
	for path, handler := range o.routes() {
		mux.Handle("GET "+path, handler)
	}
}

// Beside returns a handler of these routes that leaves all other paths to next, at once: a mux that all requests go through
// would cost each of them a look.
func (o Ops) Beside(next http.Handler) http.Handler {
	mux, own := http.NewServeMux(), o.routes()
	o.Register(mux)
	mux.Handle("/", next) // other methods
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; own[path] != nil || strings.HasPrefix(path, profilesPath) {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// HTTP is one HTTP listener.
type HTTP struct {
	name     string
	listener net.Listener
	server   *http.Server
}

// Listen binds addr and returns a server for the handler; requests are answered once Run is called.
func Listen(ctx context.Context, name, addr string, handler http.Handler, log *slog.Logger) (*HTTP, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	if tcp, ok := l.(*net.TCPListener); ok {
		l = listener{tcp}
	}
	return &HTTP{name: name, listener: l, server: &http.Server{
		Handler: handler, Protocols: protocols, ConnContext: withConn,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// Addr is the bound address.
func (h *HTTP) Addr() string { return h.listener.Addr().String() }

// Run serves until Stop is called.
func (h *HTTP) Run() error {
	if err := h.server.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", h.name, err)
	}
	return nil
}

// OnStop registers what ends long-lived streams when stopping begins.
func (h *HTTP) OnStop(f func()) { h.server.RegisterOnShutdown(f) }

// Stop takes no new request and waits for those in flight until ctx ends, then closes their connections.
func (h *HTTP) Stop(ctx context.Context) error {
	if err := h.server.Shutdown(ctx); err != nil {
		return errors.Join(err, h.server.Close())
	}
	return nil
}

// Loopback reports whether only this machine reaches the address.
func Loopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
