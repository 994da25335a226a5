package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// progress of a fetch.
type progress uint8

const (
	waiting  progress = iota // for the fetches it reads from
	running                  // its request is under way
	answered                 // its answer waits for those of lower ID in its level
	merged
)

// call is one fetch under way.
type call struct {
	fetch   *plan.Fetch
	targets []ref   // root fetch: the objects its data is merged into
	batches []batch // entity fetch
	whole   int     // the number of batches that the fetch's document asks for; those behind are partial
	mark    int     // number of nodes when the targets were collected
	answers []answer
	lost    []lost // fields that were asked for no more
}

// answer is one parsed body, to some of the batches.
type answer struct {
	part span
	tree *tree
	err  error
}

// span is a range of batches.
type span struct{ from, to int }

func (s span) has(i int) bool { return i >= s.from && i < s.to }

// fetchAll runs the fetches of one unit. A fetch starts when what it reads from is merged; answers are merged here, on
// the calling goroutine, in the order of their IDs within a level.
func (r *run) fetchAll(ctx context.Context, fetches []*plan.Fetch) {
	var done chan *call // of those that run on goroutines of their own
	calls := make(map[int]*call, len(fetches))
	open := 0
	for {
		var ready []*call
		for progressed := true; progressed; progressed = r.mergeAnswered(ctx, fetches, calls) {
			ready = append(ready, r.start(fetches)...)
		}
		// The first to be merged may as well run here: nothing could be merged before it.
		var here *call
		if len(ready) > 0 && r.isNext(fetches, ready[0].fetch) {
			here, ready = ready[0], ready[1:]
		}
		for _, c := range ready {
			if open++; done == nil {
				done = make(chan *call, len(fetches))
			}
			go func() {
				r.send(ctx, c)
				done <- c
			}()
		}
		switch {
		case here != nil:
			r.send(ctx, here)
			calls[here.fetch.ID] = here
			r.progress[here.fetch.ID] = answered
		case open > 0:
			c := <-done
			open--
			calls[c.fetch.ID] = c
			r.progress[c.fetch.ID] = answered
		default:
			return
		}
	}
}

// start returns the calls of all fetches that can start. One that has nothing to ask counts as merged.
func (r *run) start(fetches []*plan.Fetch) (ready []*call) {
	for _, f := range fetches { // dependencies come first, so one pass is enough
		if r.progress[f.ID] != waiting || !r.allMerged(f.Deps) {
			continue
		}
		if c := r.prepare(f); c == nil {
			r.follow(f)
			r.progress[f.ID] = merged
		} else {
			r.progress[f.ID] = running
			ready = append(ready, c)
		}
	}
	return ready
}

// mergeAnswered merges the answers whose turn it is and reports whether there were any.
func (r *run) mergeAnswered(ctx context.Context, fetches []*plan.Fetch, calls map[int]*call) bool {
	any := false
	for _, f := range fetches {
		if r.progress[f.ID] == answered && r.isFirst(fetches, f) {
			r.merge(ctx, calls[f.ID])
			r.follow(f)
			r.progress[f.ID] = merged
			any = true
		}
	}
	return any
}

func (r *run) allMerged(ids []int) bool {
	for _, id := range ids {
		if r.progress[id] != merged {
			return false
		}
	}
	return true
}

// isFirst reports whether every fetch of f's level with a lower ID is merged.
func (r *run) isFirst(fetches []*plan.Fetch, f *plan.Fetch) bool {
	for _, g := range fetches {
		if g.Level == f.Level && g.ID < f.ID && r.progress[g.ID] != merged {
			return false
		}
	}
	return true
}

// isNext reports whether no other fetch under way can be merged before f.
func (r *run) isNext(fetches []*plan.Fetch, f *plan.Fetch) bool {
	for _, g := range fetches {
		if p := r.progress[g.ID]; g != f && (p == running || p == answered) && (g.Level != f.Level || g.ID < f.ID) {
			return false
		}
	}
	return true
}

// prepare collects what the fetch is asked for. It returns nil when there is nothing to ask.
func (r *run) prepare(f *plan.Fetch) *call {
	c := &call{fetch: f, mark: len(r.store.nodes)}
	if f.Entities == nil {
		if c.targets = []ref{root}; len(f.RootPath) > 0 {
			c.targets = slices.Clone(r.walker.collect([]plan.Path{f.RootPath}))
		}
		if len(c.targets) == 0 {
			return nil
		}
		return c
	}
	for _, b := range f.Entities {
		r.separate(b)
	}
	c.mark = len(r.store.nodes)
	asked := false
	var partial []batch
	for _, b := range f.Entities {
		if b.Contexts != nil {
			c.batches = append(c.batches, r.perContext(b)...)
			continue
		}
		whole, left := r.representer.represent(b, r.walker.collect(b.Paths))
		c.batches = append(c.batches, whole)
		partial = append(partial, r.representer.partial(f, b, left)...)
	}
	c.whole = len(c.batches)
	c.batches = append(c.batches, partial...)
	for i := range c.batches {
		asked = asked || len(c.batches[i].uses) > 0
	}
	if !asked {
		return nil
	}
	return c
}

// maxAliases is the number of batches in one request: values of contexts can make any number of them.
const maxAliases = 100

// send asks the subgraph. It runs on a goroutine of its own and touches only c.
func (r *run) send(ctx context.Context, c *call) {
	asked := slices.ContainsFunc(c.batches[:c.whole], func(b batch) bool { return len(b.uses) > 0 })
	for from := 0; (from == 0 && c.batches == nil) || (asked && from < c.whole); from += maxAliases {
		r.sendPart(ctx, c, span{from, min(from+maxAliases, c.whole)})
	}
	for i := c.whole; i < len(c.batches); i++ {
		c.answers = append(c.answers, r.askAll(ctx, c, span{i, i + 1})...)
	}
}

// askAll asks for some batches, and again for what the failure of private fields took along.
func (r *run) askAll(ctx context.Context, c *call, part span) []answer {
	a := r.ask(ctx, c, part, c.document(part))
	return append([]answer{a}, r.salvage(ctx, c, a)...)
}

// sendPart asks for some batches. Where an answer to several has no data at all, each is asked for alone: one failing
// entity must not take the others along.
func (r *run) sendPart(ctx context.Context, c *call, part span) {
	whole := r.ask(ctx, c, part, c.document(part))
	asked := 0
	for i := part.from; i < part.to; i++ {
		if len(c.batches[i].uses) > 0 {
			asked++
		}
	}
	alone := asked > 1 && c.fetch.Kind == ast.Query && whole.err == nil && ctx.Err() == nil
	if alone {
		data := whole.tree.member(0, "data")
		alone = data >= 0 && whole.tree.nodes[data].kind == kindNull
	}
	if !alone {
		c.answers = append(append(c.answers, whole), r.salvage(ctx, c, whole)...)
		return
	}
	r.exec.putTree(whole.tree)
	for i := part.from; i < part.to; i++ {
		if len(c.batches[i].uses) > 0 {
			c.answers = append(c.answers, r.askAll(ctx, c, span{i, i + 1})...)
		}
	}
}

// ask asks for some batches with the document.
func (r *run) ask(ctx context.Context, c *call, part span, document string) (a answer) {
	a.part = part
	defer func() {
		if p := recover(); p != nil {
			a.err = &FetchError{Message: "could not be asked", Err: fmt.Errorf("panic in fetcher: %v", p)}
		}
	}()
	body, _ := bodies.Get().(*[]byte)
	if body == nil {
		body = new([]byte)
	}
	*body = r.body((*body)[:0], c, part, document)
	resp, err := r.fetchOnce(ctx, &Request{Subgraph: c.fetch.Subgraph, Kind: c.fetch.Kind, Body: *body}, c.fetch, document == c.fetch.Document)
	if cap(*body) <= keptBody {
		bodies.Put(body)
	}
	if err != nil {
		a.err = err
		return a
	}
	a.tree, a.err = r.parse(resp.Body)
	return a
}

// bodies is memory of requests that were sent.
var bodies sync.Pool // of *[]byte

// keptBody is the size up to which memory of a request is kept for another, in bytes.
const keptBody = 1 << 20

// parse parses a GraphQL response.
func (r *run) parse(body []byte) (*tree, error) {
	if !r.budget.take(len(body)) {
		return nil, &FetchError{Message: "sent more than one request may hold", Err: errTooLarge}
	}
	t := r.exec.getTree()
	if err := t.parse(body, r.exec.opt.MaxDepth, &r.budget); err != nil {
		r.exec.putTree(t)
		if errors.Is(err, errTooLarge) {
			return nil, &FetchError{Message: "sent more than one request may hold", Err: err}
		}
		return nil, &FetchError{Message: "sent an answer that is not valid JSON", Err: err}
	}
	if t.nodes[0].kind != kindObject {
		r.exec.putTree(t)
		return nil, &FetchError{Message: "sent an answer that is not a GraphQL response"}
	}
	return t, nil
}
