package exec

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// Options of an Executor. The zero value is usable.
type Options struct {
	MaxOutput int // bytes of `data`, linked entities written out; 0 means 64 MiB
	MaxArena  int // bytes one request may hold: answers and what is made of them; 0 means 128 MiB
	MaxDepth  int // nesting of JSON in an answer; 0 means 512
}

// Executor carries out plans. It is safe for concurrent use.
type Executor struct {
	fetcher Fetcher
	opt     Options
	seed    maphash.Seed
	runs    sync.Pool // of *run
	trees   sync.Pool // of *tree
}

// New returns an executor that asks the subgraphs through fetcher.
func New(fetcher Fetcher, opt Options) *Executor {
	if opt.MaxOutput == 0 {
		opt.MaxOutput = 64 << 20
	}
	if opt.MaxArena == 0 {
		opt.MaxArena = 128 << 20
	}
	if opt.MaxDepth == 0 {
		opt.MaxDepth = 512
	}
	return &Executor{fetcher: fetcher, opt: opt, seed: maphash.MakeSeed()}
}

// MaxOutput is how many bytes of data a response may have.
func (e *Executor) MaxOutput() int { return e.opt.MaxOutput }

// Input is what a request brings to its plan.
type Input struct {
	Variables Variables                    // nil: none
	Raw       map[plan.Key]json.RawMessage // results of the fields in plan.Introspection; nil: it is larger than a response may be
	Out       []byte                       // memory for the response; nil, or too little: some is made
}

// Variables are the coerced values of the variables that were provided or have a default.
type Variables interface {
	Get(name string) (value json.RawMessage, ok bool)
}

// VariableMap is variables by name.
type VariableMap map[string]json.RawMessage

// Get implements Variables.
func (m VariableMap) Get(name string) (json.RawMessage, bool) {
	value, ok := m[name]
	return value, ok
}

// Result is the response to an operation.
type Result struct {
	Data   []byte        // JSON; "null" when null bubbled up to the root; nil when execution did not begin
	Errors gqlerror.List // paths are the client's; Err of each is for logs

	Private bool // an answer that it is made of is for this caller alone

	body []byte // head and Data, in one piece of memory; nil: there is no such thing
}

// head precedes data in a response.
const head = `{"data":`

// JSON returns the complete response, {"data":…,"errors":[…],"extensions":{…}}. Members without content are left out. It is
// written into the memory that Data is in, so that Data is part of it.
func (r *Result) JSON(extensions map[string]any) ([]byte, error) {
	out, sep := r.body, ","
	switch {
	case out != nil:
	case r.Data != nil:
		out = append([]byte(head), r.Data...)
	default:
		out, sep = []byte{'{'}, ""
	}
	if len(r.Errors) > 0 {
		list, err := json.Marshal(r.Errors)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, sep...), `"errors":`...), list...)
		sep = ","
	}
	if len(extensions) > 0 {
		ext, err := json.Marshal(extensions)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, sep...), `"extensions":`...), ext...)
	}
	return append(out, '}'), nil
}

// run is one execution.
type run struct {
	exec        *Executor
	plan        *plan.Plan
	in          Input
	budget      budget
	store       store
	walker      walker
	representer representer
	merger      merger
	entities    []ref      // of the batch that is merged
	progress    []progress // by Fetch.ID
	failures    []failure
	sentMu      sync.Mutex
	sent        map[string]*sent // by subgraph and body; only requests that may be made again
	held        []*Response      // answers to release at the end
	at          []place          // memory for a path of the response
	within      []step           // and of an answer
	private     bool             // one of the answers is
	aborted     string           // why the response cannot be completed

	// With deferred parts: where they are to be delivered, where nulls were written, and errors
	// that belong to what is not delivered yet.
	found  []found
	nulled map[string]bool
	told   map[string]bool // where parts have delivered objects and lists
	late   gqlerror.List
}

// Execute carries out a query or mutation. It always returns a result: whatever goes wrong is in its errors. A mutation
// that has begun is not cancelled with ctx, but ends at ctx's deadline.
func (e *Executor) Execute(ctx context.Context, p *plan.Plan, in Input) *Result {
	r := e.start(p, in)
	defer e.finish(r)
	ctx, cancel := mutationContext(ctx, p)
	defer cancel()
	r.fetchUnits(ctx)
	res := r.result()
	res.Private = r.private
	return res
}

func (e *Executor) start(p *plan.Plan, in Input) *run {
	r, _ := e.runs.Get().(*run)
	if r == nil {
		r = &run{}
	}
	if in.Variables == nil {
		in.Variables = VariableMap(nil)
	}
	r.exec, r.plan, r.in = e, p, in
	r.budget.left.Store(int64(e.opt.MaxArena))
	r.store.reset(&r.budget, p.Data.Type)
	r.walker.s = &r.store
	r.representer.s, r.representer.seed = &r.store, e.seed
	r.representer.reset()
	r.merger.s = &r.store
	clear(r.merger.clones)
	r.progress = append(r.progress[:0], make([]progress, len(p.All()))...)
	clear(r.failures)
	clear(r.sent)
	r.failures, r.aborted, r.private = r.failures[:0], "", false
	r.found, r.nulled, r.told, r.late = nil, nil, nil, nil
	return r
}

// finish keeps the memory of a run for the next one, unless it is uncommonly much.
func (e *Executor) finish(r *run) {
	clear(r.store.docs[1:])
	clear(r.sent)
	for _, resp := range r.held {
		resp.Release()
	}
	clear(r.held)
	r.held = r.held[:0]
	const most = 1 << 17
	if cap(r.store.nodes) > most || cap(r.store.slots) > most || cap(r.store.items) > most || cap(r.store.docs[0]) > 1<<20 || cap(r.representer.lists.all) > 1<<20 {
		return
	}
	r.plan, r.in, r.merger.fail = nil, Input{}, nil
	e.runs.Put(r)
}

func (e *Executor) getTree() *tree {
	if t, _ := e.trees.Get().(*tree); t != nil {
		return t
	}
	return &tree{}
}

func (e *Executor) putTree(t *tree) {
	t.release()
	e.trees.Put(t)
}

// fetchUnits runs the units of the plan one after another: a mutation's root fields are serial. Once data is null no
// further one starts.
func (r *run) fetchUnits(ctx context.Context) {
	fetches := slices.Clone(r.plan.Fetches)
	slices.SortStableFunc(fetches, func(a, b *plan.Fetch) int { return a.Unit - b.Unit })
	for len(fetches) > 0 && r.aborted == "" {
		n := 1
		for n < len(fetches) && fetches[n].Unit == fetches[0].Unit {
			n++
		}
		r.fetchAll(ctx, fetches[:n])
		if fetches = fetches[n:]; len(fetches) > 0 && r.isNulled(fetches[0].Unit) {
			return
		}
	}
}

// isNulled reports whether what the units before next brought makes data null.
func (r *run) isNulled(next int) bool {
	class := r.plan.Data.Class(r.plan.Data.Type)
	if class == nil {
		return true
	}
	p := projector{s: &r.store, raw: r.in.Raw, limit: r.exec.opt.MaxOutput}
	for _, f := range r.plan.Fetches {
		if f.Unit >= next || f.Root == nil || len(f.RootPath) > 0 {
			continue
		}
		for i := range f.Root.Fields {
			field := fieldByKey(class, f.Root.Fields[i].Key)
			if field != nil && !p.field(root, field, cover{}, new(uint32)) {
				return true
			}
		}
	}
	return false
}

// result projects what was merged.
func (r *run) result() *Result {
	if r.aborted != "" {
		return tooLarge(r.aborted)
	}
	var errs gqlerror.List
	if r.plan.Parts == nil {
		errs = r.clientErrors(r.failures)
	} else {
		errs = r.keepLate(r.clientErrors(r.untold(func(int) bool { return true })))
	}
	size := 64
	for _, doc := range r.store.docs {
		size += len(doc)
	}
	out := r.in.Out
	if cap(out) < size {
		out = make([]byte, 0, min(size, r.exec.opt.MaxOutput))
	}
	p := projector{s: &r.store, raw: r.in.Raw, limit: r.exec.opt.MaxOutput, out: append(out[:0], head...), path: r.at[:0]}
	p.parts = r.plan.Parts != nil
	ok := p.data(r.plan.Data, newPlaces(errs))
	r.at = p.path
	if p.full {
		return tooLarge("the response is larger than one request may be answered with")
	}
	if ok {
		r.found = p.found
		r.keepNulls(p.nulls)
	} else {
		p.out = append(p.out[:len(head)], "null"...)
	}
	return &Result{Data: p.out[len(head):], Errors: append(errs, p.errors...), body: p.out}
}

// CodeTooLarge is the `extensions.code` of a response that was given up for its size.
const CodeTooLarge = "RESPONSE_TOO_LARGE"

func tooLarge(message string) *Result {
	return &Result{
		Data:   []byte("null"),
		Errors: gqlerror.List{{Message: message, Extensions: map[string]any{"code": CodeTooLarge}}},
	}
}
