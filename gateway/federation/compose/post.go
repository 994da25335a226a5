package compose

import (
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// checkMerged checks what only the whole supergraph can show.
func (m *merger) checkMerged() {
	for _, name := range m.order {
		m.checkImplements(m.types[name])
	}
	m.checkRequirements()
	m.checkTransitiveAuthorisation()
	if len(m.errs) == 0 {
		m.hintUpgradedVersions()
		m.checkGraphQL()
	}
}

// checkImplements reports interface fields that an implementation lacks.
func (m *merger) checkImplements(t *mergedType) {
	for _, name := range t.Interfaces {
		i := m.types[name]
		if i == nil {
			continue
		}
		for _, f := range i.Fields {
			if t.Fields.ForName(f.Name) == nil {
				at := name + "." + f.Name
				m.errorf(spec.CodeInterfaceFieldNoImplem, "interface field %q is missing in type %q, which implements the interface; define it in a subgraph that has the type", at, t.Name).
					AtAll(m.typePlaces(t)).AtAll(m.placesOf(at))
			}
		}
	}
}

// checkInterfaceKeys reports subgraphs that resolve an interface by key without having all of its implementations.
func (m *merger) checkInterfaceKeys() {
	m.each(ast.Interface, func(t *mergedType) {
		for i, src := range t.sources {
			if src == nil || src.Kind != ast.Interface || !slices.ContainsFunc(m.subs[i].All(src.Directives, "key"), subgraph.Resolvable) {
				continue
			}
			own := slices.DeleteFunc(m.subs[i].Implementations(t.Name), func(impl *subgraph.Type) bool { return impl.Kind != ast.Object })
			var all []string
			m.each(ast.Object, func(object *mergedType) {
				if slices.Contains(object.Interfaces, t.Name) {
					all = append(all, object.Name)
				}
			})
			if len(own) >= len(all) {
				continue
			}
			for _, name := range all {
				if !slices.ContainsFunc(own, func(impl *subgraph.Type) bool { return impl.Name == name }) {
					m.errorf(spec.CodeInterfaceKeyMissingImplementation, "[%s] interface %q has a resolvable @key, so its implementation %q must be defined there too, and implement it",
						m.subs[i].Name, t.Name, name).At(m.subs[i].Name, src.Position).AtAll(m.typePlaces(m.types[name]))
				}
			}
		}
	})
}

// checkRequirements checks each @requires on the merged type: arguments may have been dropped, or become mandatory.
func (m *merger) checkRequirements() {
	m.each(ast.Object, func(t *mergedType) {
		for _, definition := range t.Fields {
			f := m.fields[t.Name+"."+definition.Name]
			for i, src := range f.sources {
				if src == nil {
					continue
				}
				d := m.subs[i].First(src.Directives, "requires")
				if d == nil {
					continue
				}
				if problems := m.subs[i].Fields(d).Check(t.Definition, m.definition, fieldset.Rules{Arguments: true, Abstract: true}); len(problems) > 0 {
					m.errorf(spec.CodeRequiresInvalidFields, "[%s] @%s on %q is not valid in the supergraph: %s", m.subs[i].Name, d.Name, f.coordinate(), problems[0].Message).
						At(m.subs[i].Name, d.Position)
				}
			}
		}
	})
}

// checkGraphQL checks the printed supergraph against the GraphQL specification.
func (m *merger) checkGraphQL() {
	m.sdl = m.print()
	doc, err := parser.ParseSchema(&ast.Source{Name: "supergraph", Input: m.sdl})
	if err != nil {
		m.errorf(spec.CodeInvalidGraphQL, "supergraph: %s", err)
		return
	}
	m.read, m.readErr = supergraph.ReadDocument(doc) // before validation, which adds to the document
	elements := slices.Clone(doc.Definitions)        // what validation adds is no element of the supergraph
	for _, err := range subgraph.ValidateDocument(doc) {
		var g *gqlerror.Error
		if !errors.As(err, &g) {
			m.errorf(spec.CodeInvalidGraphQL, "supergraph: %s", err)
			continue
		}
		e := m.errorf(spec.CodeInvalidGraphQL, "the subgraphs do not make a valid schema together: %s", g.Message)
		for _, l := range g.Locations {
			e.AtAll(m.placesOf(coordinateAt(elements, l)))
		}
	}
}

// coordinateAt says which type, field or argument of the printed supergraph stands at a place, or before it; "" when it
// is none of these.
func coordinateAt(types ast.DefinitionList, at gqlerror.Location) string {
	found := ""
	see := func(coordinate string, pos *ast.Position) {
		if pos != nil && (pos.Line < at.Line || pos.Line == at.Line && pos.Column <= at.Column) {
			found = coordinate
		}
	}
	for _, t := range types {
		see(t.Name, t.Position)
		for _, v := range t.EnumValues {
			see(t.Name+"."+v.Name, v.Position)
		}
		for _, f := range t.Fields {
			see(t.Name+"."+f.Name, f.Position)
			for _, a := range f.Arguments {
				see(t.Name+"."+f.Name+"("+a.Name+":)", a.Position)
			}
		}
	}
	return found
}
