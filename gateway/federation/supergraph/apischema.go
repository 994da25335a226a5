package supergraph

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// prelude are the directives that gqlparser declares itself.
var prelude = []string{"include", "skip", "deprecated", "specifiedBy", "defer", "oneOf", "stream"}

// buildSchema makes a schema without the join machinery and without what hidden names.
func buildSchema(doc *ast.SchemaDocument, names *features, hidden map[string]bool) (*ast.Schema, error) {
	out, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("parse prelude: %w", err)
	}
	f := &filter{names: names, hidden: hidden}
	for _, def := range doc.Definitions {
		if !names.owns(def.Name) && !hidden[def.Name] && !builtIn(out, def) {
			out.Definitions = append(out.Definitions, f.definition(def))
		}
	}
	for _, d := range doc.Directives {
		if names.ownsDirective(d.Name) || slices.Contains(prelude, d.Name) {
			continue
		}
		if locations := executable(d.Locations); len(locations) > 0 {
			c := *d
			c.Locations = locations
			c.Arguments = f.arguments("@"+d.Name, d.Arguments)
			out.Directives = append(out.Directives, &c)
		}
	}
	for _, s := range doc.Schema {
		c := &ast.SchemaDefinition{Description: s.Description, Position: s.Position}
		for _, t := range s.OperationTypes {
			if !hidden[t.Type] && doc.Definitions.ForName(t.Type) != nil {
				c.OperationTypes = append(c.OperationTypes, t)
			}
		}
		out.Schema = append(out.Schema, c)
	}
	schema, err := validator.ValidateSchemaDocument(out)
	if err != nil {
		return nil, fmt.Errorf("INVALID_FEDERATION_SUPERGRAPH: %w", err)
	}
	return schema, nil
}

func builtIn(prelude *ast.SchemaDocument, def *ast.Definition) bool {
	have := prelude.Definitions.ForName(def.Name)
	return have != nil && have.BuiltIn
}

func executable(locations []ast.DirectiveLocation) []ast.DirectiveLocation {
	var out []ast.DirectiveLocation
	for _, l := range locations {
		switch l {
		case ast.LocationQuery, ast.LocationMutation, ast.LocationSubscription, ast.LocationField, ast.LocationFragmentDefinition,
			ast.LocationFragmentSpread, ast.LocationInlineFragment, ast.LocationVariableDefinition:
			out = append(out, l)
		}
	}
	return out
}

// filter copies definitions without what is hidden or belongs to a linked spec.
type filter struct {
	names  *features
	hidden map[string]bool
}

func (f *filter) definition(def *ast.Definition) *ast.Definition {
	c := *def
	c.Directives = f.directives(def.Directives)
	c.Interfaces = f.visible(def.Interfaces)
	c.Types, c.TypePositions = f.visible(def.Types), nil
	c.Fields = nil
	for _, field := range def.Fields {
		if f.hidden[def.Name+"."+field.Name] {
			continue
		}
		fc := *field
		fc.Directives = f.directives(field.Directives)
		fc.Arguments = f.arguments(def.Name+"."+field.Name, field.Arguments)
		c.Fields = append(c.Fields, &fc)
	}
	c.EnumValues = nil
	for _, v := range def.EnumValues {
		if f.hidden[def.Name+"."+v.Name] {
			continue
		}
		vc := *v
		vc.Directives = f.directives(v.Directives)
		c.EnumValues = append(c.EnumValues, &vc)
	}
	return &c
}

func (f *filter) visible(names []string) []string {
	var out []string
	for _, n := range names {
		if !f.hidden[n] {
			out = append(out, n)
		}
	}
	return out
}

func (f *filter) arguments(of string, args ast.ArgumentDefinitionList) ast.ArgumentDefinitionList {
	var out ast.ArgumentDefinitionList
	for _, a := range args {
		if f.hidden[of+"."+a.Name] {
			continue
		}
		c := *a
		c.Directives = f.directives(a.Directives)
		out = append(out, &c)
	}
	return out
}

// directives keeps the applications that mean something to clients.
func (f *filter) directives(list ast.DirectiveList) ast.DirectiveList {
	var out ast.DirectiveList
	for _, d := range list {
		switch d.Name {
		case "deprecated", "specifiedBy", "oneOf":
			c := *d
			out = append(out, &c)
		}
	}
	return out
}
