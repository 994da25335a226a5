package plan

import (
	"context"
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// maxFolds is how often planning begins anew because a fragment cannot be deferred, before none is.
const maxFolds = 8

// planDeferred plans an operation with deferred fragments. What they ask for leaves the main plan; each is solved from
// where the main plan, and the fragments around it, have entered its objects, entering these anew by a key. A fragment
// of which something cannot be had that way is answered with what is around it, which the draft of incremental delivery
// allows; so is everything where an argument comes from a context, which may be read far above it.
func (p *Planner) planDeferred(ctx context.Context, g *querygraph.Graph, op *operation.Operation, trace *Trace) (*Plan, error) {
	folded, lenient := map[*operation.Defer]bool{}, false
	plain := func() (*Plan, error) {
		whole := *op
		whole.Deferred = false
		return p.plan(ctx, &whole, trace)
	}
	_, bound := bindContexts(g, newKeyring(g, op), op)
	for range maxFolds {
		if len(bound.bindings) > 0 {
			break
		}
		sp := newSplit(op, folded, g.SG.Possible)
		if len(sp.pieces) == 0 {
			break
		}
		s := newSolver(ctx, g)
		s.contexts, s.trace, s.lenient = bound, trace, lenient
		d := &deferral{split: sp, s: s, e: newEmitter(s, newKeyring(g, op))}
		d.e.whole = sp.whole
		out, stuck, err := d.plan(op)
		if trace != nil {
			trace.Units = s.units
		}
		switch {
		case errors.Is(err, ErrUnsatisfiable) && !lenient:
			lenient = true // as without @defer
		case errors.Is(err, ErrUnsatisfiable):
			return plain()
		case err != nil || stuck == nil:
			return out, err
		default:
			folded[stuck] = true
		}
	}
	return plain()
}

// deferral is one attempt to plan an operation with deferred fragments.
type deferral struct {
	*split
	s *solver
	e *emitter
}

// todo by place: what a piece reads of the objects there.
type section struct {
	place *place
	sol   *solution
}

// plan plans the main operation, then the pieces. stuck is a fragment that cannot be deferred.
func (d *deferral) plan(op *operation.Operation) (out *Plan, stuck *operation.Defer, err error) {
	d.learn(d.s)
	var roots []*querygraph.Node
	if op.Kind != ast.Query {
		roots = rootNodes(d.s.g, op.Root.Type)
	}
	d.s.reach(op.Root, op.Root.Type, [][]*querygraph.Node{roots}) // of all there is: what is deferred decides nothing
	whole, main := op.Root, *op
	main.Root = d.root
	if op.Kind == ast.Query {
		var sol *solution
		if sol, err = solveQuery(d.s, d.root); err == nil {
			d.s.trace.chosen(d.s, sol, nil)
			d.e.query(d.root, sol)
			err = d.e.err
		}
	} else {
		err = planRoots(d.s, d.e, d.root)
	}
	if err != nil {
		return nil, nil, err
	}
	d.e.unit = len(op.Root.Items) // after all units of a mutation
	for i, pc := range d.pieces {
		d.e.part, d.e.sees = i+1, d.ancestors(i)
		var sections []section
		for _, pl := range d.places(pc.place, whole) {
			var ok bool
			if sections, ok = d.solve(sections, pl, pc.sel); !ok {
				return nil, pc.fragment, d.s.err
			}
		}
		for _, sec := range sections {
			d.e.emit(sec.place, sec.sol)
		}
		if d.e.err == nil {
			d.e.fallBack()
			d.e.waitForTypes()
		}
		if d.e.err != nil {
			return nil, nil, d.e.err
		}
	}
	if d.s.err != nil {
		return nil, nil, d.s.err
	}
	out, err = finish(d.s, d.e, &main, d.split)
	if err != nil {
		return nil, nil, err
	}
	return out, nil, nil
}

// places lists the places at which the operation's selection is read, for all runtime types or for some.
func (d *deferral) places(sel, root *operation.Selection) []*place {
	if sel == root {
		return d.e.tops
	}
	var out []*place
	var walk func(p *place)
	walk = func(p *place) {
		for _, c := range p.below {
			if d.whole[c.sel] == sel && d.seen(c) {
				out = append(out, c)
			}
			walk(c)
		}
	}
	for _, top := range d.e.tops {
		walk(top)
	}
	return out
}

// seen reports whether objects of the place are there for the piece being planned.
func (d *deferral) seen(p *place) bool { return len(d.e.visible(p.all.arrivals())) > 0 }

// solve adds what is read for the piece's selection at the place. Where nothing can be had from the objects of a place
// below, they are read once more from here.
func (d *deferral) solve(sections []section, pl *place, sel *operation.Selection) ([]section, bool) {
	var fresh []*operation.Item
	for _, it := range sel.Items {
		if !d.carried[it] {
			fresh = append(fresh, it)
			continue
		}
		all, ok := sections, true
		for _, c := range pl.below {
			if ok && d.whole[c.sel] == d.whole[it.Selection] && d.seen(c) {
				all, ok = d.solve(all, c, it.Selection)
			}
		}
		if ok {
			sections = all
		} else {
			fresh = append(fresh, it)
		}
	}
	if len(fresh) == 0 {
		return sections, true
	}
	var nodes []*querygraph.Node
	for _, sp := range d.e.visible(pl.all.arrivals()) {
		if !slices.Contains(nodes, sp.node) {
			nodes = append(nodes, sp.node)
		}
	}
	var sol *solution
	if pl.object || !slices.ContainsFunc(nodes, func(n *querygraph.Node) bool { return !n.Type.InterfaceObject }) {
		if !pl.object && d.s.needsTypes(d.s.part(sel, fresh), pl.typeName) {
			return nil, false
		}
		sol = d.s.again(d.s.part(sel, fresh), pl.typeName, nodes)
	} else {
		sol = d.typed(sel, fresh, runtimeTypes(nodes))
	}
	if sol.failed != nil || d.s.err != nil {
		return nil, false
	}
	return append(sections, section{pl, sol}), true
}

// typed solves the items for each runtime type that the objects can have.
func (d *deferral) typed(sel *operation.Selection, items []*operation.Item, nodes nodesByType) *solution {
	out := &solution{}
	for _, it := range items {
		for _, t := range it.Types {
			if nodes[t] == nil && !it.TypeName() && !d.s.missing(d.whole[sel], t, nil) {
				return &solution{failed: d.s.unanswered(it, t, nil)}
			}
		}
	}
	for _, t := range nodes.types() {
		var own []*operation.Item
		for _, it := range items {
			if it.Applies(t) && !it.TypeName() && (it.Types == nil || !d.s.missing(d.whole[sel], t, nil)) {
				own = append(own, it)
			}
		}
		if len(own) == 0 {
			continue
		}
		sol := d.s.again(d.s.part(sel, own), t, nodes[t])
		if sol.failed != nil {
			return sol
		}
		out.typed = append(out.typed, typed{t, sol})
	}
	return out
}

// again solves a selection for objects that were entered at the nodes by others: to read there they are entered anew, by
// a key.
func (s *solver) again(sel *operation.Selection, typeName string, entries []*querygraph.Node) *solution {
	sys := s.g.System(typeName, entries)
	reach := sys.Reach()
	var demands []*demand
	for _, it := range sel.Items {
		if !it.Applies(typeName) && s.g.SG.Schema.Types[typeName].Kind == ast.Object || it.TypeName() || introspectionField(it.Field.Name) {
			continue
		}
		d := &demand{item: it}
		for _, w := range s.ways(sys, reach, it) {
			if w.land == nil || w.land.Rule.Kind != querygraph.Entered {
				d.ways = append(d.ways, w)
			} else if w = s.reenter(sys, w, it); w != nil {
				d.ways = append(d.ways, w)
			}
		}
		if f := s.finish(d, typeName, entries); f != nil {
			return &solution{failed: f}
		}
		demands = append(demands, d)
	}
	return s.cover(demands)
}

// reenter turns a way from an entry into one that enters its node anew; nil: it has no key, or cannot read the item then.
func (s *solver) reenter(sys *querygraph.System, w *way, it *operation.Item) *way {
	for _, r := range sys.Resume(w.node, w.edge) {
		edge := r.Node.Edge(it.Field.Name)
		if edge == nil || edge.Requires != nil || len(edge.Field.Contexts) > 0 {
			continue
		}
		r.Edge = edge
		stage, _ := r.Value()
		return &way{resume: r, node: r.Node, edge: edge, stage: stage, requests: s.rule(r)}
	}
	return nil
}
