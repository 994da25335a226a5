package subgraph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

// validateGraphQL checks the completed schema against the GraphQL specification. It parses the SDL again because the
// validator merges extensions into the definitions it is given.
func (s *Subgraph) validateGraphQL(added completion) spec.Errors {
	doc, err := s.parse()
	if err != nil {
		return spec.Errors{s.invalid(err)}
	}
	doc.Directives = slices.DeleteFunc(doc.Directives, func(d *ast.DirectiveDefinition) bool {
		return slices.Contains(added.replaced, d.Name)
	})
	if len(added.replaced) > 0 {
		doc.Definitions = slices.DeleteFunc(doc.Definitions, func(d *ast.Definition) bool {
			return d.Kind == ast.Scalar && d.Name == "_FieldSet"
		})
	}
	doc.Definitions = append(doc.Definitions, added.types...)
	doc.Directives = append(doc.Directives, added.directives...)
	if !s.Fed2 {
		dropMachinery(doc)
	}
	s.quoteNulls(doc)
	addService(doc)
	var errs spec.Errors
	for _, err := range ValidateDocument(doc) {
		errs = append(errs, s.invalid(err))
	}
	return errs
}

// quoteNulls lets a field set that is null pass here: the rules of federation report it, as one that is no string.
func (s *Subgraph) quoteNulls(doc *ast.SchemaDocument) {
	quote := func(list ast.DirectiveList) {
		for _, d := range list {
			switch s.specNames[d.Name] {
			case "key", "requires", "provides":
				if a := d.Arguments.ForName("fields"); a != nil && a.Value != nil && a.Value.Kind == ast.NullValue {
					a.Value = &ast.Value{Kind: ast.StringValue, Position: a.Value.Position}
				}
			}
		}
	}
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
		quote(d.Directives)
		for _, f := range d.Fields {
			quote(f.Directives)
		}
	}
}

// addService gives the query root the field that federation adds, so that a schema without queries is valid.
func addService(doc *ast.SchemaDocument) {
	query := queryName(doc)
	pos := &ast.Position{Src: &ast.Source{Name: "federation", BuiltIn: true}}
	service := &ast.FieldDefinition{Name: "_service", Type: ast.NonNullNamedType("String", pos), Position: pos}
	for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
		if d.Name == query {
			if d.Kind == ast.Object && d.Fields.ForName(service.Name) == nil {
				d.Fields = append(d.Fields, service)
			}
			return
		}
	}
	if query == "Query" {
		doc.Definitions = append(doc.Definitions, &ast.Definition{Kind: ast.Object, Name: query, Fields: ast.FieldList{service}, Position: pos})
	}
}

// queryName is the name of the query root in a document.
func queryName(doc *ast.SchemaDocument) string {
	name := "Query"
	for _, part := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		for _, op := range part.OperationTypes {
			if op.Operation == ast.Query {
				name = op.Type
			}
		}
	}
	return name
}

// ValidateDocument checks a schema against the GraphQL specification. Definitions of the document are modified.
func ValidateDocument(doc *ast.SchemaDocument) []error {
	prelude := validator.PreludeDocument()
	prelude.Merge(doc)
	schema, err := validator.ValidateSchemaDocument(prelude)
	if err != nil {
		return []error{err}
	}
	c := &checker{types: func(name string) *ast.Definition { return schema.Types[name] }, schema: schema}
	for _, name := range sortedNames(schema.Types) {
		c.definition(schema.Types[name])
	}
	for _, name := range sortedNames(schema.Directives) {
		c.arguments("@"+name, schema.Directives[name].Arguments)
	}
	c.applied(schema.SchemaDirectives)
	return c.errs
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// checker adds the rules that the validator does not have.
type checker struct {
	types  func(name string) *ast.Definition
	schema *ast.Schema
	errs   []error
}

func (c *checker) report(pos *ast.Position, format string, args ...any) {
	c.errs = append(c.errs, gqlerror.ErrorPosf(pos, format, args...))
}

func (c *checker) definition(def *ast.Definition) {
	if def.BuiltIn || def.Position != nil && def.Position.Src != nil && def.Position.Src.BuiltIn {
		return
	}
	c.applied(def.Directives)
	for _, name := range def.Interfaces {
		if i := c.types(name); i != nil {
			c.implementation(def, i)
		}
	}
	seen := map[string]bool{}
	for _, f := range def.Fields {
		if seen[f.Name] {
			c.report(f.Position, "field %s.%s is defined twice", def.Name, f.Name)
		}
		seen[f.Name] = true
		c.applied(f.Directives)
		c.arguments(def.Name+"."+f.Name, f.Arguments)
		if def.Kind == ast.InputObject {
			c.input(def.Name+"."+f.Name, f.Type, f.DefaultValue, f.Directives, f.Position)
		}
	}
	for _, v := range def.EnumValues {
		if seen[v.Name] {
			c.report(v.Position, "value %s.%s is defined twice", def.Name, v.Name)
		}
		seen[v.Name] = true
		c.applied(v.Directives)
	}
	for _, m := range def.Types {
		if seen[m] {
			c.report(def.Position, "union %s has the member %s twice", def.Name, m)
		}
		seen[m] = true
	}
}

// implementation compares the arguments of a type's fields with those of an interface that it implements.
func (c *checker) implementation(def, i *ast.Definition) {
	for _, f := range i.Fields {
		own := def.Fields.ForName(f.Name)
		if own == nil {
			continue // the validator reports it
		}
		for _, a := range f.Arguments {
			if has := own.Arguments.ForName(a.Name); has == nil || has.Type.String() != a.Type.String() {
				c.report(own.Position, "%s.%s must take the argument %s: %s as its interface %s does", def.Name, f.Name, a.Name, a.Type, i.Name)
			}
		}
		for _, a := range own.Arguments {
			if f.Arguments.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
				c.report(own.Position, "%s.%s cannot require the argument %s that its interface %s does not have", def.Name, f.Name, a.Name, i.Name)
			}
		}
	}
}

func (c *checker) arguments(of string, list ast.ArgumentDefinitionList) {
	for _, a := range list {
		c.applied(a.Directives)
		c.input(of+"("+a.Name+":)", a.Type, a.DefaultValue, a.Directives, a.Position)
	}
}

func (c *checker) input(of string, t *ast.Type, value *ast.Value, applied ast.DirectiveList, pos *ast.Position) {
	if t.NonNull && value == nil && applied.ForName("deprecated") != nil {
		c.report(pos, "%s is required, so it cannot be deprecated", of)
	}
	if value != nil && !fieldset.DefaultFits(value, t, c.types) {
		c.report(pos, "the default value %s of %s is not a %s", value, of, t)
	}
	if def := c.types(t.Name()); def != nil && !def.IsInputType() {
		c.report(pos, "the type %s of %s is not an input type", t, of)
	}
}

// applied checks the argument values and the repetition of directive applications.
func (c *checker) applied(list ast.DirectiveList) {
	for i, d := range list {
		def := c.schema.Directives[d.Name]
		if def == nil {
			continue
		}
		for _, a := range d.Arguments {
			if want := def.Arguments.ForName(a.Name); want != nil && !fieldset.DefaultFits(a.Value, want.Type, c.types) && !strings.HasPrefix(d.Name, "join__") {
				c.report(d.Position, "%s is not a value for argument %q of @%s", a.Value, a.Name, d.Name)
			}
		}
		if !def.IsRepeatable && slices.ContainsFunc(list[:i], func(o *ast.Directive) bool { return o.Name == d.Name }) {
			c.report(d.Position, "directive @%s cannot be applied twice here", d.Name)
		}
	}
}
