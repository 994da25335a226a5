package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// abstract solves a selection at an interface or union. Items for all types are read on the interface where that is
// possible and cheapest, else from every runtime type; items for some types are solved per runtime type.
func (s *solver) abstract(sel *operation.Selection, typeName string, entries []*querygraph.Node) *solution {
	sys := s.g.System(typeName, entries)
	reach := sys.Reach()
	out := &solution{byType: map[string]*typed{}}
	at := s.runtimeTypes(out, sel, typeName, entries, reach)
	if out.failed != nil {
		return out
	}
	items := map[string][]*operation.Item{} // by runtime type
	var direct []*demand
	for _, it := range sel.Items {
		switch {
		case it.TypeName():
		case it.Types != nil:
			for t := range at {
				if it.Applies(t) {
					items[t] = append(items[t], it)
				}
			}
		default:
			d := &demand{item: it, ways: s.ways(sys, reach, it)}
			failed := s.finish(d, typeName)
			explode := s.explode(sel, it, at, out)
			switch {
			case failed == nil && (explode == nil || s.cheapest(d) <= s.price(explode.requests, explode.extra)):
				direct = append(direct, d)
			case explode != nil:
				for t := range at {
					items[t] = append(items[t], it)
				}
			default:
				return &solution{failed: failed}
			}
		}
	}
	if len(direct) > 0 {
		sol := s.cover(direct)
		out.picks, out.extra = sol.picks, sol.extra
		out.requests = out.requests.union(sol.requests)
	}
	stage := 0
	if out.discover != nil {
		stage = out.discover.Stage
	}
	for _, t := range slices.Sorted(maps.Keys(items)) {
		part := s.part(sel, items[t])
		sol := s.solve(part, t, at[t])
		if sol.failed != nil {
			return &solution{failed: sol.failed}
		}
		out.types = append(out.types, t)
		out.byType[t] = &typed{part, sol}
		out.requests = out.requests.union(s.later(sol.requests, stage))
		out.extra += sol.extra
		if len(sol.requests) > 0 {
			out.extra += costType
		}
	}
	return out
}

// runtimeTypes gives for each runtime type that the entries can have the nodes at which an object of it is. Where
// only interface objects were entered, a node that tells types apart is landed on first, if types matter.
func (s *solver) runtimeTypes(out *solution, sel *operation.Selection, typeName string, entries []*querygraph.Node, reach []*querygraph.Fact) map[string][]*querygraph.Node {
	at := map[string][]*querygraph.Node{}
	tells := slices.ContainsFunc(entries, func(n *querygraph.Node) bool { return !n.Type.InterfaceObject })
	sources := entries
	if !tells && s.needsTypes(sel, typeName) {
		i := slices.IndexFunc(reach, func(f *querygraph.Fact) bool { return !f.Node.Type.InterfaceObject })
		if i < 0 {
			out.failed = &failure{coordinate: typeName + ".__typename", path: []string{"__typename"}}
			return nil
		}
		out.discover = reach[i]
		out.requests = out.requests.union(s.derivation(reach[i]))
		sources = append(slices.Clone(entries), reach[i].Node)
	}
	for _, n := range sources {
		for _, t := range n.Members() {
			at[t] = append(at[t], n.Member(t))
		}
	}
	for _, n := range sources {
		if n.Type.InterfaceObject && n.Typed() != nil {
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

// explode solves an item from every runtime type alone, for comparison. nil: some type cannot, or there is none.
func (s *solver) explode(sel *operation.Selection, it *operation.Item, at map[string][]*querygraph.Node, out *solution) *solution {
	if len(at) == 0 {
		return nil
	}
	all := &solution{}
	stage := 0
	if out.discover != nil {
		stage = out.discover.Stage
		all.requests = s.derivation(out.discover)
	}
	part := s.part(sel, []*operation.Item{it})
	for _, t := range slices.Sorted(maps.Keys(at)) {
		sol := s.solve(part, t, at[t])
		if sol.failed != nil {
			return nil
		}
		all.requests = all.requests.union(s.later(sol.requests, stage))
		all.extra += sol.extra + 1
		if len(sol.requests) > 0 {
			all.extra += costType
		}
	}
	return all
}

// cheapest is the least price of one demand alone.
func (s *solver) cheapest(d *demand) int {
	sol := s.assign([]*demand{d}, func(*way) bool { return true })
	return s.price(sol.requests, sol.extra)
}

// part returns the selection reduced to the items; equal reductions give the same selection.
func (s *solver) part(sel *operation.Selection, items []*operation.Item) *operation.Selection {
	var b strings.Builder
	b.WriteString(strconv.Itoa(s.id(sel)))
	for i, it := range sel.Items {
		if slices.Contains(items, it) {
			b.WriteString(" " + strconv.Itoa(i))
		}
	}
	if part := s.subsets[b.String()]; part != nil {
		return part
	}
	part := &operation.Selection{Type: sel.Type, Items: items}
	s.subsets[b.String()] = part
	return part
}

func (s *solver) id(sel *operation.Selection) int {
	id, ok := s.ids[sel]
	if !ok {
		id = len(s.ids)
		s.ids[sel] = id
	}
	return id
}
