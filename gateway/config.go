package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/pipeline"
	"medicore.dev/medicore/gateway/upstream"
)

// Config of a gateway.
type Config struct {
	Introspection  bool          `koanf:"introspection" doc:"answer __schema and __type"`
	GraphiQL       bool          `koanf:"graphiql" doc:"serve GraphiQL to browsers at /graphql"`
	Plans          bool          `koanf:"plans" doc:"return the query plan to requests with the header MediCore-Query-Plan: 1"`
	Costs          bool          `koanf:"costs" doc:"return what an operation costs to requests with the header MediCore-Query-Cost: 1"`
	Suggestions    bool          `koanf:"suggestions" doc:"did-you-mean in validation errors"`
	RejectDenied   bool          `koanf:"reject_denied" doc:"refuse an operation that asks for what the caller may not read; otherwise that is answered null with an error"`
	RequireToken   bool          `koanf:"require_token" doc:"refuse every GraphQL request without a valid token"`
	Auth           Auth          `koanf:"auth"`
	OverrideLabels []string      `koanf:"override_labels" doc:"labels of progressive overrides (@override) that are on; percent(n) is on for n percent of the callers without being named here"`
	CORSOrigins    []string      `koanf:"cors_origins" doc:"origins whose pages may call the gateway; none by default"`
	TrustedProxies []string      `koanf:"trusted_proxies" doc:"networks (CIDR) or addresses whose X-Forwarded headers are believed"`
	MaxBody        int64         `koanf:"max_body" doc:"bytes of a request body"`
	MaxTokens      int           `koanf:"max_tokens" doc:"tokens of a GraphQL document"`
	MaxDepth       int           `koanf:"max_depth" doc:"nesting of an operation"`
	Limits         Limits        `koanf:"limits"`
	Timeout        time.Duration `koanf:"timeout" doc:"of one operation, and of one REST request"`
	FetchTimeout   time.Duration `koanf:"fetch_timeout" doc:"of one request to a subgraph"`
	Subscriptions  Subscriptions `koanf:"subscriptions"`
	Sharing        Sharing       `koanf:"sharing"`
	Caches         Caches        `koanf:"caches"`
	Cache          string        `koanf:"supergraph_cache" doc:"file that keeps the last good supergraph, for a start while a subgraph is down; empty: none is kept"`
	PollInterval   time.Duration `koanf:"poll_interval" doc:"between two looks at a running subgraph's schema, or at the URL of a supergraph"`
}

// Limits bound what operations may cost, by @cost and @listSize.
type Limits struct {
	Cost     int64 `koanf:"cost" doc:"of an operation, as estimated before it runs; 0: any"`
	ListSize int   `koanf:"list_size" doc:"items that a list of which no @listSize tells is estimated to have"`
}

// Auth configures what tokens say about their callers.
type Auth struct {
	ScopeClaims  []string `koanf:"scope_claims" doc:"claims that list the scopes of a token's caller, as a list or separated by spaces; the platform's gateway goes by the token's role alone"`
	PolicyClaim  string   `koanf:"policy_claim" doc:"claim that lists the policies (@policy) that a token's caller meets, alike; empty: none does"`
	PolicyHeader string   `koanf:"policy_header" doc:"header in which trusted proxies list policies that the caller meets, separated by commas or spaces; empty: none is believed"`
	AdminScope   string   `koanf:"admin_scope" doc:"scope of those who may read the state of the supergraph under /admin/; beside the platform's own administrators; empty: nobody else"`
}

// Claims names what of a token is believed.
func (a Auth) Claims() authn.Claims {
	return authn.Claims{Scopes: a.ScopeClaims, Policies: a.PolicyClaim, Admin: a.AdminScope}
}

// Caches bound what is kept of operations that were asked before.
type Caches struct {
	Documents int `koanf:"documents" doc:"texts of operations kept parsed and validated, of those that came more than once"`
	Plans     int `koanf:"plans" doc:"plans kept of such operations; one has a plan for each outcome of its conditions and rights"`
}

// Sharing configures which equal work under way at the same time is done once. Nothing is shared between requests of which a
// subgraph is told different things, save for trace headers, nor across a write through the gateway.
type Sharing struct {
	Fetches  bool `koanf:"fetches" doc:"send equal queries to a subgraph once"`
	Requests bool `koanf:"requests" doc:"answer clients' equal queries once"`
}

// Subscriptions configures subscriptions.
type Subscriptions struct {
	Protocols []string `koanf:"protocols" doc:"how subgraphs are asked: NAME=sse, NAME=ws, NAME=auto, each perhaps with :/path; auto (the default) takes what the subgraph offers"`
	Share     string   `koanf:"share" doc:"equal subscriptions share one at the subgraph: always, start (those that come before its first event: for streams that begin with a snapshot), or never; the default of a gateway alone is always"`
	Queue     int      `koanf:"queue" doc:"events that wait for a slow client before it is cut with SUBSCRIPTION_TOO_SLOW"`
	Max       int      `koanf:"max" doc:"subscriptions open at a time"`
	PerClient int      `koanf:"per_client" doc:"subscriptions open at a time for one user or, without a token, one address"`
}

// DefaultConfig suits development: everything that explains the API is on.
func DefaultConfig() Config {
	return Config{
		Introspection: true, GraphiQL: true, Plans: true, Costs: true, Suggestions: true,
		Limits:        Limits{ListSize: 10},
		Sharing:       Sharing{Fetches: true},
		Caches:        Caches{Documents: 1000, Plans: 1000},
		Auth:          Auth{ScopeClaims: []string{"scope", "scopes"}},
		Subscriptions: Subscriptions{Share: string(pipeline.ShareAlways), Queue: 64, Max: 20_000, PerClient: 2_000},
		MaxBody:       1 << 20, MaxTokens: 15_000, MaxDepth: 50, Timeout: 30 * time.Second, FetchTimeout: 10 * time.Second, PollInterval: 10 * time.Second,
	}
}

// Production turns off what tells strangers about the API.
func (c *Config) Production() {
	c.Introspection, c.GraphiQL, c.Plans, c.Costs, c.Suggestions = false, false, false, false, false
}

// Validate reports all that is wrong.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				errs = append(errs, fmt.Errorf("trusted_proxies: %q is neither an address nor a network", p))
			}
		}
	}
	if c.MaxBody < 1 || c.MaxTokens < 1 || c.MaxDepth < 1 {
		errs = append(errs, errors.New("max_body, max_tokens and max_depth must be positive"))
	}
	if c.Caches.Documents < 1 || c.Caches.Plans < 1 {
		errs = append(errs, errors.New("caches.documents and caches.plans must be positive"))
	}
	if c.Limits.Cost < 0 || c.Limits.ListSize < 1 {
		errs = append(errs, errors.New("limits.cost must not be negative and limits.list_size must be positive"))
	}
	if c.Timeout <= 0 || c.FetchTimeout <= 0 || c.PollInterval <= 0 {
		errs = append(errs, errors.New("timeout, fetch_timeout and poll_interval must be positive"))
	}
	return errors.Join(append(errs, c.Subscriptions.validate()...)...)
}

func (s Subscriptions) validate() (errs []error) {
	for _, p := range s.Protocols {
		if _, _, _, ok := protocol(p); !ok {
			errs = append(errs, fmt.Errorf("subscriptions.protocols: %q is not NAME=sse, NAME=ws or NAME=auto", p))
		}
	}
	switch pipeline.Sharing(s.Share) {
	case pipeline.ShareStart, pipeline.ShareAlways, pipeline.ShareNever:
	default:
		errs = append(errs, fmt.Errorf("subscriptions.share: %q is not start, always or never", s.Share))
	}
	if s.Queue < 1 || s.Max < 1 || s.PerClient < 1 {
		errs = append(errs, errors.New("subscriptions.queue, max and per_client must be positive"))
	}
	return errs
}

// protocol reads an entry of Protocols.
func protocol(entry string) (name string, p upstream.Protocol, path string, ok bool) {
	name, rest, ok := strings.Cut(entry, "=")
	if !ok || name == "" {
		return "", "", "", false
	}
	rest, path, _ = strings.Cut(rest, ":")
	switch p = upstream.Protocol(rest); {
	case path != "" && path[0] != '/':
		return "", "", "", false
	case rest == "auto":
		p = upstream.Auto
	case p != upstream.SSE && p != upstream.WebSocket:
		return "", "", "", false
	}
	return name, p, path, true
}

// check reports protocols of subgraphs that there are not.
func (s Subscriptions) check(subgraphs map[string]upstream.Subgraph) error {
	for _, entry := range s.Protocols {
		if name, _, _, _ := protocol(entry); subgraphs[name].URLs == nil {
			return fmt.Errorf("subscriptions.protocols: there is no subgraph %q", name)
		}
	}
	return nil
}

// at sets how the named subgraph is asked for subscriptions.
func (s Subscriptions) at(name string, sg *upstream.Subgraph) {
	for _, entry := range s.Protocols {
		if of, p, path, ok := protocol(entry); ok && of == name {
			sg.Protocol, sg.SubscriptionPath = p, path
		}
	}
}

func (c Config) pipeline() pipeline.Options {
	return pipeline.Options{
		Limits:        pipeline.Limits{Tokens: c.MaxTokens, Depth: c.MaxDepth},
		Introspection: c.Introspection, Suggestions: c.Suggestions, Plans: c.Plans, Documents: c.Caches.Documents, PlanCache: c.Caches.Plans, RejectDenied: c.RejectDenied, Timeout: c.Timeout,
		Cost:      pipeline.Cost{Limit: c.Limits.Cost, ListSize: c.Limits.ListSize, Show: c.Costs},
		Overrides: pipeline.Overrides{On: c.OverrideLabels, Client: client},
		Subscriptions: pipeline.Subscriptions{
			Sharing: pipeline.Sharing(c.Subscriptions.Share), Queue: c.Subscriptions.Queue, Total: c.Subscriptions.Max, PerCaller: c.Subscriptions.PerClient, Caller: caller,
		},
	}
}

// client names whom percent(n) of progressive overrides keeps on one side: the user or, where there is none, the request.
func client(ctx context.Context) string {
	if p := authn.FromContext(ctx); p.Authenticated() {
		return p.Subject
	}
	return upstream.Header(ctx).Get("X-Request-Id")
}

// caller names the user of a request or, where there is none, the address it came from.
func caller(ctx context.Context) string {
	if p := authn.FromContext(ctx); p.Authenticated() {
		return "user " + p.Subject
	}
	return "at " + upstream.Header(ctx).Get("X-Forwarded-For")
}
