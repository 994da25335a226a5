// Package rest keeps the gateway's REST routes: a table of prefixes, each handed on to a service.
package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"medicore.dev/medicore/internal/fault/faulthttp"
)

// Route hands requests on to a service: those for the prefix itself and all below it.
type Route struct {
	Prefix  string // e.g. /api/things; matches /api/things and /api/things/…
	Strip   string // taken off the front of the path; what is left begins with / at least
	Rewrite string // put in the place of the prefix
	Guarded bool   // only with a valid token
	Service string
}

// Backend is how a service is reached.
type Backend struct {
	URLs      []string // of equal rank, used in turn
	Transport http.RoundTripper
}

// Options of a Router.
type Options struct {
	Backends       map[string]Backend
	Guard          func(http.Handler) http.Handler // of guarded routes
	TrustedProxies []netip.Prefix                  // whose X-Forwarded headers are believed
	MaxBody        int64                           // bytes of a request body; 0 means 1 MiB
	Timeout        time.Duration                   // of one request; 0 means 30s
	Log            *slog.Logger
	Wrote          func() // called when a request that may have changed something has ended, before its answer is passed on; nil: not
}

// New returns the handler of the routes; other paths are 404.
func New(routes []Route, opt Options) (http.Handler, error) {
	if opt.MaxBody == 0 {
		opt.MaxBody = 1 << 20
	}
	if opt.Timeout == 0 {
		opt.Timeout = 30 * time.Second
	}
	if opt.Wrote == nil {
		opt.Wrote = func() {}
	}
	mux := http.NewServeMux()
	for _, route := range routes {
		p, err := newProxy(route, opt)
		if err != nil {
			return nil, err
		}
		var h http.Handler = p
		if route.Guarded {
			h = opt.Guard(h)
		}
		mux.Handle(route.Prefix, h)
		mux.Handle(route.Prefix+"/", h)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		faulthttp.Error(w, http.StatusNotFound, r.URL.Path, "")
	})
	return mux, nil
}

// proxy is one route.
type proxy struct {
	route   Route
	opt     Options
	targets []*url.URL
	turn    atomic.Uint32
	reverse *httputil.ReverseProxy
}

func newProxy(route Route, opt Options) (*proxy, error) {
	p := &proxy{route: route, opt: opt}
	backend, ok := opt.Backends[route.Service]
	if !ok || len(backend.URLs) == 0 {
		return nil, errors.New("route " + route.Prefix + ": nothing is known of the service " + route.Service)
	}
	for _, text := range backend.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, errors.New("route " + route.Prefix + ": the service's URL is not one")
		}
		p.targets = append(p.targets, u)
	}
	p.reverse = &httputil.ReverseProxy{
		Rewrite: p.rewrite, Transport: backend.Transport, ModifyResponse: p.answered, ErrorHandler: p.failed, FlushInterval: -1,
		BufferPool: &buffers,
		ErrorLog:   slog.NewLogLogger(opt.Log.Handler(), slog.LevelDebug),
	}
	return p, nil
}

// pool is memory that answers are copied through.
type pool struct{ sync.Pool }

// Get implements httputil.BufferPool.
func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

// Put implements httputil.BufferPool.
func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

var buffers pool

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > p.opt.MaxBody {
		w.Header().Set("Connection", "close")
		faulthttp.Error(w, http.StatusRequestEntityTooLarge, p.inside(r.URL.Path), "")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.opt.Timeout)
	defer cancel()
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, p.opt.MaxBody)
	}
	p.reverse.ServeHTTP(w, r.WithContext(ctx))
}

// inside is the path as the service sees it.
func (p *proxy) inside(path string) string {
	if p.route.Rewrite != "" {
		return p.route.Rewrite + strings.TrimPrefix(path, p.route.Prefix)
	}
	if path = strings.TrimPrefix(path, p.route.Strip); path == "" {
		return "/"
	}
	return path
}

func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	target := p.targets[int(p.turn.Add(1))%len(p.targets)]
	r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
	r.Out.URL.Path, r.Out.URL.RawPath = p.inside(r.In.URL.Path), ""
	r.Out.Host = target.Host
	for name := range r.Out.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || name == "Forwarded" || name == "X-Real-Ip" {
			r.Out.Header.Del(name)
		}
	}
	forward(r.Out.Header, r.In, p.opt.TrustedProxies)
	if p.route.Strip != "" {
		r.Out.Header.Set("X-Forwarded-Prefix", p.route.Strip)
	}
}

// forward sets X-Forwarded-For, -Proto and -Host to what is known of the client. What the request says of itself is
// believed only if it comes from a trusted proxy.
func forward(out http.Header, in *http.Request, trusted []netip.Prefix) {
	proto, host := "http", in.Host
	if in.TLS != nil {
		proto = "https"
	}
	if Trusts(trusted, Peer(in)) {
		if v := in.Header.Get("X-Forwarded-Proto"); v == "http" || v == "https" {
			proto = v
		}
		if v := in.Header.Get("X-Forwarded-Host"); v != "" {
			host = v
		}
	}
	if client := Client(in, trusted); client != "" {
		out.Set("X-Forwarded-For", client)
	}
	out.Set("X-Forwarded-Proto", proto)
	out.Set("X-Forwarded-Host", host)
}

// Client is the address of the client: the request's peer or, if that is a trusted proxy, the last hop that no trusted proxy
// added. "" when it is not known.
func Client(r *http.Request, trusted []netip.Prefix) string {
	client := Peer(r)
	if !Trusts(trusted, client) {
		return client
	}
	list := r.Header.Get("X-Forwarded-For")
	if list == "" {
		return client
	}
	for _, hop := range slices.Backward(strings.Split(list, ",")) {
		hop := strings.TrimSpace(hop)
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		if client = hop; !Trusts(trusted, hop) {
			break
		}
	}
	return client
}

// Peer is the address that the request's connection comes from.
func Peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// Trusts reports whether the address is in one of the networks.
func Trusts(trusted []netip.Prefix, address string) bool {
	if len(trusted) == 0 {
		return false
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, n := range trusted {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// wrote tells of a request that was not one for reading only.
func (p *proxy) wrote(r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.opt.Wrote()
	}
}

func (p *proxy) answered(resp *http.Response) error {
	p.wrote(resp.Request)
	return nil
}

// failed answers when the service did not.
func (p *proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	p.wrote(r)
	path := r.URL.Path // rewritten already
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		w.Header().Set("Connection", "close")
		faulthttp.Error(w, http.StatusRequestEntityTooLarge, path, "")
	case r.Context().Err() != nil && errors.Is(r.Context().Err(), context.Canceled), errors.Is(err, io.ErrUnexpectedEOF):
		w.WriteHeader(http.StatusBadRequest) // the client has gone, or did not send what it announced
	default:
		p.opt.Log.LogAttrs(r.Context(), slog.LevelWarn, "service did not answer", slog.String("service", p.route.Service), slog.String("route", p.route.Prefix), slog.String("error", err.Error()))
		w.Header().Set("Retry-After", "2")
		faulthttp.Error(w, http.StatusServiceUnavailable, path, "")
	}
}
