package upstream

import (
	"context"
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

func (c *Client) setHeaders(ctx context.Context, to http.Header) {
	if from, ok := ctx.Value(headerKey{}).(http.Header); ok {
		for _, name := range c.propagate {
			if values := from.Values(name); len(values) > 0 {
				to[name] = slices.Clone(values)
			}
		}
	}
	if c.headers == nil {
		return
	}
	for name, values := range c.headers(ctx) {
		to[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

// AddHeader returns a context whose fetches pass on the header with this value, beside those of WithHeader before it.
func AddHeader(ctx context.Context, name, value string) context.Context {
	h, _ := ctx.Value(headerKey{}).(http.Header)
	if h = h.Clone(); h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	return WithHeader(ctx, h)
}
