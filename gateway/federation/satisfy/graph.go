package satisfy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// vertex is a type in a subgraph, or a copy of it below a @provides.
type vertex struct {
	id      int
	sub     *supergraph.Subgraph
	typ     *supergraph.Type
	edges   map[string]*edge
	members map[string]*vertex // of an abstract type
	runtime []string           // types that a value here may have, sorted; of an interface object its own
	resume  bool               // a key with no external member lets one come back here
}

// object reports whether the subgraph declares the type as an object. Interface objects are.
func (v *vertex) object() bool { return v.typ.Kind == ast.Object || v.typ.InterfaceObject }

// is reports whether the vertex stands for exactly that type.
func (v *vertex) is(typeName string) bool { return v.typ.Name == typeName }

// edge reads a field at a vertex.
type edge struct {
	field    *supergraph.Field
	to       *vertex // nil: leaf
	requires *condition
}

// landing is a way to enter a vertex from any other of its type.
type landing struct {
	to   *vertex
	cond *condition // nil: a root type, which is entered freely
}

// graph is what the subgraphs resolve.
type graph struct {
	sg       *supergraph.Supergraph
	vertices []*vertex
	plain    []map[string]*vertex  // by subgraph and type
	landings map[string][]*landing // by type
	conds    conditions
}

func build(sg *supergraph.Supergraph) (*graph, error) {
	g := &graph{sg: sg, landings: map[string][]*landing{}, conds: conditions{byText: map[string]*condition{}, parsed: map[string]ast.SelectionSet{}}}
	for _, sub := range sg.Subgraphs {
		vertices := map[string]*vertex{}
		for _, name := range slices.Sorted(maps.Keys(sub.Types)) {
			if t := sub.Types[name]; t.Composite() {
				vertices[name] = g.add(&vertex{sub: sub, typ: t, edges: map[string]*edge{}, members: map[string]*vertex{}})
			}
		}
		g.plain = append(g.plain, vertices)
	}
	plain := slices.Clone(g.vertices)
	for _, v := range plain {
		g.membership(v)
		if err := g.fields(v); err != nil {
			return nil, fmt.Errorf("subgraph %s, type %s: %w", v.sub.Name, v.typ.Name, err)
		}
	}
	for _, v := range plain {
		if err := g.keys(v); err != nil {
			return nil, fmt.Errorf("subgraph %s, type %s: @key: %w", v.sub.Name, v.typ.Name, err)
		}
	}
	if err := g.provisions(plain); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *graph) add(v *vertex) *vertex {
	v.id = len(g.vertices)
	g.vertices = append(g.vertices, v)
	return v
}

func (g *graph) vertex(sub *supergraph.Subgraph, typeName string) *vertex {
	return g.plain[sub.Index][typeName]
}

func (g *graph) membership(v *vertex) {
	if v.object() {
		v.runtime = []string{v.typ.Name}
		return
	}
	for _, m := range v.typ.Members {
		if member := g.vertex(v.sub, m); member != nil {
			v.members[m] = member
			v.runtime = append(v.runtime, m)
		}
	}
}

// fields adds an edge for each field that the subgraph resolves at the plain vertex.
func (g *graph) fields(v *vertex) error {
	for _, f := range v.typ.Fields {
		if f.External || !v.object() && !g.everywhere(v, f.Name) {
			continue
		}
		e, err := g.edge(v, f)
		if err != nil {
			return err
		}
		v.edges[f.Name] = e
	}
	return nil
}

func (g *graph) edge(v *vertex, f *supergraph.Field) (*edge, error) {
	e := &edge{field: f, to: g.vertex(v.sub, f.Type.Name())}
	if f.Requires == "" || !v.object() {
		return e, nil
	}
	cond, err := g.conds.parse(f.Requires)
	if err != nil {
		return nil, fmt.Errorf("@requires of %s: %w", f.Name, err)
	}
	e.requires = cond
	return e, nil
}

// everywhere reports whether all implementations of an interface that the subgraph knows resolve the field as it is, so
// that it can be asked for on the interface.
func (g *graph) everywhere(v *vertex, field string) bool {
	api := g.sg.API().Types[v.typ.Name]
	if api == nil {
		return false
	}
	for _, def := range g.sg.API().GetPossibleTypes(api) {
		t := v.sub.Types[def.Name]
		if t == nil {
			continue
		}
		if f := t.Field(field); f == nil || f.External || f.Requires != "" {
			return false
		}
	}
	return true
}

// keys adds the landings on the plain vertex.
func (g *graph) keys(v *vertex) error {
	for _, root := range []*ast.Definition{g.sg.Schema.Query, g.sg.Schema.Mutation, g.sg.Schema.Subscription} {
		if root != nil && v.is(root.Name) {
			g.landings[root.Name] = append(g.landings[root.Name], &landing{to: v})
			return nil
		}
	}
	for _, k := range v.typ.Keys {
		set, err := g.conds.fieldSet(k.Fields)
		if err != nil {
			return err
		}
		v.resume = v.resume || readable(v.sub, v.typ, set)
		if !k.Resolvable {
			continue
		}
		l := &landing{to: v, cond: g.conds.of(set)}
		g.landings[v.typ.Name] = append(g.landings[v.typ.Name], l)
		if v.typ.InterfaceObject {
			for _, implementation := range g.sg.Possible(v.typ.Name) {
				g.landings[implementation] = append(g.landings[implementation], l)
			}
		}
	}
	return nil
}

// readable reports whether the field set selects no external field.
func readable(sub *supergraph.Subgraph, t *supergraph.Type, set ast.SelectionSet) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if t == nil || t.Field(s.Name) == nil {
				continue
			}
			f := t.Field(s.Name)
			if f.External || !readable(sub, sub.Types[f.Type.Name()], s.SelectionSet) {
				return false
			}
		case *ast.InlineFragment:
			inner := t
			if s.TypeCondition != "" {
				inner = sub.Types[s.TypeCondition]
			}
			if !readable(sub, inner, s.SelectionSet) {
				return false
			}
		}
	}
	return true
}

// admits reports whether the landing can be tried from the vertex: for an implementation of an interface object, its
// subgraph must declare the members of the key.
func (l *landing) admits(from *vertex) bool {
	return l.cond == nil || l.to.typ.Name == from.typ.Name || l.cond.declared(from)
}
