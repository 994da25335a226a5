package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// reach notes for every selection the nodes at which its objects can be entered by any way to read the field above
// it. It decides which fragments can match at all (see missing).
func (s *solver) reach(sel *operation.Selection, typeName string, entries []*querygraph.Node) {
	s.reached[sel] = entries
	s.spend(1 + len(entries))
	if s.err != nil {
		return
	}
	nodes := reachable(s.g.System(typeName, entries))
	byType := nodesByType{}
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
		var targets []*querygraph.Node
		add := func(nodes []*querygraph.Node) {
			s.spend(len(nodes))
			for _, n := range nodes {
				if e := n.Edge(it.Field.Name); e != nil && e.To != nil && !slices.Contains(targets, e.To) {
					targets = append(targets, e.To)
				}
			}
		}
		if it.Types == nil {
			add(nodes)
		}
		for _, t := range byType.types() {
			if it.Applies(t) {
				add(byType[t])
			}
		}
		s.reach(it.Selection, it.Field.Type.Name(), targets)
	}
}

func reachable(sys *querygraph.System) []*querygraph.Node {
	var out []*querygraph.Node
	for _, f := range sys.Reach() {
		out = append(out, f.Node)
	}
	return out
}

// missing reports whether a fragment on the runtime type is left out at the selection: nothing is fetched for it.
// Of a union, subgraphs that share a field may know different members; since any of them may be asked, only members
// that all of them know are asked for. An implementation of an interface is left out if none of them knows it.
func (s *solver) missing(sel *operation.Selection, runtimeType string) bool {
	knows := func(n *querygraph.Node) bool { return n.Type.InterfaceObject || n.Member(runtimeType) != nil }
	nodes := s.reached[sel]
	if s.g.SG.Schema.Types[sel.Type].Kind == ast.Union {
		return slices.ContainsFunc(nodes, func(n *querygraph.Node) bool { return !knows(n) })
	}
	return !slices.ContainsFunc(nodes, knows)
}
