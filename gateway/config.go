package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"medicore.dev/medicore/gateway/pipeline"
)

// Config of a gateway.
type Config struct {
	Introspection  bool          `koanf:"introspection" doc:"answer __schema and __type"`
	GraphiQL       bool          `koanf:"graphiql" doc:"serve GraphiQL to browsers at /graphql"`
	Plans          bool          `koanf:"plans" doc:"return the query plan to requests with the header MediCore-Query-Plan: 1"`
	Suggestions    bool          `koanf:"suggestions" doc:"did-you-mean in validation errors"`
	RejectDenied   bool          `koanf:"reject_denied" doc:"refuse an operation that asks for what the caller may not read; otherwise that is answered null with an error"`
	RequireToken   bool          `koanf:"require_token" doc:"refuse every GraphQL request without a valid token"`
	CORSOrigins    []string      `koanf:"cors_origins" doc:"origins whose pages may call the gateway; none by default"`
	TrustedProxies []string      `koanf:"trusted_proxies" doc:"networks (CIDR) or addresses whose X-Forwarded headers are believed"`
	MaxBody        int64         `koanf:"max_body" doc:"bytes of a request body"`
	MaxTokens      int           `koanf:"max_tokens" doc:"tokens of a GraphQL document"`
	MaxDepth       int           `koanf:"max_depth" doc:"nesting of an operation"`
	Timeout        time.Duration `koanf:"timeout" doc:"of one operation, and of one REST request"`
	FetchTimeout   time.Duration `koanf:"fetch_timeout" doc:"of one request to a subgraph"`
	Cache          string        `koanf:"supergraph_cache" doc:"file that keeps the last good supergraph, for a start while a subgraph is down; empty: none is kept"`
	PollInterval   time.Duration `koanf:"poll_interval" doc:"between two looks at a running subgraph's schema, or at the URL of a supergraph"`
}

// DefaultConfig suits development: everything that explains the API is on.
func DefaultConfig() Config {
	return Config{
		Introspection: true, GraphiQL: true, Plans: true, Suggestions: true,
		MaxBody: 1 << 20, MaxTokens: 15_000, MaxDepth: 50, Timeout: 30 * time.Second, FetchTimeout: 10 * time.Second, PollInterval: 10 * time.Second,
	}
}

// Production turns off what tells strangers about the API.
func (c *Config) Production() {
	c.Introspection, c.GraphiQL, c.Plans, c.Suggestions = false, false, false, false
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
	if c.Timeout <= 0 || c.FetchTimeout <= 0 || c.PollInterval <= 0 {
		errs = append(errs, errors.New("timeout, fetch_timeout and poll_interval must be positive"))
	}
	return errors.Join(errs...)
}

func (c Config) pipeline() pipeline.Options {
	return pipeline.Options{
		Limits:        pipeline.Limits{Tokens: c.MaxTokens, Depth: c.MaxDepth},
		Introspection: c.Introspection, Suggestions: c.Suggestions, Plans: c.Plans, RejectDenied: c.RejectDenied, Timeout: c.Timeout,
	}
}
