package querygraph

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// provisions redirects the edges that carry @provides to views of their targets.
func (g *Graph) provisions(n *Node) error {
	for _, name := range n.Edges() {
		e := n.edges[name]
		if e.Field.Provides == "" || e.To == nil {
			continue
		}
		set, err := supergraph.ParseFieldSet(e.Field.Provides)
		if err != nil {
			return fmt.Errorf("@provides of %s: %w", name, err)
		}
		view := g.view(e.To)
		if err := g.provide(view, set); err != nil {
			return fmt.Errorf("@provides of %s: %w", name, err)
		}
		c := *e
		c.To = view
		n.edges[name] = &c
	}
	return nil
}

// view copies a node, so that edges can be added for one path only.
func (g *Graph) view(n *Node) *Node {
	c := g.add(&Node{Sub: n.Sub, Type: n.Type, edges: maps.Clone(n.edges), members: maps.Clone(n.members)})
	c.View = c.ID
	return c
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
			if c.To.View == 0 || view.edges[s.Name] == nil {
				c.To = g.view(c.To)
			}
			if err := g.provide(c.To, s.SelectionSet); err != nil {
				return err
			}
		}
		view.edges[s.Name] = &c
	} else if view.Type.Kind == ast.Object {
		return fmt.Errorf("type %s has no field %s", view.Type.Name, s.Name)
	}
	for _, m := range view.Members() {
		if view.Type.Kind == ast.Object {
			break
		}
		if err := g.provideField(g.memberView(view, m), s); err != nil {
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
		if view.members[m] != nil {
			if err := g.provide(g.memberView(view, m), s.SelectionSet); err != nil {
				return err
			}
		}
	}
	return nil
}

// memberView returns the view's own copy of a member node.
func (g *Graph) memberView(view *Node, member string) *Node {
	m := view.members[member]
	if m.View == 0 {
		m = g.view(m)
		view.members[member] = m
	}
	return m
}
