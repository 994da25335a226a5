package exec

import (
	"context"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
)

// found is a place at which a deferred part is to be delivered.
type found struct {
	part int
	path ast.Path
}

// Place is a deferred part at one place of the response.
type Place struct {
	ID    int // unique in the execution
	Label string
	Path  ast.Path // of the object that it adds to
}

// Delivery is a deferred part with its result.
type Delivery struct {
	Place
	Data   []byte     // what it adds to the object, as one JSON object that leads through what is there; nil: it failed
	Items  []Addition // the same, object by object
	Errors gqlerror.List
	Next   []Place // parts that lie in it and come later
}

// Addition is what a part adds to one object.
type Addition struct {
	Path ast.Path // from the part's place
	Data []byte   // JSON object
}

// Deferred is an execution whose deferred parts are still to come. It is for one goroutine and must be closed.
type Deferred struct {
	Places []Place // known with the first result

	run    *run
	ctx    context.Context //nolint:containedctx // of the fetches under way, which Close cancels and waits for
	cancel context.CancelFunc
	done   chan *call
	calls  map[int]*call
	open   int // fetches under way
	ids    int
	left   int // bytes that may still be written

	places map[int][]Place // by part: told, not delivered
	held   []held
	coming map[string]bool // places not delivered, told or held
}

// held is a place that is told when a part around it is delivered.
type held struct {
	found
	around int
}

// ExecuteDeferred carries out a query or mutation up to its first result. Its deferred parts come from the second
// result, which is nil when there is none to come.
func (e *Executor) ExecuteDeferred(ctx context.Context, p *plan.Plan, in Input) (*Result, *Deferred) {
	if p.Parts == nil {
		return e.Execute(ctx, p, in), nil
	}
	r := e.start(p, in)
	main, done := mutationContext(ctx, p)
	r.fetchUnits(main)
	done()
	res := r.result()
	if len(r.found) == 0 {
		e.finish(r)
		return res, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &Deferred{
		run: r, ctx: ctx, cancel: cancel, done: make(chan *call, len(p.All())), calls: map[int]*call{}, left: e.opt.MaxOutput - len(res.Data),
		places: map[int][]Place{}, coming: map[string]bool{},
	}
	d.Places = d.tell(r.found)
	return res, d
}

// More reports whether a part is still to come.
func (d *Deferred) More() bool {
	for _, list := range d.places {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// Next waits for the next part that is complete and returns it at all its places; nil when nothing is left to come.
// Parts come as they are ready, but not before the part that they lie in.
func (d *Deferred) Next() []*Delivery {
	r := d.run
	for {
		for part := range r.plan.Parts {
			if len(d.places[part]) == 0 {
				continue
			}
			if d.advance(d.fetches(part)) {
				return d.deliver(part)
			}
		}
		if d.open == 0 {
			return nil
		}
		c := <-d.done
		d.open--
		d.calls[c.fetch.ID] = c
		r.progress[c.fetch.ID] = answered
	}
}

// Close ends what is under way.
func (d *Deferred) Close() {
	d.cancel()
	for ; d.open > 0; d.open-- {
		<-d.done
	}
	d.run.exec.finish(d.run)
}

// fetches lists the fetches of a part after those of the parts around it, which it may read from.
func (d *Deferred) fetches(part int) []*plan.Fetch {
	p := d.run.plan.Parts[part]
	if p.Parent < 0 {
		return p.Fetches
	}
	return append(slices.Clone(d.fetches(p.Parent)), p.Fetches...)
}

// advance merges what was answered and sends what can be sent; it reports whether all fetches are merged.
func (d *Deferred) advance(fetches []*plan.Fetch) bool {
	r := d.run
	for progressed := true; progressed; progressed = r.mergeAnswered(d.ctx, fetches, d.calls) {
		for _, c := range r.start(fetches) {
			d.open++
			go func() {
				r.send(d.ctx, c)
				d.done <- c
			}()
		}
	}
	return !slices.ContainsFunc(fetches, func(f *plan.Fetch) bool { return r.progress[f.ID] != merged })
}

// tell numbers the places of parts. Those within one that is not delivered yet are held back.
func (d *Deferred) tell(list []found) (told []Place) {
	for _, f := range list {
		d.coming[f.key()] = true
	}
	for _, f := range list {
		if around := d.around(f); around >= 0 {
			d.held = append(d.held, held{f, around})
		} else {
			told = append(told, d.number(f))
		}
	}
	return told
}

// around is the innermost part around the place that is still to be delivered there; -1: none.
func (d *Deferred) around(f found) int {
	parts := d.run.plan.Parts
	for p := parts[f.part].Parent; p >= 0; p = parts[p].Parent {
		for n := range len(f.path) + 1 {
			if d.coming[found{p, f.path[:n]}.key()] {
				return p
			}
		}
	}
	return -1
}

func (f found) key() string { return strconv.Itoa(f.part) + " " + f.path.String() }

func (d *Deferred) number(f found) Place {
	p := Place{ID: d.ids, Label: d.run.plan.Parts[f.part].Label, Path: f.path}
	d.ids++
	d.places[f.part] = append(d.places[f.part], p)
	return p
}

// deliver projects a part at all its places.
func (d *Deferred) deliver(part int) []*Delivery {
	r := d.run
	errs := r.partErrors(part)
	var out []*Delivery
	for _, p := range d.places[part] {
		delete(d.coming, found{part, p.Path}.key())
		dl := &Delivery{Place: p}
		errs, dl.Errors = takeBelow(errs, p.Path)
		r.late, dl.Errors = takeLate(r.late, dl.Errors, p.Path, r.plan.Parts[part].Data)
		out = append(out, dl)
	}
	left := maxErrors
	for _, err := range errs { // of what was asked for several places; what is not above one is nowhere in the response
		for _, dl := range out {
			if left > 0 && hasPrefix(dl.Path, err.Path) {
				here := *err
				here.Path = dl.Path
				dl.Errors = append(dl.Errors, &here)
				left--
			}
		}
	}
	delete(d.places, part)
	for _, dl := range out {
		below := d.project(part, dl)
		if dl.Data != nil {
			dl.Next = d.tell(below)
		}
	}
	d.release(part, out)
	for _, dl := range out {
		if dl.Data != nil {
			d.putOff(part, dl)
		}
	}
	return out
}

// release tells the places that were held back for a part, but for those where it failed.
func (d *Deferred) release(part int, delivered []*Delivery) {
	at := make(map[string]*Delivery, len(delivered))
	for _, dl := range delivered {
		at[dl.Path.String()] = dl
	}
	waiting := d.held
	d.held = nil
	for _, h := range waiting {
		var in *Delivery
		for n := len(h.path); n >= 0 && in == nil && h.around == part; n-- {
			in = at[h.path[:n].String()]
		}
		switch {
		case in == nil: // it waits for another part, or for this one at another place
			d.held = append(d.held, h)
		case in.Data != nil:
			in.Next = append(in.Next, d.number(h.found))
		}
	}
}

// mutationContext is the context of an operation's fetches: a mutation that has begun is not cancelled with ctx, but ends
// at ctx's deadline.
func mutationContext(ctx context.Context, p *plan.Plan) (context.Context, context.CancelFunc) {
	if p.Operation != ast.Mutation {
		return ctx, func() {}
	}
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(context.WithoutCancel(ctx), deadline)
	}
	return context.WithoutCancel(ctx), func() {}
}
