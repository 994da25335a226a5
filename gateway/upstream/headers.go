package upstream

import (
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
)

// always are the headers that every request passes on from the client.
var always = []string{"Authorization", "Traceparent", "Tracestate", "X-Request-Id"}

// never are headers that belong to one connection or one body and must not be passed on, whoever asks for it.
var never = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Host", "Content-Length", "Content-Type", "Content-Encoding", "Accept", "Accept-Encoding",
}

func propagated(more []string) []string {
	names := slices.Clone(always)
	for _, name := range more {
		name = http.CanonicalHeaderKey(name)
		if !slices.Contains(names, name) && !slices.Contains(never, name) {
			names = append(names, name)
		}
	}
	return names
}

type headerKey struct{}

// WithHeader returns a context whose fetches pass on those headers of a client's request that are to be propagated. h
// must not change afterwards.
func WithHeader(ctx context.Context, h http.Header) context.Context {
	return context.WithValue(ctx, headerKey{}, h)
}

// Header returns the headers given to WithHeader; they must not be changed.
func Header(ctx context.Context) http.Header {
	h, _ := ctx.Value(headerKey{}).(http.Header)
	return h
}

func (c *Client) setHeaders(ctx context.Context, to http.Header) {
	from := Header(ctx)
	for _, name := range c.propagate {
		if values := from.Values(name); len(values) > 0 {
			to[name] = slices.Clone(values)
		}
	}
	if c.headers == nil {
		return
	}
	for name, values := range c.headers(ctx) {
		to[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

// anonymous are the headers by which subgraphs do not tell callers apart: they trace a request or name its way.
var anonymous = []string{"Traceparent", "Tracestate", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

// Identity is equal for contexts in which subgraphs cannot tell callers apart: the same headers are passed on, but for
// those of one request. It is a hash, since there are credentials in it.
func (c *Client) Identity(ctx context.Context) string {
	sum := sha256.Sum256(c.told(ctx, nil, anonymous))
	return string(sum[:])
}

// AddHeader returns a context whose fetches pass on the header with this value, beside those of WithHeader before it.
func AddHeader(ctx context.Context, name, value string) context.Context {
	h := Header(ctx).Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	return WithHeader(ctx, h)
}
