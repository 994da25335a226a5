package upstream

import (
	"context"
	"errors"
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
	a, role, err := c.shared.under.Do(ctx, key, sg.timeout, ask)
	switch late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, inflight.ErrPanicked); {
	case role == inflight.Joined && ctx.Err() == nil && (late || a.private): // the other's time was up, which began earlier; or it is the other's alone
		a, err = ask(ctx)
	case role != inflight.Alone:
		a.release = nil // others look at it
	}
	if err != nil {
		return nil, err
	}
	return &exec.Response{Body: a.body, Release: a.release}, nil
}

// untold are headers that do not change an answer: they trace one request.
var untold = []string{"Traceparent", "Tracestate", "X-Request-Id"}

// Likeness is equal for contexts whose queries the subgraphs answer alike: all that they are told of the client is the
// same, but for what traces a request, and nothing was written in between.
func (c *Client) Likeness(ctx context.Context) string {
	var b strings.Builder
	b.WriteString(strconv.FormatUint(c.writes.n.Load(), 36))
	told := func(name string, values []string) {
		for _, v := range values {
			b.WriteByte('\n')
			b.WriteString(name)
			b.WriteByte(':')
			b.WriteString(v)
		}
	}
	from := Header(ctx)
	for _, name := range c.propagate {
		if !slices.Contains(untold, name) {
			told(name, from[name])
		}
	}
	if c.headers != nil {
		own := c.headers(ctx)
		names := make([]string, 0, len(own))
		for name := range own {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			told(name, own[name])
		}
	}
	return b.String()
}
