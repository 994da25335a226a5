package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// service is one subgraph: what it declares and can resolve, read from its own SDL.
type service struct {
	name   string
	schema *ast.Schema // plain GraphQL, with _entities
	types  map[string]*declared
	roots  map[ast.Operation]string
}

// declared is a type as one subgraph declares it.
type declared struct {
	def             *ast.Definition
	extension       bool // key members that are external can be read
	interfaceObject bool
	features        []string
	keys            []ast.SelectionSet // resolvable ones
	keyMembers      map[string]bool
	fields          map[string]*field
}

// field is a field as one subgraph declares it.
type field struct {
	external           bool
	requires, provides ast.SelectionSet
	from               *override // it is taken over from another subgraph
	to                 *override // another subgraph takes it over
	features           []string
}

// override is the condition of an @override.
type override struct{ label string }

func (o *override) on(labels []string) bool {
	return o != nil && (o.label == "" || slices.Contains(labels, o.label))
}

// resolvable reports whether the subgraph has a resolver for the field, whatever path leads there.
func (f *field) resolvable(labels []string) bool {
	return !f.to.on(labels) && (f.from == nil || f.from.on(labels))
}

func declare(source subgraph.Source) (*service, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: source.Name, Input: source.SDL})
	if err != nil {
		return nil, fmt.Errorf("subgraph %s: %w", source.Name, err)
	}
	s := &service{name: source.Name, types: map[string]*declared{}, roots: map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation"}}
	fed1 := !strings.Contains(source.SDL, "specs.apollo.dev/federation/v2")
	order := []string{}
	add := func(def *ast.Definition, extension bool) error {
		t := s.types[def.Name]
		if t == nil {
			t = &declared{def: &ast.Definition{Kind: def.Kind, Name: def.Name, Position: def.Position}, keyMembers: map[string]bool{}, fields: map[string]*field{}}
			s.types[def.Name] = t
			order = append(order, def.Name)
		}
		t.extension = t.extension || extension || def.Directives.ForName("extends") != nil
		return t.add(def, fed1)
	}
	for _, def := range doc.Definitions {
		if err := add(def, false); err != nil {
			return nil, err
		}
	}
	for _, def := range doc.Extensions {
		if err := add(def, true); err != nil {
			return nil, err
		}
	}
	for _, def := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		for _, op := range def.OperationTypes {
			s.roots[op.Operation] = op.Type
		}
	}
	return s, s.load(order)
}

func (t *declared) add(def *ast.Definition, fed1 bool) error {
	t.def.Interfaces = append(t.def.Interfaces, def.Interfaces...)
	t.def.Types = append(t.def.Types, def.Types...)
	for _, v := range def.EnumValues {
		t.def.EnumValues = append(t.def.EnumValues, &ast.EnumValueDefinition{Name: v.Name, Position: v.Position})
	}
	t.interfaceObject = t.interfaceObject || def.Directives.ForName("interfaceObject") != nil
	for _, d := range def.Directives {
		t.features = append(t.features, "@"+d.Name+" on a type")
	}
	if t.extension {
		t.features = append(t.features, "extension of an entity")
	}
	if fed1 {
		t.features = append(t.features, "Federation 1")
	}
	for _, d := range def.Directives.ForNames("key") {
		set, err := fieldSet(d.Arguments.ForName("fields"))
		if err != nil {
			return err
		}
		for _, s := range set {
			if f, ok := s.(*ast.Field); ok {
				t.keyMembers[f.Name] = true
			}
		}
		if r := d.Arguments.ForName("resolvable"); r == nil || r.Value.Raw != "false" {
			t.keys = append(t.keys, set)
		}
	}
	whole := def.Directives.ForName("external") != nil
	for _, f := range def.Fields {
		plain := *f
		plain.Directives, plain.Arguments = nil, nil
		for _, a := range f.Arguments {
			bare := *a
			bare.Directives = nil
			plain.Arguments = append(plain.Arguments, &bare)
		}
		t.def.Fields = append(t.def.Fields, &plain)
		d := &field{external: whole || f.Directives.ForName("external") != nil}
		for name, into := range map[string]*ast.SelectionSet{"requires": &d.requires, "provides": &d.provides} {
			if x := f.Directives.ForName(name); x != nil {
				set, err := fieldSet(x.Arguments.ForName("fields"))
				if err != nil {
					return err
				}
				*into = set
			}
		}
		if o := f.Directives.ForName("override"); o != nil {
			d.from = overrideOf(o)
		}
		d.note(f)
		t.fields[f.Name] = d
	}
	return nil
}

func overrideOf(d *ast.Directive) *override {
	o := &override{}
	if label := d.Arguments.ForName("label"); label != nil {
		o.label = label.Value.Raw
	}
	return o
}

// fieldSet parses the value of a `fields` argument; a list, which Federation 1 allows, counts as one set.
func fieldSet(arg *ast.Argument) (ast.SelectionSet, error) {
	sets := []string{arg.Value.Raw}
	for _, c := range arg.Value.Children {
		sets = append(sets, c.Value.Raw)
	}
	text := strings.Join(sets, " ")
	doc, err := parser.ParseQuery(&ast.Source{Input: "{" + text + "}"})
	if err != nil {
		return nil, fmt.Errorf("field set %q: %w", text, err)
	}
	return doc.Operations[0].SelectionSet, nil
}

// load makes the schema that requests are checked against.
func (s *service) load(order []string) error {
	doc, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return err
	}
	var entities []string
	for _, name := range order {
		t := s.types[name]
		if t.def.Kind == ast.Scalar && doc.Definitions.ForName(name) != nil {
			continue
		}
		doc.Definitions = append(doc.Definitions, t.def)
		if len(t.keys) > 0 && t.def.Kind == ast.Object {
			entities = append(entities, name)
		}
	}
	text, fields := "scalar _Any type _Service { sdl: String }\n", "_service: _Service!"
	if len(entities) > 0 {
		text += "union _Entity = " + strings.Join(entities, " | ") + "\n"
		fields += " _entities(representations: [_Any!]!): [_Entity]!"
	}
	verb := "extend type"
	query := s.local("Query")
	if s.types[query] == nil {
		verb = "type"
	}
	text += verb + " " + query + " { " + fields + " }"
	if query != "Query" {
		text += " schema { query: " + query
		if m := s.local("Mutation"); s.types[m] != nil {
			text += " mutation: " + m
		}
		text += " }"
	}
	more, err := parser.ParseSchema(&ast.Source{Input: text})
	if err != nil {
		return err
	}
	doc.Merge(more)
	s.schema, err = validator.ValidateSchemaDocument(doc)
	if err != nil {
		return fmt.Errorf("schema of subgraph %s: %w", s.name, err)
	}
	return nil
}

// local is the name that a type has in the subgraph: root types may have one of their own there.
func (s *service) local(typeName string) string {
	switch typeName {
	case "Query":
		return s.roots[ast.Query]
	case "Mutation":
		return s.roots[ast.Mutation]
	}
	return typeName
}

// global is the name of the type that has a name in the subgraph.
func (s *service) global(local string) string {
	for _, root := range []string{"Query", "Mutation"} {
		if s.local(root) == local {
			return root
		}
	}
	return local
}

// link tells each service what another takes over from it.
func link(sources []subgraph.Source, services map[string]*service) error {
	for _, source := range sources {
		doc, err := parser.ParseSchema(&ast.Source{Input: source.SDL})
		if err != nil {
			return err
		}
		for _, def := range slices.Concat(doc.Definitions, doc.Extensions) {
			for _, f := range def.Fields {
				d := f.Directives.ForName("override")
				if d == nil {
					continue
				}
				to, from := services[source.Name], services[d.Arguments.ForName("from").Value.Raw]
				if from == nil || from.types[from.local(to.global(def.Name))] == nil || from.types[from.local(to.global(def.Name))].fields[f.Name] == nil {
					to.types[def.Name].fields[f.Name].from = nil // nothing is moved
					continue
				}
				from.types[from.local(to.global(def.Name))].fields[f.Name].to = overrideOf(d)
			}
		}
	}
	return nil
}

// implementations returns, of each interface, the object types that implement it in some subgraph.
func implementations(services map[string]*service) map[string][]string {
	out := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s := services[name]
		for _, typeName := range slices.Sorted(maps.Keys(s.types)) {
			t := s.types[typeName]
			if t.def.Kind != ast.Object {
				continue
			}
			for _, i := range t.def.Interfaces {
				if !slices.Contains(out[i], typeName) {
					out[i] = append(out[i], typeName)
				}
			}
		}
	}
	return out
}

// uneven tells the enums and input types that subgraphs know differently.
func uneven(services map[string]*service) map[string]bool {
	out := map[string]bool{}
	size := map[string]int{}
	for _, s := range services {
		for name, t := range s.types {
			if t.def.Kind != ast.Enum && t.def.Kind != ast.InputObject {
				continue
			}
			n := len(t.def.EnumValues) + len(t.def.Fields)
			if old, ok := size[name]; ok && old != n {
				out[name] = true
			}
			size[name] = n
		}
	}
	return out
}
