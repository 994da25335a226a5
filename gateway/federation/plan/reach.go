package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// reach notes for every selection the nodes at which its objects can be entered by any way to read the field above
// it. It decides which fragments can match at all (see missing). The nodes come in choices: those of one field of one
// runtime type are ways to read the same objects, those of another type's field lead to other objects.
func (s *solver) reach(sel *operation.Selection, typeName string, choices [][]*querygraph.Node) {
	var reached []*querygraph.Node
	if len(choices) > 0 {
		reached = slices.Clip(choices[0])
		for _, entries := range choices[1:] {
			reached = union(reached, entries)
		}
	}
	s.reachedBy[sel], s.reached[sel] = choices, reached
	s.spend(1 + len(reached))
	if s.err != nil {
		return
	}
	below := map[*operation.Item][][]*querygraph.Node{}
	for _, entries := range choices {
		nodes := reachable(s.g.System(typeName, entries))
		byType := nodesByType{typeName: nodes}
		if s.g.SG.Schema.Types[typeName].Kind != ast.Object {
			byType = runtimeTypes(nodes)
			for t, at := range byType {
				byType[t] = reachable(s.g.System(t, at))
			}
		}
		for _, it := range sel.Items {
			if it.Selection == nil {
				continue
			}
			if it.Types == nil && len(byType) == 0 {
				below[it] = s.targets(below[it], it, nodes)
			}
			for _, t := range byType.types() {
				at := byType[t]
				if it.Types == nil { // it may be read on the interface too
					at = union(slices.DeleteFunc(slices.Clone(nodes), func(n *querygraph.Node) bool { return !knows(n, t) }), at)
				}
				if it.Applies(t) {
					below[it] = s.targets(below[it], it, at)
				}
			}
		}
	}
	for _, it := range sel.Items {
		if it.Selection != nil {
			s.reach(it.Selection, it.Field.Type.Name(), below[it])
		}
	}
}

// targets adds the nodes to which an item's field leads.
func (s *solver) targets(choices [][]*querygraph.Node, it *operation.Item, from []*querygraph.Node) [][]*querygraph.Node {
	s.spend(len(from))
	var to []*querygraph.Node
	for _, n := range from {
		if e := n.Edge(it.Field.Name); e != nil && e.To != nil && !slices.Contains(to, e.To) {
			to = append(to, e.To)
		}
	}
	if len(to) == 0 || slices.ContainsFunc(choices, func(c []*querygraph.Node) bool { return slices.Equal(c, to) }) {
		return choices
	}
	return append(choices, to)
}

// union is a with those of b that are not in it.
func union(a, b []*querygraph.Node) []*querygraph.Node {
	for _, n := range b {
		if !slices.Contains(a, n) {
			a = append(a, n)
		}
	}
	return a
}

// knows reports whether an object at the node may be of the runtime type.
func knows(n *querygraph.Node, runtimeType string) bool {
	return n.Type.InterfaceObject || n.Member(runtimeType) != nil
}

func reachable(sys *querygraph.System) []*querygraph.Node {
	var out []*querygraph.Node
	for _, f := range sys.Reach() {
		out = append(out, f.Node)
	}
	return out
}

// missing reports whether a fragment on the runtime type is left out at the selection, of objects that were entered at
// the nodes, nil: at any: nothing is fetched for it. Of a union, subgraphs that share a field may know different members; since any of
// them may be asked, only members that all of them know are asked for. An implementation of an interface is left out if
// none of them knows it.
func (s *solver) missing(sel *operation.Selection, runtimeType string, entries []*querygraph.Node) bool {
	lacks := func(nodes []*querygraph.Node) bool {
		if s.g.SG.Schema.Types[sel.Type].Kind == ast.Union {
			return slices.ContainsFunc(nodes, func(n *querygraph.Node) bool { return !knows(n, runtimeType) })
		}
		return !slices.ContainsFunc(nodes, func(n *querygraph.Node) bool { return knows(n, runtimeType) })
	}
	found := false
	for _, nodes := range s.reachedBy[sel] {
		if slices.ContainsFunc(entries, func(n *querygraph.Node) bool { return !slices.Contains(nodes, n) }) {
			continue // the objects were not entered by this field
		}
		if !lacks(nodes) {
			return false
		}
		found = true
	}
	return found || lacks(s.reached[sel])
}
