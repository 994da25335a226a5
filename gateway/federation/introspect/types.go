package introspect

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// deprecation returns whether the directives deprecate, and why.
func deprecation(list ast.DirectiveList) (bool, any) {
	d := list.ForName("deprecated")
	if d == nil {
		return false, nil
	}
	if arg := d.Arguments.ForName("reason"); arg != nil && arg.Value != nil {
		return true, arg.Value.Raw
	}
	return true, "No longer supported"
}

type schemaObject struct{ schema *ast.Schema }

func (schemaObject) typeName() string { return "__Schema" }

func (o schemaObject) resolve(_ *writer, f *ast.Field) any {
	switch f.Name {
	case "description":
		return text(o.schema.Description)
	case "types":
		var out []object
		for _, name := range slices.Sorted(maps.Keys(o.schema.Types)) {
			if listed(o.schema, name) {
				out = append(out, named{o.schema, o.schema.Types[name]})
			}
		}
		return out
	case "queryType":
		return root(o.schema, o.schema.Query)
	case "mutationType":
		return root(o.schema, o.schema.Mutation)
	case "subscriptionType":
		return root(o.schema, o.schema.Subscription)
	case "directives":
		var out []object
		for _, name := range slices.Sorted(maps.Keys(o.schema.Directives)) {
			out = append(out, directive{o.schema, o.schema.Directives[name]})
		}
		return out
	}
	return nil
}

func root(s *ast.Schema, def *ast.Definition) any {
	if def == nil {
		return nil
	}
	return named{s, def}
}

func typeNamed(s *ast.Schema, name string) any {
	if !listed(s, name) {
		return nil
	}
	return root(s, s.Types[name])
}

// listed reports whether the type belongs to the schema: a built-in scalar does only if something refers to it.
//
// GraphQL spec, "Built-in Scalars" (#sec-Scalars.Built-in-Scalars).
func listed(s *ast.Schema, name string) bool {
	if name != "Int" && name != "Float" && name != "ID" {
		return true // introspection itself refers to the others
	}
	is := func(t *ast.Type) bool { return t.Name() == name }
	isArgument := func(a *ast.ArgumentDefinition) bool { return is(a.Type) }
	for _, def := range s.Types {
		if slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return is(f.Type) || slices.ContainsFunc(f.Arguments, isArgument) }) {
			return true
		}
	}
	for _, d := range s.Directives {
		if slices.ContainsFunc(d.Arguments, isArgument) {
			return true
		}
	}
	return false
}

// typeOf is the object of a type reference: a wrapper or a named type.
func typeOf(s *ast.Schema, t *ast.Type) any {
	switch {
	case t.NonNull:
		inner := *t
		inner.NonNull = false
		return wrapper{s, "NON_NULL", &inner}
	case t.Elem != nil:
		return wrapper{s, "LIST", t.Elem}
	}
	return typeNamed(s, t.NamedType)
}

// wrapper is a list or non-null type.
type wrapper struct {
	schema *ast.Schema
	kind   string
	of     *ast.Type
}

func (wrapper) typeName() string { return "__Type" }

func (o wrapper) resolve(_ *writer, f *ast.Field) any {
	switch f.Name {
	case "kind":
		return o.kind
	case "ofType":
		return typeOf(o.schema, o.of)
	}
	return nil
}

// named is a type with a name.
type named struct {
	schema *ast.Schema
	def    *ast.Definition
}

func (named) typeName() string { return "__Type" }

func (o named) resolve(w *writer, f *ast.Field) any {
	switch f.Name {
	case "kind":
		return string(o.def.Kind)
	case "name":
		return o.def.Name
	case "description":
		return text(o.def.Description)
	case "specifiedByURL":
		if d := o.def.Directives.ForName("specifiedBy"); d != nil {
			return d.Arguments.ForName("url").Value.Raw
		}
	case "fields":
		return o.fields(w.deprecatedToo(f))
	case "interfaces":
		return o.interfaces()
	case "possibleTypes":
		return o.possible()
	case "enumValues":
		return o.values(w.deprecatedToo(f))
	case "inputFields":
		return o.inputs(w.deprecatedToo(f))
	case "isOneOf":
		if o.def.Kind == ast.InputObject {
			return o.def.Directives.ForName("oneOf") != nil
		}
	}
	return nil
}

func (o named) fields(deprecatedToo bool) any {
	if o.def.Kind != ast.Object && o.def.Kind != ast.Interface {
		return nil
	}
	out := []object{}
	for _, f := range o.def.Fields {
		if gone, _ := deprecation(f.Directives); (!gone || deprecatedToo) && !strings.HasPrefix(f.Name, "__") {
			out = append(out, field{o.schema, f})
		}
	}
	return out
}

func (o named) interfaces() any {
	if o.def.Kind != ast.Object && o.def.Kind != ast.Interface {
		return nil
	}
	out := []object{}
	for _, name := range o.def.Interfaces {
		if def := o.schema.Types[name]; def != nil {
			out = append(out, named{o.schema, def})
		}
	}
	return out
}

func (o named) possible() any {
	if !o.def.IsAbstractType() {
		return nil
	}
	out := []object{}
	for _, def := range o.schema.GetPossibleTypes(o.def) {
		if def.Kind == ast.Object {
			out = append(out, named{o.schema, def})
		}
	}
	return out
}

func (o named) values(deprecatedToo bool) any {
	if o.def.Kind != ast.Enum {
		return nil
	}
	out := []object{}
	for _, v := range o.def.EnumValues {
		if gone, _ := deprecation(v.Directives); !gone || deprecatedToo {
			out = append(out, enumValue{v})
		}
	}
	return out
}

func (o named) inputs(deprecatedToo bool) any {
	if o.def.Kind != ast.InputObject {
		return nil
	}
	out := []object{}
	for _, f := range o.def.Fields {
		if gone, _ := deprecation(f.Directives); !gone || deprecatedToo {
			out = append(out, input{o.schema, f.Name, f.Description, f.Type, f.DefaultValue, f.Directives})
		}
	}
	return out
}

type field struct {
	schema *ast.Schema
	def    *ast.FieldDefinition
}

func (field) typeName() string { return "__Field" }

func (o field) resolve(w *writer, f *ast.Field) any {
	gone, why := deprecation(o.def.Directives)
	switch f.Name {
	case "name":
		return o.def.Name
	case "description":
		return text(o.def.Description)
	case "args":
		return arguments(o.schema, o.def.Arguments, w.deprecatedToo(f))
	case "type":
		return typeOf(o.schema, o.def.Type)
	case "isDeprecated":
		return gone
	case "deprecationReason":
		return why
	}
	return nil
}

func arguments(s *ast.Schema, list ast.ArgumentDefinitionList, deprecatedToo bool) []object {
	out := []object{}
	for _, a := range list {
		if gone, _ := deprecation(a.Directives); !gone || deprecatedToo {
			out = append(out, input{s, a.Name, a.Description, a.Type, a.DefaultValue, a.Directives})
		}
	}
	return out
}

// input is an argument or a field of an input object.
type input struct {
	schema      *ast.Schema
	name        string
	description string
	is          *ast.Type
	byDefault   *ast.Value
	directives  ast.DirectiveList
}

func (input) typeName() string { return "__InputValue" }

func (o input) resolve(_ *writer, f *ast.Field) any {
	gone, why := deprecation(o.directives)
	switch f.Name {
	case "name":
		return o.name
	case "description":
		return text(o.description)
	case "type":
		return typeOf(o.schema, o.is)
	case "defaultValue":
		if o.byDefault != nil {
			return o.byDefault.String()
		}
	case "isDeprecated":
		return gone
	case "deprecationReason":
		return why
	}
	return nil
}

type enumValue struct{ def *ast.EnumValueDefinition }

func (enumValue) typeName() string { return "__EnumValue" }

func (o enumValue) resolve(_ *writer, f *ast.Field) any {
	gone, why := deprecation(o.def.Directives)
	switch f.Name {
	case "name":
		return o.def.Name
	case "description":
		return text(o.def.Description)
	case "isDeprecated":
		return gone
	case "deprecationReason":
		return why
	}
	return nil
}

type directive struct {
	schema *ast.Schema
	def    *ast.DirectiveDefinition
}

func (directive) typeName() string { return "__Directive" }

func (o directive) resolve(w *writer, f *ast.Field) any {
	switch f.Name {
	case "name":
		return o.def.Name
	case "description":
		return text(o.def.Description)
	case "isRepeatable":
		return o.def.IsRepeatable
	case "locations":
		out := []string{}
		for _, l := range o.def.Locations {
			out = append(out, string(l))
		}
		return out
	case "args":
		return arguments(o.schema, o.def.Arguments, w.deprecatedToo(f))
	}
	return nil
}
