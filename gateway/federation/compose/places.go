package compose

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// The places of elements in their subgraphs.
func typePlace(t *subgraph.Type) *ast.Position                 { return t.Position }
func fieldPlace(f *ast.FieldDefinition) *ast.Position          { return f.Position }
func argumentPlace(a *ast.ArgumentDefinition) *ast.Position    { return a.Position }
func valuePlace(v *ast.EnumValueDefinition) *ast.Position      { return v.Position }
func definitionPlace(d *ast.DirectiveDefinition) *ast.Position { return d.Position }

// places says where the subgraphs that have an element declare it.
func places[T any](m *merger, sources []*T, place func(*T) *ast.Position) []Location {
	e := &Error{}
	for i, s := range sources {
		if s != nil {
			e.At(m.subs[i].Name, place(s))
		}
	}
	return e.Locations
}

// placesWithin says where the subgraphs that have an element declare it, and where those that lack it declare what the
// others have it in.
func placesWithin[T, P any](m *merger, sources []*T, place func(*T) *ast.Position, parents []*P, parentPlace func(*P) *ast.Position) []Location {
	e := &Error{}
	for i, parent := range parents {
		switch {
		case sources[i] != nil:
			e.At(m.subs[i].Name, place(sources[i]))
		case parent != nil:
			e.At(m.subs[i].Name, parentPlace(parent))
		}
	}
	return e.Locations
}

// typePlaces says where a type is declared.
func (m *merger) typePlaces(t *mergedType) []Location { return places(m, t.sources, typePlace) }

// placesOf says where the subgraphs declare an element of the supergraph: "T", "T.f", "T.f(a:)", "@d" or "@d(a:)".
func (m *merger) placesOf(coordinate string) []Location {
	of, argument, _ := strings.Cut(strings.TrimSuffix(coordinate, ":)"), "(")
	if name, ok := strings.CutPrefix(of, "@"); ok {
		definitions := make([]*ast.DirectiveDefinition, len(m.subs))
		for i, s := range m.subs {
			definitions[i] = s.Definition(name)
		}
		if argument == "" {
			return places(m, definitions, definitionPlace)
		}
		return places(m, argumentsNamed(argument, definitions, func(d *ast.DirectiveDefinition) ast.ArgumentDefinitionList { return d.Arguments }), argumentPlace)
	}
	typeName, member, _ := strings.Cut(of, ".")
	t := m.types[typeName]
	if t == nil {
		return nil
	}
	if member == "" {
		return m.typePlaces(t)
	}
	if t.Kind == ast.Enum {
		values := make([]*ast.EnumValueDefinition, len(m.subs))
		for i, src := range t.sources {
			if src != nil {
				values[i] = src.EnumValues.ForName(member)
			}
		}
		return places(m, values, valuePlace)
	}
	fields := make([]*ast.FieldDefinition, len(m.subs))
	for i, src := range t.sources {
		if src != nil {
			fields[i] = src.Fields.ForName(member)
		}
	}
	if argument == "" {
		return places(m, fields, fieldPlace)
	}
	return places(m, argumentsNamed(argument, fields, func(f *ast.FieldDefinition) ast.ArgumentDefinitionList { return f.Arguments }), argumentPlace)
}

func argumentsNamed[T any](name string, sources []*T, arguments func(*T) ast.ArgumentDefinitionList) []*ast.ArgumentDefinition {
	out := make([]*ast.ArgumentDefinition, len(sources))
	for i, s := range sources {
		if s != nil {
			out[i] = arguments(s).ForName(name)
		}
	}
	return out
}
