package exec

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// CodeGap is the `extensions.code` of the result that a subscription gives when events may be missing before the next.
const CodeGap = "SUBSCRIPTION_GAP"

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
	body := r.body(nil, &call{fetch: p.Source}, span{}, p.Source.Document)
	e.finish(r)
	source, err := e.fetcher.Subscribe(ctx, &Request{Subgraph: p.Source.Subgraph, Kind: p.Source.Kind, Body: body})
	if err != nil {
		return nil, sourceError(p.Source.Subgraph, err)
	}
	return &Events{exec: e, plan: p, in: in, source: source}, nil
}

// Wait waits for the next event of the source. It returns io.EOF when the subgraph completed the stream, ctx's error when
// ctx ended, and else a gqlerror.List for the client; after an error there is no next event, but for one that wraps
// ErrInterrupted.
func (ev *Events) Wait(ctx context.Context) ([]byte, error) {
	body, err := ev.source.Next(ctx)
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case ctx.Err() != nil:
		return nil, fmt.Errorf("wait for an event: %w", ctx.Err())
	}
	list := sourceError(ev.plan.Source.Subgraph, err)
	if errors.Is(err, ErrInterrupted) {
		list[0].Message = fmt.Sprintf("subgraph %q was lost and found again: events may be missing", ev.plan.Source.Subgraph)
		list[0].Extensions["code"] = CodeGap
	}
	return nil, list
}

// Join completes an event from the other subgraphs.
func (ev *Events) Join(ctx context.Context, event []byte) *Result {
	r := ev.exec.start(ev.plan, ev.in)
	defer ev.exec.finish(r)
	c := &call{fetch: ev.plan.Source, targets: []ref{root}, mark: len(r.store.nodes)}
	a := answer{}
	a.tree, a.err = r.parse(event)
	c.answers = append(c.answers, a)
	r.merge(ctx, c)
	r.fetchUnits(ctx)
	return r.result()
}

// Next is Wait, then Join.
func (ev *Events) Next(ctx context.Context) (*Result, error) {
	event, err := ev.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return ev.Join(ctx, event), nil
}

// Use completes further events by another executor and plan, which must have the same source.
func (ev *Events) Use(e *Executor, p *plan.Plan, in Input) { ev.exec, ev.plan, ev.in = e, p, in }

// Close ends the stream.
func (ev *Events) Close() error { return ev.source.Close() }

func sourceError(subgraph string, err error) gqlerror.List {
	return gqlerror.List{{
		Message:    clientMessage(subgraph, err),
		Extensions: map[string]any{"code": CodeDownstream, "serviceName": subgraph},
		Err:        err,
	}}
}
