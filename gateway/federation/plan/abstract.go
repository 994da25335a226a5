package plan

import (
	"maps"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// nodesByType gives for each runtime type that objects can have the nodes at which such an object is.
type nodesByType map[string][]*querygraph.Node

func (n nodesByType) types() []string { return slices.Sorted(maps.Keys(n)) }

// abstract solves a selection at an interface or union. Items for all types are read on the interface where that is
// possible and cheapest, else from every runtime type that one node can have; items for some types are solved per
// runtime type, from wherever objects are.
//
// Where only interface objects were entered, runtime types are found first if they matter, or if an item cannot be
// had without them.
func (s *solver) abstract(sel *operation.Selection, typeName string, entries []*querygraph.Node) *solution {
	tells := slices.ContainsFunc(entries, func(n *querygraph.Node) bool { return !n.Type.InterfaceObject })
	if tells {
		return s.abstractFrom(sel, typeName, entries, false)
	}
	if !s.needsTypes(sel, typeName) {
		if sol := s.abstractFrom(sel, typeName, entries, false); sol.failed == nil {
			return sol
		}
	}
	return s.abstractFrom(sel, typeName, entries, true)
}

func (s *solver) abstractFrom(sel *operation.Selection, typeName string, entries []*querygraph.Node, discover bool) *solution {
	sys := s.g.System(typeName, entries)
	reach := sys.Reach()
	out := &solution{}
	sources := entries
	if discover {
		i := slices.IndexFunc(reach, func(f *querygraph.Fact) bool { return !f.Node.Type.InterfaceObject })
		if i < 0 {
			return &solution{failed: &failure{coordinate: typeName + ".__typename", path: []string{"__typename"}}}
		}
		out.discover = reach[i]
		out.requests = s.derivation(reach[i]).least
		sources = append(slices.Clone(entries), reach[i].Node)
	}
	told := runtimeTypes(sources)
	guarded := map[string][]*operation.Item{}
	exploded := map[*querygraph.Node][]*operation.Item{}
	var direct []*demand
	for _, it := range sel.Items {
		switch {
		case it.TypeName():
		case it.Types != nil:
			for _, t := range it.Types {
				switch {
				case excluded(entries, t) || s.missing(s.whole(sel), t, entries):
				case told[t] == nil && s.lenient:
				case told[t] == nil: // an answer without these objects must not look cheap
					return &solution{failed: s.untold(it, t, typeName)}
				default:
					guarded[t] = append(guarded[t], it)
				}
			}
		default:
			d := &demand{item: it, ways: s.ways(sys, reach, it)}
			failed := s.finish(d, typeName, entries)
			from, price := s.explode(sel, it, sources, out)
			switch {
			case failed == nil && (from == nil || s.cheapest(d) <= price):
				direct = append(direct, d)
			case from != nil:
				exploded[from] = append(exploded[from], it)
			default:
				return &solution{failed: failed}
			}
		}
	}
	all := []*solution{out}
	if len(direct) > 0 {
		sol := s.cover(direct)
		all = nil
		for _, o := range append([]*solution{sol}, sol.others...) {
			all = append(all, &solution{
				discover: out.discover, requests: out.requests.union(o.requests), picks: o.picks, extra: o.extra, fields: o.fields, considered: o.considered,
			})
		}
	}
	types := told.types()
	if len(exploded) > 0 && (len(sources) == 1 || out.discover != nil) {
		for _, t := range types {
			for _, n := range sources {
				guarded[t] = append(guarded[t], exploded[n]...)
			}
			guarded[t] = inOrder(sel, guarded[t])
		}
		exploded = nil
	}
	for _, t := range types {
		all = s.runtime(all, sel, t, guarded[t], told[t])
		for _, n := range sources {
			if m := n.Member(t); m != nil && len(exploded[n]) > 0 {
				all = s.runtime(all, sel, t, exploded[n], []*querygraph.Node{m})
			}
		}
	}
	all = s.some(all, s.others())
	all[0].others = all[1:]
	s.consider(all[0], typeName, entries)
	return all[0]
}

// excluded reports whether objects entered at the nodes cannot have the runtime type: one of the nodes is of another
// object type, as where an object type narrows the type of an interface's field.
func excluded(entries []*querygraph.Node, runtimeType string) bool {
	return slices.ContainsFunc(entries, func(n *querygraph.Node) bool {
		return n.Type.Kind == ast.Object && !n.Type.InterfaceObject && n.Type.Name != runtimeType
	})
}

// inOrder sorts items as the client wrote them.
func inOrder(sel *operation.Selection, items []*operation.Item) []*operation.Item {
	wanted := make(map[*operation.Item]bool, len(items))
	for _, it := range items {
		wanted[it] = true
	}
	out := make([]*operation.Item, 0, len(wanted))
	for _, it := range sel.Items {
		if wanted[it] {
			out = append(out, it)
		}
	}
	return out
}

// runtime adds to each solution what is done for one runtime type.
func (s *solver) runtime(all []*solution, sel *operation.Selection, typeName string, items []*operation.Item, nodes []*querygraph.Node) []*solution {
	if len(items) == 0 || all[0].failed != nil {
		return all
	}
	sol := s.solve(s.part(sel, items), typeName, nodes)
	if sol.failed != nil {
		return []*solution{{failed: sol.failed}}
	}
	var next []*solution
	for _, out := range all {
		for _, o := range sol.others {
			more := *out
			more.typed = slices.Clone(out.typed)
			s.take(&more, typed{typeName, o})
			next = append(next, &more)
		}
		s.take(out, typed{typeName, sol})
		next = append(next, out)
	}
	return s.some(next, s.others())
}

// take adds what is done for a runtime type.
func (s *solver) take(out *solution, t typed) {
	stage := 0
	if out.discover != nil {
		stage = out.discover.Stage
	}
	out.typed = append(out.typed, t)
	out.requests = out.requests.union(s.later(t.sol.requests, stage))
	out.extra += t.sol.extra
	out.fields += t.sol.fields
	if len(t.sol.requests) > 0 {
		if out.hops {
			out.extra += costType
		}
		out.hops = true
	}
}

// runtimeTypes gives the nodes at which objects of each runtime type are. An interface object has objects of every
// type that another node tells.
func runtimeTypes(sources []*querygraph.Node) nodesByType {
	at := nodesByType{}
	for _, n := range sources {
		for _, t := range n.Members() {
			at[t] = append(at[t], n.Member(t))
		}
	}
	for _, n := range sources {
		if n.Typed() != nil {
			for t := range at {
				at[t] = append(at[t], n.Typed())
			}
		}
	}
	return at
}

// needsTypes reports whether the selection's answer depends on runtime types.
func (s *solver) needsTypes(sel *operation.Selection, typeName string) bool {
	for _, it := range sel.Items {
		if it.TypeName() || it.Types != nil {
			return true
		}
	}
	for _, t := range s.g.SG.Possible(typeName) {
		if s.g.SG.Inaccessible(t) {
			return true
		}
		for _, it := range sel.Items {
			f := s.g.SG.Schema.Types[t].Fields.ForName(it.Field.Name)
			if f != nil && f.Type.String() != it.Field.Type.String() && s.g.SG.Schema.Types[f.Type.Name()].Kind != ast.Object {
				return true
			}
		}
	}
	return false
}

// explode solves an item alone from every runtime type of one source, and returns the cheapest such source. nil: there
// is none from which all types can.
func (s *solver) explode(sel *operation.Selection, it *operation.Item, sources []*querygraph.Node, out *solution) (*querygraph.Node, int) {
	var best *querygraph.Node
	bestPrice := 0
	part := s.part(sel, []*operation.Item{it})
	for _, n := range sources {
		types := n.Members()
		nodes := runtimeTypes([]*querygraph.Node{n})
		if out.discover != nil {
			nodes = runtimeTypes(sources)
		}
		all := &solution{}
		stage := 0
		if out.discover != nil {
			stage = out.discover.Stage
			all.requests = s.derivation(out.discover).least
		}
		for _, t := range types {
			sol := s.solve(part, t, nodes[t])
			if sol.failed != nil {
				types = nil
				break
			}
			all.requests = all.requests.union(s.later(sol.requests, stage))
			all.extra += sol.extra + 1
			if len(sol.requests) > 0 {
				if all.hops {
					all.extra += costType
				}
				all.hops = true
			}
		}
		if price := s.price(all.requests, all.extra); len(types) > 0 && (best == nil || price < bestPrice) {
			best, bestPrice = n, price
		}
	}
	return best, bestPrice
}

// cheapest is the least price of one demand alone.
func (s *solver) cheapest(d *demand) int {
	sol := s.assign([]*demand{d}, func(*way) bool { return true }, nil, 0)[0]
	return s.price(sol.requests, sol.extra)
}

// part returns the selection reduced to the items; equal reductions give the same selection.
func (s *solver) part(sel *operation.Selection, items []*operation.Item) *operation.Selection {
	key := strconv.AppendInt(make([]byte, 0, 8+6*len(items)), int64(s.id(sel)), 10)
	for _, it := range items {
		key = strconv.AppendInt(append(key, ' '), int64(s.position(sel, it)), 10)
	}
	if part := s.subsets[string(key)]; part != nil {
		return part
	}
	part := &operation.Selection{Type: sel.Type, Items: items}
	s.wholes[part] = s.whole(sel)
	s.subsets[string(key)] = part
	return part
}

// position returns the index of an item in its selection.
func (s *solver) position(sel *operation.Selection, it *operation.Item) int {
	at, ok := s.positions[sel]
	if !ok {
		at = make(map[*operation.Item]int, len(sel.Items))
		for i, it := range sel.Items {
			at[it] = i
		}
		s.positions[sel] = at
	}
	return at[it]
}

func (s *solver) id(sel *operation.Selection) int {
	id, ok := s.ids[sel]
	if !ok {
		id = len(s.ids)
		s.ids[sel] = id
	}
	return id
}

// whole returns the client's selection that a part was taken from.
func (s *solver) whole(sel *operation.Selection) *operation.Selection {
	if w := s.wholes[sel]; w != nil {
		return w
	}
	return sel
}
