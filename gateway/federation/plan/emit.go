package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// group is one visit: a root selection or the entities of one scope, before visits are merged into fetches.
type group struct {
	id       int
	node     *querygraph.Node
	scope    *scope
	landing  *querygraph.Landing // nil: root of a mutation or subscription
	requires querygraph.FieldSet
	contexts []binding // values from above that its fields take as arguments
	content  *sel
	inDoubt  bool // the landing's key may be null
	// Other keys to name an object by that lacks those before; objects that have one of these keys are left out.
	fallbacks, unless []*querygraph.Landing

	needs []*spot // the inputs' sources; resolved to deps when all is emitted

	deps  map[*group]bool
	level int
	unit  int
	part  int // deferred part it is for, from 1; 0: none
}

// turn is equal for groups that may run together: parts come after the units.
func (g *group) turn() int { return g.part<<32 | g.unit }

// root reports whether the group is asked by a root field instead of `_entities`.
func (g *group) root() bool { return g.landing == nil || g.landing.RepType == "" }

// emitter turns solutions into groups. A group's inputs are selected in groups that were there before it.
type emitter struct {
	g      *querygraph.Graph
	keys   *keyring
	groups []*group
	tops   []*place // of the root: one, or one for each root field of a mutation that is read alone
	unit   int
	err    error

	passed bool         // the groups are final
	steps  *Trace       // nil: nobody asks
	part   int          // deferred part that is emitted, from 1; 0: none
	sees   map[int]bool // parts whose values it may use beside those of no part
	whole  map[*operation.Selection]*operation.Selection

	written map[*place]map[Key][]*spot // where client items and private ones for contexts are read
	waiting []postponed
	plannedRequests
	avoid   *group  // a visit that must not be relied on
	bridged bool    // fallbacks have given visits inputs of later visits
	solver  *solver // counts the work, and what a derivation takes
}

func newEmitter(s *solver, keys *keyring) *emitter {
	var steps *Trace
	if s.trace != nil {
		steps = &Trace{}
	}
	return &emitter{steps: steps, g: s.g, keys: keys, solver: s}
}

// postponed is a pick whose arguments come from above: it is read when all that does not wait is.
type postponed struct {
	scope *scope
	pick  *pick
}

// todo is a child place to be emitted when all its entries are known.
type todo struct {
	place *place
	sol   *solution
}

func (e *emitter) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

// emitAll reads what the solution chose, what takes arguments from contexts last.
func (e *emitter) emitAll(p *place, sol *solution) {
	e.emit(p, sol)
	for len(e.waiting) > 0 && e.err == nil {
		i := slices.IndexFunc(e.waiting, func(w postponed) bool { return !e.mustWait(w) })
		if i < 0 {
			e.fail("plan: the contexts of %s need themselves", e.waiting[0].pick.item.Field.Name)
			return
		}
		w := e.waiting[i]
		e.waiting = slices.Delete(e.waiting, i, i+1)
		if t := e.item(w.scope, w.pick); t.place != nil {
			e.emit(t.place, t.sol)
		}
	}
	e.expected = nil
	if e.err == nil {
		e.fallBack()
		e.waitForTypes()
	}
}

// emit reads what the solution chose for the objects of the place.
func (e *emitter) emit(p *place, sol *solution) {
	var next []todo
	note := func(t todo) {
		if t.place != nil && !slices.ContainsFunc(next, func(o todo) bool { return o.place == t.place }) {
			next = append(next, t)
		}
	}
	if sol.discover != nil {
		e.land(p.all, sol.discover.Node)
	}
	for _, pk := range byStage(sol.picks) {
		note(e.pick(p.all, pk))
	}
	for _, t := range sol.typed {
		for _, pk := range byStage(t.sol.picks) {
			note(e.pick(p.scope(t.runtime), pk))
		}
	}
	for _, t := range next {
		e.emit(t.place, t.sol)
	}
}

// byStage puts first what is read first: what comes later finds its inputs at the nodes that are visited anyway.
func byStage(picks []*pick) []*pick {
	stage := func(pk *pick) int {
		last := 0
		for _, w := range pk.ways {
			last = max(last, w.stage)
		}
		return last
	}
	out := slices.Clone(picks)
	slices.SortStableFunc(out, func(a, b *pick) int { return cmp.Compare(stage(a), stage(b)) })
	return out
}

// pick selects one client item, unless it has to wait for what is above.
func (e *emitter) pick(s *scope, pk *pick) todo {
	if slices.ContainsFunc(pk.ways, func(w *way) bool { return w.bindings != nil }) {
		e.waiting = append(e.waiting, postponed{s, pk})
		return todo{}
	}
	return e.item(s, pk)
}

// item selects one client item.
func (e *emitter) item(s *scope, pk *pick) todo {
	key := e.keys.client(pk.item)
	child := e.known(s, key, pk)
	if child == nil && pk.item.Selection != nil {
		child = s.child(key, pk.item.Field.Type, branch{item: pk.item, nodes: nodeKey(targets(pk.ways))}, e.object(pk.item.Field.Type.Name()))
	}
	if child != nil && child.sel == nil {
		child.sel = pk.item.Selection
	}
	for _, w := range pk.ways {
		at := e.at(s, w)
		if at == nil {
			return todo{}
		}
		f := at.sel.add(key, w.edge, pk.item.Arguments)
		f.bind(w.bindings)
		e.write(s.place, key, at)
		if child == nil {
			continue
		}
		var content *sel
		if f.child != nil {
			content = f.child.sel
		}
		f.child = child.enter(w.edge.To, at.groups, s.runtime, content)
	}
	return todo{child, pk.child}
}

// known returns the place below the item if something private has been read there before.
func (e *emitter) known(s *scope, key Key, pk *pick) *place {
	if pk.item.Selection == nil {
		return nil
	}
	for _, w := range pk.ways {
		for _, sp := range e.spots(s) {
			if sp.node != w.node || w.resume != nil && e.part == 0 {
				continue
			}
			if f := sp.sel.find(key); f != nil && f.child != nil && (f.child.place.sel == nil || e.part > 0 && e.whole[f.child.place.sel] == e.whole[pk.item.Selection]) {
				return f.child.place
			}
		}
	}
	return nil
}

func (e *emitter) object(typeName string) bool {
	return e.g.SG.Schema.Types[typeName].Kind == ast.Object
}

// at is where the way reads.
func (e *emitter) at(s *scope, w *way) *spot {
	if w.resume != nil && w.resume.Edge.Requires == nil && w.bindings == nil {
		return e.reenter(s, w.resume)
	}
	if w.resume != nil {
		return e.visit(s, w.resume, w.resume.Edge.Requires, w.bindings)
	}
	return e.land(s, w.node)
}

// land returns the spot of the scope at the node and makes the visit if there is none.
func (e *emitter) land(s *scope, node *querygraph.Node) *spot {
	for _, sp := range s.spots() {
		if sp.node == node && sp.groups[0].part == e.part {
			return sp
		}
	}
	fact := e.system(s).Land(node)
	if e.part > 0 && fact.Known && fact.Rule.Kind == querygraph.Entered { // only to read a key on the way
		for _, sp := range e.spots(s) {
			if sp.node == node {
				return sp
			}
		}
	}
	if !fact.Known || fact.Rule.Kind != querygraph.Hop {
		e.fail("plan: no way to land on %s for %s", node, s.typeName())
		return nil
	}
	sp := e.visit(s, e.rule(s, fact), nil, nil)
	s.landed = append(s.landed, sp)
	return sp
}

// resume visits a node with the requirements of a field.
func (e *emitter) resume(s *scope, r *querygraph.Rule) *spot {
	return e.visit(s, r, r.Edge.Requires, nil)
}

// reenter returns the spot at which a deferred part enters a node anew.
func (e *emitter) reenter(s *scope, r *querygraph.Rule) *spot {
	for _, sp := range s.landed {
		if sp.node == r.Node && sp.groups[0].part == e.part {
			return sp
		}
	}
	sp := e.visit(s, r, nil, nil)
	s.landed = append(s.landed, sp)
	return sp
}

// visit makes a group; its inputs are ensured first.
func (e *emitter) visit(s *scope, r *querygraph.Rule, requires querygraph.FieldSet, contexts []binding) *spot {
	l := e.landing(s, r)
	g := &group{
		inDoubt: r.KeyInDoubt(), node: l.Node, scope: s, landing: l, requires: requires, contexts: contexts, content: &sel{node: l.Node},
		unit: e.unit, part: e.part,
	}
	if l.RepType == "" {
		g.needs = e.visible(s.arrivals())
	}
	intended := e.intend(s, r)
	for _, p := range l.Members {
		g.needs = append(g.needs, e.ensure(s, p, true)...)
	}
	for _, p := range requires.Paths() {
		g.needs = append(g.needs, e.ensure(s, p, false)...)
	}
	for _, b := range contexts {
		for _, src := range b.sources {
			g.needs = append(g.needs, e.above(s.place, src)...)
		}
	}
	e.intended = e.intended[:intended]
	for _, sp := range g.needs {
		for _, d := range sp.groups {
			g.level = max(g.level, d.level+1)
		}
	}
	g.id = len(e.groups)
	e.groups = append(e.groups, g)
	s.visits++
	e.solver.spend(1 + len(g.needs))
	return &spot{node: l.Node, sel: g.content, groups: []*group{g}, place: s.place}
}

// spots lists where the scope's objects are, as far as the part that is emitted may know.
func (e *emitter) spots(s *scope) []*spot { return e.visible(s.spots()) }

func (e *emitter) visible(list []*spot) []*spot {
	if e.part == 0 {
		return list
	}
	var out []*spot
	for _, sp := range list {
		if part := sp.groups[0].part; part == 0 || part == e.part || e.sees[part] {
			out = append(out, sp)
		}
	}
	return out
}

// system answers what can be had where the scope's objects are now.
func (e *emitter) system(s *scope) *querygraph.System {
	if s.system != nil && s.runtime == "" && s.entered == len(s.entries) {
		return s.system
	}
	var nodes []*querygraph.Node
	for _, sp := range e.visible(s.arrivals()) {
		if !slices.Contains(nodes, sp.node) {
			nodes = append(nodes, sp.node)
		}
	}
	s.system, s.entered = e.g.System(s.typeName(), nodes), len(s.entries)
	return s.system
}

// write notes where the value stored under the key is read.
func (e *emitter) write(p *place, key Key, at *spot) {
	if e.written == nil {
		return // nothing takes values from above
	}
	if e.written[p] == nil {
		e.written[p] = map[Key][]*spot{}
	}
	e.written[p][key] = append(e.written[p][key], at)
}
