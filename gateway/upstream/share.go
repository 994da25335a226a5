package upstream

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
	return strconv.FormatUint(c.writes.n.Load(), 36) + c.told(ctx, untold)
}

// told writes down the headers that subgraphs are told in the context, but for some.
func (c *Client) told(ctx context.Context, except []string) string {
	var b strings.Builder
	write := func(name string, values []string) {
		if slices.Contains(except, name) {
			return
		}
		for _, v := range values { // with its length, so that no value can look like two
			b.WriteByte('\n')
			b.WriteString(name)
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(len(v)))
			b.WriteByte(' ')
			b.WriteString(v)
		}
	}
	from := Header(ctx)
	for _, name := range c.propagate {
		write(name, from[name])
	}
	if c.headers != nil {
		own := c.headers(ctx)
		for _, name := range slices.Sorted(maps.Keys(own)) {
			write(http.CanonicalHeaderKey(name), own[name])
		}
	}
	return b.String()
}
