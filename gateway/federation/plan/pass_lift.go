package plan

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// lift selects a field once on an interface instead of once for every member type, where all members select the same
// and the subgraph can read it on the interface: on that of the level or, in a fragment, on another that the members
// have in common. It keeps documents from growing with the number of implementations.
func lift(groups []*group, g *querygraph.Graph) {
	l := &lifter{g: g, interfaces: map[*supergraph.Subgraph][]*querygraph.Node{}}
	for _, g := range groups {
		l.lift(g.content)
	}
}

type lifter struct {
	g          *querygraph.Graph
	interfaces map[*supergraph.Subgraph][]*querygraph.Node // those with several members, by name
}

func (l *lifter) lift(s *sel) {
	if s.lifted {
		return
	}
	s.lifted = true
	if s.node.Type.Kind == ast.Interface && len(s.branches) > 1 && len(s.branches) == len(s.node.Members()) {
		for _, f := range take(s.branches, s.node) {
			if s.find(f.key) == nil {
				s.push(f)
			}
		}
	}
	for _, b := range s.branches {
		b.keep(func(f *selField) bool { return f.child != nil || s.find(f.key) == nil })
	}
	l.gather(s)
	for _, f := range s.fields {
		if f.child != nil {
			l.lift(f.child.sel)
		}
	}
	for _, b := range s.branches {
		l.lift(b)
	}
}

// gather makes fragments on interfaces of what several branches have in common.
func (l *lifter) gather(s *sel) {
	if !s.node.Type.Abstract() || s.node.Type.InterfaceObject || len(s.branches) < 2 {
		return
	}
	for _, node := range l.nodes(s.node.Sub) {
		var branches []*sel
		open := false
		for _, m := range node.Members() {
			i := slices.IndexFunc(s.branches, func(b *sel) bool { return b.node.Type.Name == m })
			switch {
			case i >= 0:
				branches = append(branches, s.branches[i])
			case s.node.Member(m) != nil:
				open = true // it would be asked of others too
			}
		}
		if open || len(branches) < 2 {
			continue
		}
		if fields := take(branches, node); len(fields) > 0 {
			s.branches = append(s.branches, &sel{node: node, fields: fields})
		}
	}
}

// nodes lists the interfaces of a subgraph, those with many members first.
func (l *lifter) nodes(sub *supergraph.Subgraph) []*querygraph.Node {
	if list, ok := l.interfaces[sub]; ok {
		return list
	}
	list := []*querygraph.Node{}
	for _, t := range sub.Types {
		if n := l.g.Node(sub, t.Name); n != nil && t.Kind == ast.Interface && !t.InterfaceObject && len(n.Members()) > 1 {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *querygraph.Node) int {
		return cmp.Or(len(b.Members())-len(a.Members()), cmp.Compare(a.Type.Name, b.Type.Name))
	})
	l.interfaces[sub] = list
	return list
}

// take removes from the branches the fields that all of them select and that can be read at the node, and returns them
// as they are read there.
func take(branches []*sel, node *querygraph.Node) []*selField {
	var out []*selField
	taken := map[Key]bool{}
	for _, f := range branches[0].fields {
		e := node.Edge(f.name)
		if e == nil || e.Requires != nil || f.child != nil && f.child.sel.node != e.To { // the members may narrow its type
			continue
		}
		if slices.ContainsFunc(branches[1:], func(b *sel) bool { return !same(b.find(f.key), f) }) {
			continue
		}
		c := *f
		c.field = e
		out = append(out, &c)
		taken[f.key] = true
	}
	for _, b := range branches {
		b.keep(func(f *selField) bool { return !taken[f.key] })
	}
	return out
}

func same(a, b *selField) bool {
	if a == nil || a.name != b.name || a.argText() != b.argText() || (a.child == nil) != (b.child == nil) {
		return false
	}
	return a.child == nil || a.child.sel == b.child.sel
}

// keep leaves only some fields.
func (s *sel) keep(wanted func(*selField) bool) {
	fields := s.fields
	s.fields, s.index = nil, nil
	for _, f := range fields {
		if wanted(f) {
			s.push(f)
		}
	}
}
