package exec

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// Events is the response stream of a subscription. It is for one goroutine.
type Events struct {
	exec   *Executor
	plan   *plan.Plan
	in     Input
	source Stream
}

// Subscribe opens the source stream of a subscription plan. Its error is a gqlerror.List, ready for the client. The
// stream ends with ctx; the caller must Close it.
func (e *Executor) Subscribe(ctx context.Context, p *plan.Plan, in Input) (*Events, error) {
	if p.Source == nil {
		return nil, gqlerror.List{gqlerror.Errorf("the operation is not a subscription")}
	}
	r := e.start(p, in)
	body := r.body(&call{fetch: p.Source}, span{})
	e.finish(r)
	source, err := e.fetcher.Subscribe(ctx, &Request{Subgraph: p.Source.Subgraph, Kind: p.Source.Kind, Body: body})
	if err != nil {
		return nil, sourceError(p.Source.Subgraph, err)
	}
	return &Events{exec: e, plan: p, in: in, source: source}, nil
}

// Next waits for the next event and completes it from the other subgraphs. It returns io.EOF when the subgraph completed
// the stream, ctx's error when ctx ended, and else a gqlerror.List for the client; after an error there is no next event.
func (ev *Events) Next(ctx context.Context) (*Result, error) {
	body, err := ev.source.Next(ctx)
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("wait for an event: %w", ctx.Err())
	case err != nil:
		return nil, sourceError(ev.plan.Source.Subgraph, err)
	}
	r := ev.exec.start(ev.plan, ev.in)
	defer ev.exec.finish(r)
	c := &call{fetch: ev.plan.Source, targets: []ref{root}, mark: len(r.store.nodes)}
	a := answer{}
	a.tree, a.err = r.parse(body)
	c.answers = append(c.answers, a)
	r.merge(c)
	r.fetchUnits(ctx)
	return r.result(), nil
}

// Close ends the stream.
func (ev *Events) Close() error { return ev.source.Close() }

func sourceError(subgraph string, err error) gqlerror.List {
	return gqlerror.List{{
		Message:    clientMessage(subgraph, err),
		Extensions: map[string]any{"code": CodeDownstream, "serviceName": subgraph},
		Err:        err,
	}}
}
