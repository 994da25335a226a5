package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// mergeArguments keeps the arguments that every declaration of the field has, and that no context fills in.
func (m *merger) mergeArguments(f *mergedField, own []*ast.FieldDefinition) ast.ArgumentDefinitionList {
	if !slices.ContainsFunc(own, func(s *ast.FieldDefinition) bool { return s != nil && len(s.Arguments) > 0 }) {
		return nil
	}
	lists := make([]ast.ArgumentDefinitionList, len(own))
	for i, src := range own {
		if src != nil {
			lists[i] = src.Arguments
		}
	}
	return mergeArgumentLists(m, f.coordinate(), lists, own, fieldPlace)
}

// mergeArgumentLists merges the arguments of the fields or directives in parents.
func mergeArgumentLists[P any](m *merger, of string, lists []ast.ArgumentDefinitionList, parents []*P, place func(*P) *ast.Position) ast.ArgumentDefinitionList {
	var out ast.ArgumentDefinitionList
	for _, name := range argumentNames(lists) {
		sources := make([]*ast.ArgumentDefinition, len(lists))
		for i, list := range lists {
			sources[i] = list.ForName(name)
		}
		at := of + "(" + name + ":)"
		if m.isContextual(at, sources) || !inAll(m, at, sources, parents, place) {
			continue
		}
		out = append(out, m.mergeArgument(at, name, sources))
	}
	return out
}

func argumentNames(lists []ast.ArgumentDefinitionList) []string {
	var names []string
	for _, list := range lists {
		for _, a := range list {
			if !slices.Contains(names, a.Name) {
				names = append(names, a.Name)
			}
		}
	}
	return names
}

func isRequired(t *ast.Type, value *ast.Value) bool { return t.NonNull && value == nil }

// inAll reports whether all subgraphs that have the field have the argument; one that is left out must be optional.
func inAll[P any](m *merger, at string, sources []*ast.ArgumentDefinition, parents []*P, place func(*P) *ast.Position) bool {
	var missing []string
	required := -1
	for i, a := range sources {
		switch {
		case a == nil && parents[i] != nil:
			missing = append(missing, m.subs[i].Name)
		case a != nil && isRequired(a.Type, a.DefaultValue) && required < 0:
			required = i
		}
	}
	if len(missing) == 0 {
		return true
	}
	where := placesWithin(m, sources, argumentPlace, parents, place)
	if required >= 0 {
		m.errorf(spec.CodeRequiredArgumentMissing, "argument %q is required in subgraph %q but missing in %s; define it there, or make it optional",
			at, m.subs[required].Name, strings.Join(missing, ", ")).AtAll(where)
	} else {
		m.hint(HintArgumentPresence, at, "optional argument %q is missing in %s and left out", at, strings.Join(missing, ", ")).Locations = where
	}
	return false
}

func (m *merger) mergeArgument(at, name string, sources []*ast.ArgumentDefinition) *ast.ArgumentDefinition {
	a := &ast.ArgumentDefinition{Name: name}
	mergeDescription(m, &a.Description, at, sources, func(s *ast.ArgumentDefinition) string { return s.Description }, argumentPlace)
	types, lists, defaults := m.scratch.types[1], m.scratch.lists[1], m.scratch.defaults
	clear(types)
	clear(lists)
	clear(defaults)
	for i, src := range sources {
		if src != nil {
			types[i], lists[i], defaults[i] = src.Type, src.Directives, src.DefaultValue
		}
	}
	a.Type, _ = m.mergeType(at, types, argumentPosition)
	a.DefaultValue = m.mergeDefault(at, types, defaults, spec.CodeFieldArgumentDefaultMismatch)
	a.Directives = m.mergeApplied(at, lists)
	return a
}

// mergeDefault keeps a default value that all declarations have; two different ones are an error. A subgraph without
// the element has neither type nor value.
func (m *merger) mergeDefault(at string, types []*ast.Type, values []*ast.Value, mismatch spec.Code) *ast.Value {
	var first *ast.Value
	var texts []string
	missing, different := false, false
	e := &Error{}
	for i, v := range values {
		switch {
		case v == nil:
			missing = missing || types[i] != nil
			continue
		case first == nil:
			first = v
		case !fieldset.SameValue(first, v):
			different = true
		}
		texts = append(texts, fmt.Sprintf("%s in %q", v, m.subs[i].Name))
		e.At(m.subs[i].Name, v.Position)
	}
	switch {
	case different:
		m.errorf(mismatch, "%q has different default values: %s; give it one everywhere, or none", at, strings.Join(texts, ", ")).AtAll(e.Locations)
		return nil
	case first != nil && missing:
		m.hint(HintDefaultPresence, at, "%q has the default value %s in some subgraphs only; it is left out", at, first).Locations = e.Locations
		return nil
	}
	return first
}

// conformDefaults writes the default values as literals of their types, once all types are merged.
func (m *merger) conformDefaults() {
	arguments := func(list ast.ArgumentDefinitionList) {
		for _, a := range list {
			a.DefaultValue = fieldset.Conform(a.DefaultValue, a.Type, m.definition)
		}
	}
	for _, t := range m.types {
		for _, f := range t.Fields {
			f.DefaultValue = fieldset.Conform(f.DefaultValue, f.Type, m.definition)
			arguments(f.Arguments)
		}
	}
	for _, d := range m.directives {
		arguments(d.Arguments)
	}
}

// isContextual reports whether some subgraph fills the argument in from a context; it then leaves the supergraph.
func (m *merger) isContextual(at string, sources []*ast.ArgumentDefinition) bool {
	contextual := func(i int, a *ast.ArgumentDefinition) bool {
		return a != nil && m.subs[i].Has(a.Directives, "fromContext")
	}
	found := false
	for i, a := range sources {
		found = found || contextual(i, a)
	}
	if !found {
		return false
	}
	where := places(m, sources, argumentPlace)
	for i, a := range sources {
		if a == nil || contextual(i, a) {
			continue
		}
		if isRequired(a.Type, a.DefaultValue) {
			m.errorf(spec.CodeContextualArgument, "argument %q is filled in from a context in some subgraphs but required in %q; fill it in there too, or make it optional",
				at, m.subs[i].Name).AtAll(where)
		} else {
			m.hint(HintContextualArgument, at, "argument %q is filled in from a context in some subgraphs, so callers cannot give it; it will never be set in %q",
				at, m.subs[i].Name).Locations = where
		}
	}
	return true
}

// contextArguments describes the arguments of the field that the subgraph fills in from contexts; nil when none.
func (m *merger) contextArguments(s *subgraph.Subgraph, f *ast.FieldDefinition) *ast.Argument {
	list := &ast.Value{Kind: ast.ListValue}
	for _, a := range f.Arguments {
		d := s.First(a.Directives, "fromContext")
		if d == nil {
			continue
		}
		text, _ := subgraph.StringArgument(d, "field")
		name, selection, _ := fieldset.SplitContext(text)
		entry := &ast.Value{Kind: ast.ObjectValue}
		for _, member := range [][2]string{{"context", contextName(s, name)}, {"name", a.Name}, {"type", a.Type.String()}, {"selection", selection}} {
			entry.Children = append(entry.Children, &ast.ChildValue{Name: member[0], Value: &ast.Value{Kind: ast.StringValue, Raw: member[1]}})
		}
		list.Children = append(list.Children, &ast.ChildValue{Value: entry})
	}
	if len(list.Children) == 0 {
		return nil
	}
	return &ast.Argument{Name: "contextArguments", Value: list}
}

// contextName is the name in the supergraph of a context that a subgraph sets.
func contextName(s *subgraph.Subgraph, name string) string { return s.Name + "__" + name }
