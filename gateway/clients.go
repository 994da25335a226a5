package gateway

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/gateway/upstream"
)

// clients makes the client of each supergraph. Those whose subgraphs are the same share one; requests over an older
// supergraph go on with its client. All share the connections.
type clients struct {
	transport *upstream.Network
	cfg       Config
	writes    upstream.Writes
	share     *upstream.Queries // nil: every query is sent

	mu     sync.Mutex
	urls   map[string]string // of the client's subgraphs, when a supergraph named them
	client *upstream.Client  // of the supergraph in force; nil: none yet
}

func newClients(cfg Config) *clients {
	c := &clients{transport: upstream.NewNetwork(), cfg: cfg}
	if cfg.Sharing.Fetches {
		c.share = upstream.NewQueries()
	}
	return c
}

// configure makes the one client of subgraphs whose places are known beforehand.
func (c *clients) configure(subgraphs []Subgraph, backends map[string]Backend) (*upstream.Client, error) {
	opt := upstream.Options{Subgraphs: map[string]upstream.Subgraph{}}
	for _, s := range subgraphs {
		b := backends[s.Name]
		opt.Subgraphs[s.Name] = c.subgraph(s.Name, addresses(s, b), b.Transport)
	}
	if err := c.cfg.Subscriptions.check(opt.Subgraphs); err != nil {
		return nil, err
	}
	return c.use(opt, nil)
}

// of returns the client of the subgraphs that a supergraph names.
func (c *clients) of(sg *supergraph.Supergraph) (*upstream.Client, error) {
	urls, opt := map[string]string{}, upstream.Options{Subgraphs: map[string]upstream.Subgraph{}}
	for _, s := range sg.Subgraphs {
		urls[s.Name] = s.URL
		opt.Subgraphs[s.Name] = c.subgraph(s.Name, []string{s.URL}, nil)
	}
	c.mu.Lock()
	client, same := c.client, maps.Equal(c.urls, urls)
	c.mu.Unlock()
	if client != nil && same {
		return client, nil
	}
	return c.use(opt, urls)
}

func (c *clients) subgraph(name string, urls []string, transport http.RoundTripper) upstream.Subgraph {
	sg := upstream.Subgraph{URLs: urls, Transport: transport, Timeout: c.cfg.FetchTimeout}
	c.cfg.Subscriptions.at(name, &sg)
	return sg
}

func (c *clients) use(opt upstream.Options, urls map[string]string) (*upstream.Client, error) {
	opt.Propagate, opt.Transport = []string{"X-Forwarded-For"}, c.transport
	opt.Share, opt.Writes = c.share, &c.writes
	client, err := upstream.New(opt)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client, c.urls = client, urls
	return client, nil
}

func (c *clients) state() []upstream.EndpointState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		return []upstream.EndpointState{}
	}
	return c.client.State()
}

func (c *clients) close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// addresses are the URLs of a subgraph's endpoint.
func addresses(s Subgraph, b Backend) []string {
	var out []string
	for _, u := range b.URLs {
		out = append(out, strings.TrimSuffix(u, "/")+s.Path)
	}
	return out
}
