package querygraph

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// provision is a view that has been made but not filled yet.
type provision struct {
	base *Node
	set  ast.SelectionSet
}

// provisions redirects the edges that carry @provides to views of their targets. All are redirected before the first
// view is filled, so a view that has such an edge itself leads to its view.
func (g *Graph) provisions(nodes []*Node) error {
	g.pending = map[*Node]provision{}
	var views []*Node
	for _, n := range nodes {
		for _, name := range n.Edges() {
			e := n.edges[name]
			if e.Field.Provides == "" || e.To == nil {
				continue
			}
			set, err := supergraph.ParseFieldSet(e.Field.Provides)
			if err != nil {
				return fmt.Errorf("subgraph %s: @provides of %s.%s: %w", n.Sub.Name, n.Type.Name, name, err)
			}
			c := *e
			c.To = g.add(&Node{Sub: e.To.Sub, Type: e.To.Type})
			c.To.View = c.To.ID
			g.pending[c.To] = provision{e.To, set}
			views = append(views, c.To)
			n.edges[name] = &c
		}
	}
	for _, v := range views {
		if err := g.fill(v); err != nil {
			return err
		}
	}
	return nil
}

// fill gives a view the edges of its base and what is provided.
func (g *Graph) fill(view *Node) error {
	p, ok := g.pending[view]
	if !ok {
		return nil
	}
	delete(g.pending, view)
	view.edges, view.members = maps.Clone(p.base.edges), maps.Clone(p.base.members)
	if err := g.provide(view, p.set); err != nil {
		return fmt.Errorf("subgraph %s: @provides below %s: %w", view.Sub.Name, view.Type.Name, err)
	}
	return nil
}

// view copies a node, so that edges can be added for one path only.
func (g *Graph) view(n *Node) (*Node, error) {
	if err := g.fill(n); err != nil {
		return nil, err
	}
	c := g.add(&Node{Sub: n.Sub, Type: n.Type, edges: maps.Clone(n.edges), members: maps.Clone(n.members)})
	c.View = c.ID
	return c, nil
}

// provide adds to a view what the field set names.
func (g *Graph) provide(view *Node, set ast.SelectionSet) error {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__typename" {
				continue
			}
			if err := g.provideField(view, s); err != nil {
				return err
			}
		case *ast.InlineFragment:
			if err := g.provideFragment(view, s); err != nil {
				return err
			}
		default:
			return fmt.Errorf("a fragment spread is not allowed")
		}
	}
	return nil
}

func (g *Graph) provideField(view *Node, s *ast.Field) error {
	if f := view.Type.Field(s.Name); f != nil {
		e := view.edges[s.Name]
		if e == nil || e.Requires != nil {
			e = &Edge{Field: f, To: g.plain[view.Sub.Index][f.Type.Name()]}
		}
		c := *e
		if c.To != nil && len(s.SelectionSet) > 0 {
			var err error
			if c.To, err = g.view(c.To); err != nil {
				return err
			}
			if err := g.provide(c.To, s.SelectionSet); err != nil {
				return err
			}
		}
		view.edges[s.Name] = &c
	} else if view.Type.Kind == ast.Object {
		return fmt.Errorf("type %s has no field %s", view.Type.Name, s.Name)
	}
	if view.Type.Kind == ast.Object {
		return nil
	}
	for _, m := range view.Members() {
		member, err := g.memberView(view, m)
		if err != nil {
			return err
		}
		if err := g.provideField(member, s); err != nil {
			return err
		}
	}
	return nil
}

func (g *Graph) provideFragment(view *Node, s *ast.InlineFragment) error {
	if s.TypeCondition == "" || s.TypeCondition == view.Type.Name {
		return g.provide(view, s.SelectionSet)
	}
	for _, m := range g.SG.Possible(s.TypeCondition) {
		if view.Type.Kind == ast.Object && m == view.Type.Name {
			return g.provide(view, s.SelectionSet)
		}
		if view.members[m] == nil {
			continue
		}
		member, err := g.memberView(view, m)
		if err != nil {
			return err
		}
		if err := g.provide(member, s.SelectionSet); err != nil {
			return err
		}
	}
	return nil
}

// memberView returns the view's own copy of a member node.
func (g *Graph) memberView(view *Node, member string) (*Node, error) {
	m := view.members[member]
	if m.View != 0 && m.viewOf == view {
		return m, nil
	}
	m, err := g.view(m)
	if err != nil {
		return nil, err
	}
	m.viewOf = view
	view.members[member] = m
	return m, nil
}
