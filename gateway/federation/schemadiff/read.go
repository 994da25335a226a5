package schemadiff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Read reads the API schema that clients see: of a supergraph, or as it stands when sdl is an API schema. Directives that
// no operation can hold are left out. The name stands in errors.
func Read(name, sdl string) (*ast.Schema, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: name, Input: sdl})
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	if isSupergraph(doc) {
		s, err := supergraph.Read(sdl)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return s.API(), nil
	}
	prelude, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("read the prelude: %w", err)
	}
	doc.Definitions = slices.DeleteFunc(doc.Definitions, func(d *ast.Definition) bool {
		have := prelude.Definitions.ForName(d.Name)
		return have != nil && have.BuiltIn // printed by tools that print all they know
	})
	prelude.Merge(doc)
	schema, err := validator.ValidateSchemaDocument(prelude)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	for name, d := range schema.Directives {
		if builtIn(d) {
			continue
		}
		if d.Locations = slices.DeleteFunc(slices.Clone(d.Locations), func(l ast.DirectiveLocation) bool { return !executable[l] }); len(d.Locations) == 0 {
			delete(schema.Directives, name)
		}
	}
	return schema, nil
}

var executable = map[ast.DirectiveLocation]bool{
	ast.LocationQuery: true, ast.LocationMutation: true, ast.LocationSubscription: true, ast.LocationField: true, ast.LocationFragmentDefinition: true,
	ast.LocationFragmentSpread: true, ast.LocationInlineFragment: true, ast.LocationVariableDefinition: true,
}

// isSupergraph tells whether the schema links the join specification, with which a supergraph says where its fields are.
func isSupergraph(doc *ast.SchemaDocument) bool {
	for _, s := range append(slices.Clone(doc.Schema), doc.SchemaExtension...) {
		for _, d := range s.Directives {
			for _, a := range d.Arguments {
				if (a.Name == "url" || a.Name == "feature") && strings.Contains(a.Value.Raw, "/join/v") {
					return true
				}
			}
		}
	}
	return false
}
