package schemadiff

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func (d *differ) fields(was, is *ast.Definition) {
	for _, f := range was.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		at, now := was.Name+"."+f.Name, is.Fields.ForName(f.Name)
		if now == nil {
			d.add(Breaking, "FIELD_REMOVED", at, "The field was removed.")
			continue
		}
		d.typeChange("FIELD_CHANGED_KIND", at, f.Type, now.Type, accepts(f.Type, now.Type))
		d.description(at, f.Description, now.Description)
		d.deprecation(at, f.Directives, now.Directives)
		d.arguments(at, f.Arguments, now.Arguments)
	}
	for _, f := range is.Fields {
		if was.Fields.ForName(f.Name) == nil && !strings.HasPrefix(f.Name, "__") {
			d.add(Safe, "FIELD_ADDED", was.Name+"."+f.Name, "The field was added.")
		}
	}
}

// inputKinds are the names of the changes to one sort of input.
type inputKinds struct{ what, removed, required, optional, changed, defaultChange, defaultAdded string }

var (
	argumentKinds = inputKinds{
		"argument", "ARG_REMOVED", "REQUIRED_ARG_ADDED", "OPTIONAL_ARG_ADDED", "ARG_CHANGED_KIND", "ARG_DEFAULT_VALUE_CHANGE", "ARG_DEFAULT_VALUE_ADDED",
	}
	directiveKinds = inputKinds{
		"argument", "DIRECTIVE_ARG_REMOVED", "REQUIRED_DIRECTIVE_ARG_ADDED", "OPTIONAL_DIRECTIVE_ARG_ADDED",
		"DIRECTIVE_ARG_CHANGED_KIND", "DIRECTIVE_ARG_DEFAULT_VALUE_CHANGE", "DIRECTIVE_ARG_DEFAULT_VALUE_ADDED",
	}
	inputFieldKinds = inputKinds{
		"input field", "FIELD_REMOVED", "REQUIRED_INPUT_FIELD_ADDED", "OPTIONAL_INPUT_FIELD_ADDED",
		"FIELD_CHANGED_KIND", "INPUT_FIELD_DEFAULT_VALUE_CHANGE", "INPUT_FIELD_DEFAULT_VALUE_ADDED",
	}
)

// input is an argument or an input field.
type input struct {
	name, description string
	typ               *ast.Type
	value             *ast.Value // default; nil: none
	directives        ast.DirectiveList
}

func (i input) required() bool { return i.typ.NonNull && i.value == nil }

func arguments(list ast.ArgumentDefinitionList) []input {
	var out []input
	for _, a := range list {
		out = append(out, input{a.Name, a.Description, a.Type, a.DefaultValue, a.Directives})
	}
	return out
}

func inputFields(def *ast.Definition) []input {
	var out []input
	for _, f := range def.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			out = append(out, input{f.Name, f.Description, f.Type, f.DefaultValue, f.Directives})
		}
	}
	return out
}

func (d *differ) arguments(of string, was, is ast.ArgumentDefinitionList) {
	kinds := argumentKinds
	if strings.HasPrefix(of, "@") {
		kinds = directiveKinds
	}
	d.inputs(kinds, func(name string) string { return of + "(" + name + ":)" }, arguments(was), arguments(is))
}

func (d *differ) inputFields(was, is *ast.Definition) {
	d.inputs(inputFieldKinds, func(name string) string { return was.Name + "." + name }, inputFields(was), inputFields(is))
}

func (d *differ) inputs(kinds inputKinds, coordinate func(name string) string, was, is []input) {
	after := map[string]input{}
	for _, now := range is {
		after[now.name] = now
	}
	before := map[string]bool{}
	for _, in := range was {
		before[in.name] = true
		at := coordinate(in.name)
		now, ok := after[in.name]
		if !ok {
			d.add(Breaking, kinds.removed, at, "The "+kinds.what+" was removed.")
			continue
		}
		d.description(at, in.description, now.description)
		d.deprecation(at, in.directives, now.directives)
		if d.typeChange(kinds.changed, at, in.typ, now.typ, accepts(now.typ, in.typ)) {
			d.defaultChange(kinds, at, in, now)
		}
	}
	for _, now := range is {
		at := coordinate(now.name)
		switch {
		case before[now.name]:
		case now.required():
			d.add(Breaking, kinds.required, at, "A required "+kinds.what+" was added.")
		case kinds == directiveKinds:
			d.add(Safe, kinds.optional, at, "An optional argument was added.")
		default:
			d.add(Dangerous, kinds.optional, at, "An optional "+kinds.what+" was added.")
		}
	}
}

func (d *differ) defaultChange(kinds inputKinds, at string, was, is input) {
	switch {
	case was.value == nil && is.value == nil:
	case was.value == nil:
		d.add(Safe, kinds.defaultAdded, at, "A default value was added.")
	case is.required():
		d.add(Breaking, kinds.defaultChange, at, "The default value was removed, so that the "+kinds.what+" has to be given.")
	case is.value == nil:
		d.add(Dangerous, kinds.defaultChange, at, "The default value was removed.")
	case canonical(d.from, was.typ, was.value) != canonical(d.to, is.typ, is.value):
		d.add(Dangerous, kinds.defaultChange, at, "The default value changed from "+was.value.String()+" to "+is.value.String()+".")
	}
}

// typeChange records a change of type and tells whether clients can live with it.
func (d *differ) typeChange(kind, at string, was, is *ast.Type, safe bool) bool {
	message := "The type changed from " + was.String() + " to " + is.String() + "."
	switch {
	case was.String() == is.String():
	case safe:
		d.add(Safe, kind+"_SAFE", at, message)
	default:
		d.add(Breaking, kind, at, message)
	}
	return safe
}

// accepts tells whether narrow is wide with more non-null marks, or none: what is read may become narrower, what is
// written wider.
func accepts(wide, narrow *ast.Type) bool {
	if wide.NonNull && !narrow.NonNull || (wide.Elem == nil) != (narrow.Elem == nil) {
		return false
	}
	if wide.Elem != nil {
		return accepts(wide.Elem, narrow.Elem)
	}
	return wide.NamedType == narrow.NamedType
}
