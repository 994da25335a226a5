package schemadiff

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func (d *differ) fields(was, is *ast.Definition) {
	input := was.Kind == ast.InputObject
	for _, f := range was.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		at, now := was.Name+"."+f.Name, is.Fields.ForName(f.Name)
		if now == nil {
			d.add(Breaking, "FIELD_REMOVED", at, "The field was removed.")
			continue
		}
		d.typeChange("FIELD_CHANGED_KIND", at, f.Type, now.Type, input)
		d.description(at, f.Description, now.Description)
		d.deprecation(at, f.Directives, now.Directives)
		d.arguments(at, "ARG_REMOVED", "REQUIRED_ARG_ADDED", f.Arguments, now.Arguments)
	}
	for _, f := range is.Fields {
		at := was.Name + "." + f.Name
		switch {
		case was.Fields.ForName(f.Name) != nil || strings.HasPrefix(f.Name, "__"):
		case input && f.Type.NonNull && f.DefaultValue == nil:
			d.add(Breaking, "REQUIRED_INPUT_FIELD_ADDED", at, "A required input field was added.")
		case input:
			d.add(Dangerous, "OPTIONAL_INPUT_FIELD_ADDED", at, "An optional input field was added.")
		default:
			d.add(Safe, "FIELD_ADDED", at, "The field was added.")
		}
	}
}

func (d *differ) arguments(at, removed, required string, was, is ast.ArgumentDefinitionList) {
	for _, a := range was {
		arg, now := at+"("+a.Name+":)", is.ForName(a.Name)
		if now == nil {
			d.add(Breaking, removed, arg, "The argument was removed.")
			continue
		}
		d.description(arg, a.Description, now.Description)
		if strings.HasPrefix(at, "@") {
			continue // graphql-js compares neither types nor defaults of directives' arguments
		}
		d.deprecation(arg, a.Directives, now.Directives)
		if d.typeChange("ARG_CHANGED_KIND", arg, a.Type, now.Type, true) || a.DefaultValue == nil {
			continue
		}
		if now.DefaultValue == nil || canonical(a.DefaultValue) != canonical(now.DefaultValue) {
			d.add(Dangerous, "ARG_DEFAULT_VALUE_CHANGE", arg, "The default value changed or was removed.")
		}
	}
	for _, a := range is {
		arg := at + "(" + a.Name + ":)"
		switch {
		case was.ForName(a.Name) != nil:
		case a.Type.NonNull && a.DefaultValue == nil:
			d.add(Breaking, required, arg, "A required argument was added.")
		case strings.HasPrefix(at, "@"):
			d.add(Safe, "OPTIONAL_DIRECTIVE_ARG_ADDED", arg, "An optional argument was added.")
		default:
			d.add(Dangerous, "OPTIONAL_ARG_ADDED", arg, "An optional argument was added.")
		}
	}
}

// typeChange records a change of type and tells whether it breaks clients: what is read may become narrower, what is written wider.
func (d *differ) typeChange(kind, at string, was, is *ast.Type, input bool) bool {
	message := "The type changed from " + was.String() + " to " + is.String() + "."
	narrow, wide := is, was
	if input {
		narrow, wide = was, is
	}
	switch {
	case was.String() == is.String():
		return false
	case accepts(wide, narrow):
		d.add(Safe, "TYPE_CHANGED_SAFELY", at, message)
		return false
	}
	d.add(Breaking, kind, at, message)
	return true
}

// accepts tells whether narrow is wide with more non-null marks, or none.
func accepts(wide, narrow *ast.Type) bool {
	if wide.NonNull && !narrow.NonNull || (wide.Elem == nil) != (narrow.Elem == nil) {
		return false
	}
	if wide.Elem != nil {
		return accepts(wide.Elem, narrow.Elem)
	}
	return wide.NamedType == narrow.NamedType
}

// canonical prints a value with the fields of its objects in the order of their names.
func canonical(v *ast.Value) string {
	if v.Kind != ast.ObjectValue && v.Kind != ast.ListValue {
		return v.String()
	}
	var parts []string
	for _, c := range v.Children {
		parts = append(parts, c.Name+":"+canonical(c.Value))
	}
	if v.Kind == ast.ListValue {
		return "[" + strings.Join(parts, ",") + "]"
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

func (d *differ) directives(from, to *ast.Schema) {
	for name, was := range from.Directives {
		at, is := "@"+name, to.Directives[name]
		if is == nil {
			d.add(Breaking, "DIRECTIVE_REMOVED", at, "The directive was removed.")
			continue
		}
		d.arguments(at, "DIRECTIVE_ARG_REMOVED", "REQUIRED_DIRECTIVE_ARG_ADDED", was.Arguments, is.Arguments)
		if was.IsRepeatable && !is.IsRepeatable {
			d.add(Breaking, "DIRECTIVE_REPEATABLE_REMOVED", at, "The directive is no longer repeatable.")
		}
		var before, after []string
		for _, l := range was.Locations {
			before = append(before, string(l))
		}
		for _, l := range is.Locations {
			after = append(after, string(l))
		}
		removed, _ := names(before, after)
		for _, l := range removed {
			d.add(Breaking, "DIRECTIVE_LOCATION_REMOVED", at, "The location "+l+" was removed.")
		}
	}
	for name := range to.Directives {
		if from.Directives[name] == nil {
			d.add(Safe, "DIRECTIVE_ADDED", "@"+name, "The directive was added.")
		}
	}
}
