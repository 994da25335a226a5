package exec

import (
	"context"
	"slices"

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
		places: map[int][]Place{},
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
	for progressed := true; progressed; progressed = r.mergeAnswered(fetches, d.calls) {
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
		if around := d.around(f, list); around >= 0 {
			d.held = append(d.held, held{f, around})
		} else {
			told = append(told, d.number(f))
		}
	}
	return told
}

// around is the innermost part around the place that is still to be delivered there; -1: none. list are places that are
// being told with it.
func (d *Deferred) around(f found, list []found) int {
	parts := d.run.plan.Parts
	for p := parts[f.part].Parent; p >= 0; p = parts[p].Parent {
		there := func(o found) bool { return o.part == p && hasPrefix(f.path, o.path) }
		if slices.ContainsFunc(list, there) || slices.ContainsFunc(d.held, func(h held) bool { return there(h.found) }) ||
			slices.ContainsFunc(d.places[p], func(o Place) bool { return hasPrefix(f.path, o.Path) }) {
			return p
		}
	}
	return -1
}

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
		dl := &Delivery{Place: p}
		errs, dl.Errors = takeBelow(errs, p.Path)
		r.late, dl.Errors = takeLate(r.late, dl.Errors, p.Path, r.plan.Parts[part].Data)
		out = append(out, dl)
	}
	for _, err := range errs { // of what was asked for several places; what is not above one is nowhere in the response
		if i := slices.IndexFunc(out, func(dl *Delivery) bool { return hasPrefix(dl.Path, err.Path) }); i >= 0 {
			out[i].Errors = append(out[i].Errors, err)
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
	return out
}

// release tells the places that were held back for a part, but for those where it failed.
func (d *Deferred) release(part int, delivered []*Delivery) {
	waiting := d.held
	d.held = nil
	for _, h := range waiting {
		if h.around != part {
			d.held = append(d.held, h)
			continue
		}
		i := slices.IndexFunc(delivered, func(dl *Delivery) bool { return hasPrefix(h.path, dl.Path) })
		switch {
		case i < 0: // it is delivered elsewhere before
			d.held = append(d.held, h)
		case delivered[i].Data != nil:
			delivered[i].Next = append(delivered[i].Next, d.number(h.found))
		}
	}
}

// project writes what the part adds at one place.
func (d *Deferred) project(part int, dl *Delivery) []found {
	r := d.run
	if r.aborted != "" {
		dl.Errors = tooLarge(r.aborted).Errors
		return nil
	}
	shape := r.plan.Parts[part].Data
	o := r.objectAt(dl.Path)
	if o == missing || shape.Class(r.store.typeName(o)) == nil {
		dl.Data = []byte("{}")
		return nil
	}
	p := &projector{s: &r.store, raw: r.in.Raw, limit: d.left, parts: true, nulled: r.nulled}
	c := cover{at: newPlaces(dl.Errors)}
	for _, e := range dl.Path {
		at := placeOf(e)
		p.path = append(p.path, at)
		c = c.step(at)
	}
	ok := p.object(o, shape, true, c)
	below, whole := p.found, p.out
	p.out = nil
	if ok {
		marks := p.additions(nil, o, shape, c, len(dl.Path))
		for _, m := range marks {
			dl.Items = append(dl.Items, Addition{m.path, p.out[m.from:m.to:m.to]})
		}
	} else {
		below = nil
	}
	d.left -= len(whole)
	if p.full {
		dl.Errors = tooLarge("the response is larger than one request may be answered with").Errors
		dl.Items = nil
		return nil
	}
	dl.Errors = append(dl.Errors, p.errors...)
	r.nulled = p.nulled
	if ok {
		dl.Data = whole
	}
	return below
}

// addition is where the output holds what is added to one object.
type addition struct {
	path     ast.Path
	from, to int
}

// additions writes what is added to each object, apart from the objects that are there. The whole has been written once:
// nothing can fail.
func (p *projector) additions(list []addition, o ref, shape *plan.Shape, c cover, base int) []addition {
	class := shape.Class(p.s.typeName(o))
	if class == nil {
		return list
	}
	from, errs, n := len(p.out), len(p.errors), 0
	p.out = append(p.out, '{')
	for i := range class.Fields {
		f := &class.Fields[i]
		if f.Carried {
			continue
		}
		if n++; n > 1 {
			p.out = append(p.out, ',')
		}
		p.out = append(append(append(p.out, '"'), f.Name...), '"', ':')
		p.field(o, f, c)
	}
	p.out = append(p.out, '}')
	p.errors = p.errors[:errs] // they were told with the whole
	if n > 0 {
		list = append(list, addition{p.clientPath()[base:], from, len(p.out)})
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Carried {
			at := place{name: f.Name}
			p.path = append(p.path, at)
			list = p.additionsBelow(list, p.s.get(o, f.Key), f, c.step(at), base)
			p.path = p.path[:len(p.path)-1]
		}
	}
	return list
}

func (p *projector) additionsBelow(list []addition, v ref, f *plan.ShapeField, c cover, base int) []addition {
	if v == missing || v == null || p.nulled[p.key()] {
		return list
	}
	switch p.s.kind(v) {
	case kindObject:
		return p.additions(list, v, f.Shape, c, base)
	case kindList:
		for i := range p.s.len(v) {
			at := place{index: i}
			p.path = append(p.path, at)
			list = p.additionsBelow(list, p.s.item(v, i), f, c.step(at), base)
			p.path = p.path[:len(p.path)-1]
		}
	}
	return list
}

// note keeps that what is here became null because of something below.
func (p *projector) note() {
	if p.nulled == nil {
		p.nulled = map[string]bool{}
	}
	p.nulled[p.key()] = true
}

func (p *projector) key() string { return p.clientPath().String() }

func placeOf(e ast.PathElement) place {
	switch e := e.(type) {
	case ast.PathName:
		return place{name: string(e)}
	case ast.PathIndex:
		return place{index: int(e)}
	}
	return place{}
}

// objectAt follows a path of the response to its object.
func (r *run) objectAt(path ast.Path) ref {
	shape, at := r.whole(), root
	for _, e := range path {
		switch e := e.(type) {
		case ast.PathIndex:
			if r.store.kind(at) != kindList || int(e) >= r.store.len(at) {
				return missing
			}
			at = r.store.item(at, int(e))
		case ast.PathName:
			if r.store.kind(at) != kindObject {
				return missing
			}
			class := shape.Class(r.store.typeName(at))
			f := fieldByName(class, string(e))
			if f == nil {
				return missing
			}
			if at = r.store.get(at, f.Key); at == missing {
				return missing
			}
			shape = f.Shape
		}
	}
	if r.store.kind(at) != kindObject {
		return missing
	}
	return at
}

func fieldByName(class *plan.ShapeClass, name string) *plan.ShapeField {
	if class == nil {
		return nil
	}
	for i := range class.Fields {
		if f := &class.Fields[i]; f.Name == name {
			return f
		}
	}
	return nil
}

// whole is the projection of all that the client asked for, whenever it is delivered.
func (r *run) whole() *plan.Shape {
	if r.plan.Whole != nil {
		return r.plan.Whole
	}
	return r.plan.Data
}

// keepLate keeps the errors at what is not in the first result for the parts that they belong to.
func (r *run) keepLate(errs gqlerror.List) gqlerror.List {
	var now gqlerror.List
	for _, err := range errs {
		if shows(r.plan.Data, err.Path) {
			now = append(now, err)
		} else {
			r.late = append(r.late, err)
		}
	}
	r.failures = r.failures[:0]
	return now
}

// partErrors takes the errors of the part's own fetches.
func (r *run) partErrors(part int) gqlerror.List {
	var own, others []failure
	for _, f := range r.failures {
		if slices.ContainsFunc(r.plan.Parts[part].Fetches, func(x *plan.Fetch) bool { return x.ID == f.fetch }) {
			own = append(own, f)
		} else {
			others = append(others, f)
		}
	}
	r.failures = others
	return r.clientErrors(own)
}

// takeBelow takes the errors at the path or below out of the list.
func takeBelow(list gqlerror.List, path ast.Path) (rest, taken gqlerror.List) {
	for _, err := range list {
		if hasPrefix(err.Path, path) {
			taken = append(taken, err)
		} else {
			rest = append(rest, err)
		}
	}
	return rest, taken
}

// takeLate adds the kept errors that are at something which the part shows at the path.
func takeLate(late, to gqlerror.List, path ast.Path, shape *plan.Shape) (rest, taken gqlerror.List) {
	for _, err := range late {
		if hasPrefix(err.Path, path) && shows(shape, err.Path[len(path):]) {
			to = append(to, err)
		} else {
			rest = append(rest, err)
		}
	}
	return rest, to
}

func hasPrefix(path, prefix ast.Path) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// shows reports whether the path leads through fields of the shape, of whatever type the objects on the way are.
func shows(shape *plan.Shape, path ast.Path) bool {
	for i, e := range path {
		name, ok := e.(ast.PathName)
		if !ok {
			continue
		}
		if shape == nil {
			return false
		}
		classes := shape.Classes
		if shape.Unknown != nil {
			classes = append(slices.Clip(classes), *shape.Unknown)
		}
		return slices.ContainsFunc(classes, func(c plan.ShapeClass) bool {
			f := fieldByName(&c, string(name))
			return f != nil && shows(f.Shape, path[i+1:])
		})
	}
	return true
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
