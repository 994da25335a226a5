package upstream

import (
	"net"
	"net/http"
	"net/url"
	"time"

	"medicore.dev/medicore/gateway/upstream/http1"
)

// dialer is how connections are made, whoever uses them.
var dialer = net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}

// The connections that are kept: in all, and to one host.
const (
	maxIdle        = 1024
	maxIdlePerHost = 256
)

// DefaultTransport returns a transport of net/http for many requests to few hosts.
func DefaultTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        maxIdle,
		MaxIdleConnsPerHost: maxIdlePerHost,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second,
	}
}

// Network is the transport to subgraphs that are elsewhere. Clients fetch over it by a client of our own (http1) from http
// URLs that are reached without a proxy; what else goes over it, net/http carries: https, proxies, and event streams.
type Network struct {
	http  *http.Transport
	plain *http1.Client
}

// NewNetwork returns a network without connections.
func NewNetwork() *Network {
	return &Network{http: DefaultTransport(), plain: http1.New(http1.Options{Dialer: &dialer, MaxIdle: maxIdle, MaxIdlePerHost: maxIdlePerHost})}
}

// RoundTrip implements http.RoundTripper.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) { return n.http.RoundTrip(r) }

// CloseIdleConnections closes the connections that are not in use.
func (n *Network) CloseIdleConnections() {
	n.http.CloseIdleConnections()
	n.plain.CloseIdle()
}

// endpoint returns where http1 posts to for the URL, or nil if that is for net/http.
func (n *Network) endpoint(u *url.URL) *http1.Endpoint {
	if proxy, err := n.http.Proxy(&http.Request{URL: u}); proxy != nil || err != nil {
		return nil
	}
	e, err := n.plain.Endpoint(u, http1.Field{Name: "Content-Type", Value: "application/json"}, http1.Field{Name: "Accept", Value: acceptJSON})
	if err != nil {
		return nil // net/http takes it, or says what is wrong with it
	}
	return e
}
