package supergraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// SubgraphSchema is the schema of one subgraph as far as the supergraph tells it, with `_entities`. What is sent to
// the subgraph must be valid against it.
func (s *Supergraph) SubgraphSchema(sub *Subgraph) (*ast.Schema, error) {
	doc, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("parse prelude: %w", err)
	}
	var entities []string
	for _, name := range sortedKeys(sub.Types) {
		t := sub.Types[name]
		if def := s.subgraphType(sub, t); def != nil {
			doc.Definitions = append(doc.Definitions, def)
		}
		if len(t.Keys) > 0 && (t.Kind == ast.Object || t.InterfaceObject) {
			entities = append(entities, name)
		}
	}
	for _, def := range s.Schema.Types {
		if def.Kind == ast.Scalar && !def.BuiltIn && sub.Types[def.Name] == nil {
			doc.Definitions = append(doc.Definitions, &ast.Definition{Kind: ast.Scalar, Name: def.Name, Position: def.Position})
		}
	}
	if err := addEntities(doc, s.Schema.Query, entities); err != nil {
		return nil, err
	}
	schema, err := validator.ValidateSchemaDocument(doc)
	if err != nil {
		return nil, fmt.Errorf("schema of subgraph %s: %w", sub.Name, err)
	}
	return schema, nil
}

func (s *Supergraph) subgraphType(sub *Subgraph, t *Type) *ast.Definition {
	whole := s.Schema.Types[t.Name]
	def := &ast.Definition{Kind: t.Kind, Name: t.Name, Position: whole.Position, Interfaces: slices.Clone(t.Interfaces)}
	if whole.BuiltIn {
		return nil
	}
	if t.InterfaceObject {
		def.Kind = ast.Object
	}
	for _, f := range t.Fields {
		def.Fields = append(def.Fields, subgraphField(f))
	}
	for _, i := range t.Interfaces { // a field that was overridden away is still there if an interface demands it
		for _, f := range sub.Types[i].Fields {
			if t.Field(f.Name) == nil {
				def.Fields = append(def.Fields, subgraphField(f))
			}
		}
	}
	if t.Kind == ast.Union {
		def.Types = slices.Clone(t.Members)
	}
	for _, v := range t.Values {
		def.EnumValues = append(def.EnumValues, &ast.EnumValueDefinition{Name: v, Position: whole.Position})
	}
	if def.Kind != ast.Scalar && len(def.Fields)+len(def.Types)+len(def.EnumValues) == 0 {
		return nil
	}
	return def
}

func subgraphField(f *Field) *ast.FieldDefinition {
	c := *f.Def
	c.Type = f.Type
	c.Directives = nil
	c.Arguments = nil
	for _, a := range f.Def.Arguments {
		ac := *a
		ac.Directives = nil
		c.Arguments = append(c.Arguments, &ac)
	}
	for _, a := range f.Contexts {
		c.Arguments = append(c.Arguments, &ast.ArgumentDefinition{Name: a.Name, Type: a.Type, Position: f.Def.Position})
	}
	return &c
}

func addEntities(doc *ast.SchemaDocument, root *ast.Definition, entities []string) error {
	text := "scalar _Any\n"
	field := "_service:String"
	if len(entities) > 0 {
		text += "union _Entity = " + strings.Join(entities, " | ")
		field += " _entities(representations:[_Any!]!):[_Entity]!"
	}
	name := "Query"
	if root != nil {
		name = root.Name
	}
	verb := "type"
	if doc.Definitions.ForName(name) != nil {
		verb = "extend type"
	}
	more, err := parser.ParseSchema(&ast.Source{Name: "entities", Input: text + "\n" + verb + " " + name + "{" + field + "}"})
	if err != nil {
		return fmt.Errorf("add _entities: %w", err)
	}
	doc.Merge(more)
	return nil
}
