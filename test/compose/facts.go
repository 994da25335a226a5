package differential

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

// FactsOf returns what a schema states, one fact a line, sorted, in a form that spelling and order do not change: two
// schemas with the same facts mean the same.
func FactsOf(sdl string) ([]string, error) {
	doc, err := parser.ParseSchema(&ast.Source{Input: sdl})
	if err != nil {
		return nil, err
	}
	return facts(doc), nil
}

// FactsOfSchema is FactsOf for a loaded schema; what GraphQL itself defines is left out.
func FactsOfSchema(s *ast.Schema) []string {
	doc := &ast.SchemaDocument{}
	roots := &ast.SchemaDefinition{Description: s.Description}
	for operation, def := range map[ast.Operation]*ast.Definition{ast.Query: s.Query, ast.Mutation: s.Mutation, ast.Subscription: s.Subscription} {
		if def != nil {
			roots.OperationTypes = append(roots.OperationTypes, &ast.OperationTypeDefinition{Operation: operation, Type: def.Name})
		}
	}
	doc.Schema = ast.SchemaDefinitionList{roots}
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		if def := s.Types[name]; !def.BuiltIn {
			visible := *def
			visible.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
			doc.Definitions = append(doc.Definitions, &visible)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Directives)) {
		if d := s.Directives[name]; d.Position == nil || d.Position.Src == nil || !d.Position.Src.BuiltIn {
			doc.Directives = append(doc.Directives, d)
		}
	}
	return facts(doc)
}

type factList []string

func (l *factList) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

func facts(doc *ast.SchemaDocument) []string {
	var l factList
	roots := map[ast.Operation]string{}
	for _, name := range []string{"Query", "Mutation", "Subscription"} {
		if t := doc.Definitions.ForName(name); t != nil && t.Kind == ast.Object && len(doc.Schema) == 0 {
			roots[ast.Operation(strings.ToLower(name))] = name
		}
	}
	for _, s := range doc.Schema {
		l.description("schema", s.Description)
		for _, t := range s.OperationTypes {
			roots[t.Operation] = t.Type
		}
		l.directives("schema", s.Directives)
	}
	for operation, name := range roots {
		l.add("schema: %s %s", operation, name)
	}
	for _, d := range doc.Directives {
		l.description("@"+d.Name, d.Description)
		var locations []string
		for _, at := range d.Locations {
			locations = append(locations, string(at))
		}
		slices.Sort(locations)
		l.add("directive @%s repeatable=%v on %s", d.Name, d.IsRepeatable, strings.Join(locations, " "))
		l.arguments("@"+d.Name, d.Arguments)
	}
	for _, d := range doc.Definitions {
		l.definition(d)
	}
	slices.Sort(l)
	return l
}

func (l *factList) definition(d *ast.Definition) {
	l.add("%s %s", strings.ToLower(string(d.Kind)), d.Name)
	l.description(d.Name, d.Description)
	l.directives(d.Name, d.Directives)
	for _, i := range d.Interfaces {
		l.add("%s implements %s", d.Name, i)
	}
	for _, m := range d.Types {
		l.add("%s member %s", d.Name, m)
	}
	for _, v := range d.EnumValues {
		at := d.Name + "." + v.Name
		l.add("%s value", at)
		l.description(at, v.Description)
		l.directives(at, v.Directives)
	}
	for _, f := range d.Fields {
		at := d.Name + "." + f.Name
		l.add("%s: %s%s", at, f.Type, defaultFact(f.Type, f.DefaultValue))
		l.description(at, f.Description)
		l.directives(at, f.Directives)
		l.arguments(at, f.Arguments)
	}
}

func (l *factList) arguments(of string, args ast.ArgumentDefinitionList) {
	for _, a := range args {
		at := fmt.Sprintf("%s(%s:)", of, a.Name)
		l.add("%s: %s%s", at, a.Type, defaultFact(a.Type, a.DefaultValue))
		l.description(at, a.Description)
		l.directives(at, a.Directives)
	}
}

func (l *factList) description(at, text string) {
	if text != "" {
		l.add("%s described %q", at, text)
	}
}

// implied are arguments that say nothing, as they are the default.
var implied = map[string]string{
	"join__type.extension": "false", "join__type.resolvable": "true", "join__type.isInterfaceObject": "false",
	"join__field.external": "false", "join__field.usedOverridden": "false",
	"deprecated.reason": `"No longer supported"`, "listSize.requireOneSlicingArgument": "true",
}

func (l *factList) directives(at string, list ast.DirectiveList) {
	for _, d := range list {
		var args []string
		for _, a := range d.Arguments {
			text := argumentFact(d.Name, a.Name, a.Value)
			if text != "null" && implied[d.Name+"."+a.Name] != text {
				args = append(args, a.Name+": "+text)
			}
		}
		slices.Sort(args)
		l.add("%s @%s(%s)", at, d.Name, strings.Join(args, ", "))
	}
}

// argumentFact prints a value; lists whose order means nothing are sorted, field sets are put in normal form.
func argumentFact(directive, argument string, v *ast.Value) string {
	if argument == "scopes" || argument == "policies" {
		if len(v.Children) == 0 { // always met, as a list with an empty list is
			return "[[]]"
		}
		return valueFact(sortedLists(v))
	}
	switch directive + "." + argument {
	case "join__type.key", "join__field.requires", "join__field.provides":
		if set, err := fieldset.Parse(v.Raw); err == nil {
			return strconv.Quote(set.Normal())
		}
	case "join__directive.graphs", "link.import", "listSize.slicingArguments", "listSize.sizedFields":
		return valueFact(sortedLists(v))
	}
	return valueFact(v)
}

func sortedLists(v *ast.Value) *ast.Value {
	if v.Kind != ast.ListValue {
		return v
	}
	c := *v
	c.Children = slices.Clone(v.Children)
	for i, child := range c.Children {
		c.Children[i] = &ast.ChildValue{Value: sortedLists(child.Value)}
	}
	slices.SortFunc(c.Children, func(a, b *ast.ChildValue) int { return strings.Compare(valueFact(a.Value), valueFact(b.Value)) })
	return &c
}

// defaultFact prints a default value. An ID may be written as a number.
func defaultFact(t *ast.Type, v *ast.Value) string {
	if v == nil {
		return ""
	}
	if t.Name() == "ID" && v.Kind == ast.IntValue {
		return " = " + strconv.Quote(v.Raw)
	}
	return " = " + valueFact(v)
}

func valueFact(v *ast.Value) string {
	switch v.Kind {
	case ast.ListValue:
		var items []string
		for _, c := range v.Children {
			items = append(items, valueFact(c.Value))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case ast.ObjectValue:
		var fields []string
		for _, c := range v.Children {
			fields = append(fields, c.Name+": "+valueFact(c.Value))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, ", ") + "}"
	case ast.StringValue, ast.BlockValue:
		text, _ := json.Marshal(v.Raw)
		return string(text)
	case ast.IntValue, ast.FloatValue:
		if n, err := strconv.ParseFloat(v.Raw, 64); err == nil {
			return strconv.FormatFloat(n, 'g', -1, 64)
		}
	}
	return v.Raw
}
