package satisfy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// provisions redirects the edges that carry @provides to copies of their targets with more edges. All are redirected
// before the first copy is made, so that a copy which has such an edge itself leads to its copy.
func (g *graph) provisions(plain []*vertex) error {
	type view struct {
		*vertex
		base *vertex
		set  ast.SelectionSet
	}
	var views []view
	for _, v := range plain {
		for _, name := range slices.Sorted(maps.Keys(v.edges)) {
			e := v.edges[name]
			if e.field.Provides == "" || e.to == nil || !v.object() {
				continue
			}
			set, err := g.conds.fieldSet(e.field.Provides)
			if err != nil {
				return fmt.Errorf("subgraph %s: @provides of %s.%s: %w", v.sub.Name, v.typ.Name, name, err)
			}
			base := e.to
			c := *base
			e.to = g.add(&c)
			views = append(views, view{e.to, base, set})
		}
	}
	for _, w := range views {
		w.edges, w.members = maps.Clone(w.base.edges), maps.Clone(w.base.members)
		if err := g.provide(w.vertex, w.set); err != nil {
			return fmt.Errorf("subgraph %s: @provides below %s: %w", w.sub.Name, w.typ.Name, err)
		}
	}
	return nil
}

func (g *graph) view(v *vertex) *vertex {
	c := *v
	c.edges, c.members = maps.Clone(v.edges), maps.Clone(v.members)
	return g.add(&c)
}

// provide adds to a copy what the field set names.
func (g *graph) provide(v *vertex, set ast.SelectionSet) error {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if err := g.provideField(v, s); err != nil {
				return err
			}
		case *ast.InlineFragment:
			if err := g.provideFragment(v, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *graph) provideFragment(v *vertex, s *ast.InlineFragment) error {
	if s.TypeCondition == "" || v.object() || v.is(s.TypeCondition) {
		return g.provide(v, s.SelectionSet)
	}
	for _, name := range g.sg.Possible(s.TypeCondition) {
		m := v.members[name]
		if m == nil {
			continue
		}
		v.members[name] = g.view(m)
		if err := g.provide(v.members[name], s.SelectionSet); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) provideField(v *vertex, s *ast.Field) error {
	if s.Name == "__typename" {
		return nil
	}
	e := v.edges[s.Name]
	if e == nil {
		f := v.typ.Field(s.Name)
		if f == nil {
			return fmt.Errorf("type %s has no field %s", v.typ.Name, s.Name)
		}
		e = &edge{field: f, to: g.vertex(v.sub, f.Type.Name())}
	}
	c := *e
	if c.to != nil && len(s.SelectionSet) > 0 {
		c.to = g.view(c.to)
		if err := g.provide(c.to, s.SelectionSet); err != nil {
			return err
		}
	}
	v.edges[s.Name] = &c
	return nil
}
