package upstream

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/inflight"
)

// Writes counts what has been written through the gateway. A query shares an answer only with queries that began after the
// same writes, so that clients read what they wrote.
type Writes struct{ n atomic.Uint64 }

// Add tells of a write that has ended, also of one that failed: it may have been done all the same.
func (w *Writes) Add() { w.n.Add(1) }

// Queries are those under way, which equal ones join.
type Queries struct{ under *inflight.Group[answer] }

// NewQueries returns none.
func NewQueries() *Queries { return &Queries{inflight.NewGroup[answer]()} }

// Joined is how many queries were not sent, since an equal one was under way; of nil none.
func (q *Queries) Joined() uint64 {
	if q == nil {
		return 0
	}
	return q.under.Joined()
}

// share asks, or takes the answer to an equal query that is under way.
func (c *Client) share(ctx context.Context, sg *subgraph, req *exec.Request) (*exec.Response, error) {
	key := inflight.Key{Of: sg, Head: c.Likeness(ctx), Body: req.Body}
	ask := func(ctx context.Context) (answer, error) { return c.fetch(ctx, sg, req) }
	a, hold, err := c.shared.under.Do(ctx, key, sg.timeout, ask)
	release := a.release
	switch late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, inflight.ErrPanicked); {
	case hold.Role == inflight.Joined && ctx.Err() == nil && (late || a.private): // the other's time was up, which began earlier; or it is the other's alone
		if hold.Done() && release != nil {
			release()
		}
		a, err = ask(ctx)
	case release != nil && hold.Role != inflight.Alone:
		a.release = func() {
			if hold.Done() {
				release()
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return a.response(), nil
}

// untold are headers that do not change an answer: they trace one request.
var untold = []string{"Traceparent", "Tracestate", "X-Request-Id"}

// Likeness is equal for contexts whose queries the subgraphs answer alike: all that they are told of the client is the
// same, but for what traces a request, and nothing was written in between.
func (c *Client) Likeness(ctx context.Context) string {
	var memory [512]byte
	return string(c.told(ctx, strconv.AppendUint(memory[:0], c.writes.n.Load(), 36), untold))
}

// told appends the headers that subgraphs are told in the context, but for some.
func (c *Client) told(ctx context.Context, b []byte, except []string) []byte {
	from := Header(ctx)
	for _, name := range c.propagate {
		if values := from[name]; len(values) > 0 && !slices.Contains(except, name) {
			b = appendHeader(b, name, values)
		}
	}
	if c.headers != nil {
		own := c.headers(ctx)
		for _, name := range slices.Sorted(maps.Keys(own)) {
			if canonical := http.CanonicalHeaderKey(name); !slices.Contains(except, canonical) {
				b = appendHeader(b, canonical, own[name])
			}
		}
	}
	return b
}

// appendHeader writes a header's values with their lengths, so that none can look like two.
func appendHeader(b []byte, name string, values []string) []byte {
	for _, v := range values {
		b = append(append(append(b, '\n'), name...), ':')
		b = append(append(strconv.AppendInt(b, int64(len(v)), 10), ' '), v...)
	}
	return b
}
