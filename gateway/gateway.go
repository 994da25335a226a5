// Package gateway is the federation gateway: one endpoint over many subgraphs, and the REST routes of existing clients.
// It joins the parts below it; nothing in it knows what the subgraphs are about.
package gateway

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/cors"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/console"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/gateway/inflight"
	"medicore.dev/medicore/gateway/pipeline"
	"medicore.dev/medicore/gateway/registry"
	"medicore.dev/medicore/gateway/rest"
	"medicore.dev/medicore/gateway/transport"
	"medicore.dev/medicore/gateway/upstream"
	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/internal/token"
)

// Backend is how a service is reached.
type Backend struct {
	URLs      []string          // scheme and host; of equal rank, used in turn
	Transport http.RoundTripper // e.g. upstream.InProcess; nil: over the network
}

// Subgraph is a service that speaks GraphQL. Its name is that of its Backend.
type Subgraph struct {
	Name string
	Path string        // of its endpoint, e.g. /graphql
	SDL  string        // the schema to begin with; "": it is looked for
	Look registry.Look // for the schema, again and again; none: Poll says
	Poll bool          // ask the subgraph itself for the schema, again and again
}

// Validator is the service that knows whether a token's user is still active.
type Validator struct {
	Backend    string
	Path       string
	RoleHeader string
}

// Deps is what a gateway is given.
type Deps struct {
	Log        *slog.Logger
	Tokens     *token.Authority                                           // nil: requests have no caller
	Identify   func(*token.Claims) (authn.Caller, bool)                   // who a valid token stands for; nil: by the claims that Config.Auth names
	Policies   pipeline.Policies                                          // decides @policy; nil: authn.Policies
	Labels     func(ctx context.Context, labels []string) map[string]bool // decides labels of progressive overrides; those it does not tell of, and nil: Config does
	Backends   map[string]Backend
	Subgraphs  []Subgraph
	Supergraph string        // served when nothing can be composed yet; with neither Subgraphs nor Follow the only one
	Follow     registry.Look // for the whole supergraph, again and again, when there are no Subgraphs
	FollowFrom string        // where that looks
	Routes     []rest.Route  // REST; none: only GraphQL
	Validator  *Validator    // nil: tokens are believed
	Credential func() (string, error)
	Console    fs.FS                 // administrators' pages under /admin/; nil: none
	OpenAdmin  bool                  // without Tokens, answer anybody what administrators are told: for gateways that only their own machine reaches
	GraphiQL   fs.FS                 // nil: none
	Metrics    prometheus.Registerer // nil: none
}

// Gateway is a running gateway.
type Gateway struct {
	log      *slog.Logger
	registry *registry.Registry
	clients  *clients
	graphql  *transport.Handler
	auth     *authn.Authenticator // nil: requests have no caller
	handler  http.Handler
	trusted  []netip.Prefix
	cfg      Config
}

// New returns a gateway with the best supergraph that can be had now in force.
func New(ctx context.Context, cfg Config, deps Deps) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the gateway: %w", err)
	}
	g := &Gateway{log: deps.Log, cfg: cfg, trusted: networks(cfg.TrustedProxies)}
	for _, build := range []func(context.Context, Deps) error{g.withAuthentication, g.withSupergraph, g.withRoutes} {
		if err := build(ctx, deps); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func networks(list []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		} else if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}

func (g *Gateway) withAuthentication(_ context.Context, deps Deps) (err error) {
	if deps.Tokens == nil {
		return nil
	}
	opt := authn.Options{Tokens: deps.Tokens, Identify: deps.Identify}
	if opt.Identify == nil {
		opt.Identify = g.cfg.Auth.Claims().Caller
	}
	if v := deps.Validator; v != nil {
		b := deps.Backends[v.Backend]
		opt.URL, opt.RoleHeader, opt.Transport = b.URLs[0]+v.Path, v.RoleHeader, b.Transport
		if opt.Transport == nil {
			opt.Transport = upstream.DefaultTransport()
		}
	}
	g.auth, err = authn.New(opt)
	return err
}

func (g *Gateway) withSupergraph(ctx context.Context, deps Deps) error {
	popt := g.cfg.pipeline()
	if popt.Policies = deps.Policies; popt.Policies == nil {
		popt.Policies = authn.Policies
	}
	popt.Overrides.Decide = deps.Labels
	if g.cfg.Sharing.Requests {
		popt.Share = inflight.NewGroup[*[]byte]()
	}
	p := pipeline.New(popt)
	g.clients = newClients(g.cfg)
	reg := registry.Options{
		Supergraph: deps.Supergraph, Follow: deps.Follow, FollowFrom: deps.FollowFrom, Cache: g.cfg.Cache, Every: g.cfg.PollInterval, Log: deps.Log,
		Apply: func(sg *supergraph.Supergraph) error {
			client, err := g.clients.of(sg)
			if err != nil {
				return err
			}
			return p.Swap(sg, client)
		},
	}
	if len(deps.Subgraphs) > 0 {
		client, err := g.clients.configure(deps.Subgraphs, deps.Backends)
		if err != nil {
			return err
		}
		reg.Sources = sources(deps, client)
		reg.Apply = func(sg *supergraph.Supergraph) error { return p.Swap(sg, client) }
	}
	g.registry = registry.New(reg)
	if deps.Metrics != nil {
		if err := deps.Metrics.Register(g.registry); err != nil {
			return fmt.Errorf("register the supergraph's metrics: %w", err)
		}
		for kind, joined := range map[string]func() uint64{"fetch": g.clients.share.Joined, "request": popt.Share.Joined} {
			if err := deps.Metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "medicore_gateway_shared_total", Help: "Work not done, since equal work was under way.", ConstLabels: prometheus.Labels{"kind": kind},
			}, func() float64 { return float64(joined()) })); err != nil {
				return fmt.Errorf("register the metrics of sharing: %w", err)
			}
		}
	}
	wire := transport.Options{MaxBody: g.cfg.MaxBody, Origins: hosts(g.cfg.CORSOrigins), Log: deps.Log, End: authn.End}
	if g.auth != nil {
		wire.Authenticate = func(ctx context.Context, header string) (context.Context, bool) {
			ctx, verdict := g.auth.Context(ctx, header)
			return upstream.AddHeader(ctx, "Authorization", header), verdict == authn.Accepted
		}
	}
	if g.cfg.GraphiQL {
		wire.GraphiQL = deps.GraphiQL
	}
	var err error
	if g.graphql, err = transport.New("/graphql", p, wire); err != nil {
		return err
	}
	return g.registry.Start(ctx)
}

// sources says where the registry has the subgraphs' schemas from.
func sources(deps Deps, client *upstream.Client) []registry.Source {
	var out []registry.Source
	for _, s := range deps.Subgraphs {
		src := registry.Source{Name: s.Name, SDL: s.SDL, Look: s.Look}
		if s.Poll {
			src.Look = registry.Ask(client, s.Name, deps.Credential)
		}
		if urls := addresses(s, deps.Backends[s.Name]); len(urls) > 0 {
			src.URL = urls[0]
		}
		out = append(out, src)
	}
	return out
}

func hosts(origins []string) []string {
	out := make([]string, len(origins))
	for i, o := range origins {
		_, out[i], _ = strings.Cut(o, "://")
	}
	return out
}

func (g *Gateway) withRoutes(_ context.Context, deps Deps) error {
	mux := http.NewServeMux()
	graphql := g.identify(g.graphql.Serve)
	mux.Handle(graphqlPath+"/", g.graphql)
	if deps.Console != nil {
		pages, err := console.New(deps.Console, "/admin/", true)
		if err != nil {
			return fmt.Errorf("prepare the console: %w", err)
		}
		mux.Handle("/admin", http.RedirectHandler("/admin/", http.StatusMovedPermanently))
		mux.Handle("/admin/", pages)
	}
	switch {
	case g.auth != nil:
		mux.Handle("GET "+statePath, g.auth.Guard(administrators(http.HandlerFunc(g.state))))
	case deps.OpenAdmin:
		mux.Handle("GET "+statePath, http.HandlerFunc(g.state))
	}
	backends := map[string]rest.Backend{}
	for name, b := range deps.Backends {
		backends[name] = rest.Backend{URLs: b.URLs, Transport: b.Transport}
	}
	opt := rest.Options{Wrote: g.clients.writes.Add, Backends: backends, TrustedProxies: g.trusted, MaxBody: g.cfg.MaxBody, Timeout: g.cfg.Timeout, Log: deps.Log}
	if g.auth != nil {
		opt.Guard = g.auth.Guard
	}
	routes, err := rest.New(deps.Routes, opt)
	if err != nil {
		return err
	}
	mux.Handle("/", routes)
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == graphqlPath { // nearly always: no mux looks for it
			r.Pattern = graphqlPath
			graphql.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	if len(g.cfg.CORSOrigins) > 0 {
		h = cors.New(cors.Options{
			AllowedOrigins: g.cfg.CORSOrigins, AllowedMethods: []string{"GET", "POST", "PUT", "DELETE", "HEAD"},
			AllowedHeaders: []string{"Authorization", "Content-Type", "Accept", "Idempotency-Key", "If-Match", "X-Request-Id", "MediCore-Query-Plan", "MediCore-Query-Cost"},
			ExposedHeaders: []string{"Location", "Link", "ETag", "X-Request-Id"}, MaxAge: 600,
		}).Handler(h)
	}
	g.handler = g.recover(g.trace(h))
	return nil
}

// Handler serves everything of the gateway but health and metrics.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Run keeps the supergraph current until ctx ends.
func (g *Gateway) Run(ctx context.Context) error { return g.registry.Run(ctx) }

// Drain ends subscriptions.
func (g *Gateway) Drain() { g.graphql.Drain() }

// Close closes idle connections.
func (g *Gateway) Close() error { return g.clients.close() }

// Health reports the supergraph in force and the subgraphs that cannot be reached.
func (g *Gateway) Health(context.Context) map[string]string {
	st := g.registry.State()
	out := map[string]string{"supergraph": st.Origin}
	if st.Origin == "" {
		out["supergraph"] = "none yet"
	}
	if len(st.Errors) > 0 {
		out["composition"] = "failing: the one in force is kept"
	}
	for name, s := range st.Subgraphs {
		out["subgraph "+name] = "ok"
		if s.Error != "" {
			out["subgraph "+name] = "does not tell its schema"
		}
	}
	if st.Followed != nil && st.Followed.Error != "" {
		out["supergraph's source"] = "does not tell the supergraph"
	}
	return out
}

// identify puts the caller and the headers to pass on into a GraphQL request's context. A token that is given must be
// good; without one there is no caller, unless one is required.
func (g *Gateway) identify(next func(context.Context, http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, header := r.Context(), ""
		if values := r.Header["Authorization"]; len(values) > 0 {
			header = values[0]
		}
		if g.auth != nil {
			var verdict authn.Verdict
			ctx, verdict = g.auth.Context(ctx, header)
			switch {
			case verdict == authn.Forbidden:
				refuse(w, http.StatusForbidden, pipeline.CodeForbidden, "the token's role is not the user's")
				return
			case verdict == authn.Unauthenticated, g.cfg.RequireToken && header == "":
				refuse(w, http.StatusUnauthorized, pipeline.CodeUnauthenticated, "a valid token is required")
				return
			}
		}
		if name := g.cfg.Auth.PolicyHeader; name != "" && rest.Trusts(g.trusted, rest.Peer(r)) {
			ctx = authn.WithPolicies(ctx, strings.FieldsFunc(strings.Join(r.Header.Values(name), ","), func(c rune) bool { return c == ',' || c == ' ' }))
		}
		if client := rest.Client(r, g.trusted); client != "" {
			r.Header["X-Forwarded-For"] = []string{client}
		} else {
			delete(r.Header, "X-Forwarded-For") // nobody trusts who sent it
		}
		next(upstream.WithHeader(ctx, r.Header), w, r)
	})
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	faulthttp.JSON(w, status, map[string]any{"errors": []any{map[string]any{"message": message, "extensions": map[string]string{"code": code}}}})
}

// graphqlPath is the endpoint for GraphQL.
const graphqlPath = "/graphql"

// statePath is where the state of the supergraph is told.
const statePath = "/admin/api/supergraph"

// administrators lets nobody else pass.
func administrators(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !authn.FromContext(r.Context()).Admin {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// state answers what is known of the supergraph.
func (g *Gateway) state(w http.ResponseWriter, _ *http.Request) {
	st := g.registry.State()
	body, err := json.Marshal(struct {
		registry.State
		SDL       string                   `json:"sdl"`
		Endpoints []upstream.EndpointState `json:"endpoints"`
	}{st, st.SDL, g.clients.state()})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

// trace gives a request an id if it has none, which every service that it leads to is told.
func (g *Gateway) trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header["X-Request-Id"]
		if len(id) == 0 || !plain(id[0]) {
			id = []string{requestID()}
			r.Header["X-Request-Id"] = id
		}
		w.Header()["X-Request-Id"] = id[:1:1]
		next.ServeHTTP(w, r)
	})
}

// requestID returns a UUID of version 4. It tells requests apart and protects nothing, so that a quick source will do.
func requestID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // see above
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // see above
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// plain reports whether an id from outside is short and harmless in a log.
func plain(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) < 0
}

// recover turns a panic into 500, unless the answer has begun.
func (g *Gateway) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if err, ok := v.(error); v == nil || ok && errors.Is(err, http.ErrAbortHandler) {
				if v != nil {
					panic(v)
				}
				return
			}
			g.log.LogAttrs(r.Context(), slog.LevelError, "request panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			faulthttp.Error(w, http.StatusInternalServerError, r.URL.Path, "")
		}()
		next.ServeHTTP(w, r)
	})
}
