package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// mergeEnum merges the values: all of them when the enum is only put out, the common ones when it is only taken in,
// and when it is both they must be equal.
func (m *merger) mergeEnum(t *mergedType, use typeUse) {
	m.mergeTypeDirectives(t)
	input, output := use.input, use.output
	if !input && !output {
		m.hint(HintUnusedEnum, t.Name, "enum %q is used by no field and no argument; all its values are kept", t.Name).Locations = m.typePlaces(t)
		output = true
	}
	for _, name := range enumValueNames(t) {
		sources := make([]*ast.EnumValueDefinition, len(m.subs))
		var missing []string
		hidden := false
		for i, src := range t.sources {
			if src == nil {
				continue
			}
			if sources[i] = src.EnumValues.ForName(name); sources[i] == nil {
				missing = append(missing, m.subs[i].Name)
			} else {
				hidden = hidden || m.subs[i].Has(sources[i].Directives, "inaccessible")
			}
		}
		at := t.Name + "." + name
		if len(missing) > 0 {
			where := placesWithin(m, sources, valuePlace, t.sources, typePlace)
			switch {
			case hidden && input: // kept: clients cannot use it
			case input && output:
				m.errorf(spec.CodeEnumValueMismatch, "enum %q is used for input and output, but its value %q is missing in %s; define it there, or hide it with @inaccessible",
					t.Name, name, strings.Join(missing, ", ")).AtAll(where)
			case input:
				m.hint(HintInputEnumValue, at, "value %q of input enum %q is missing in %s and left out", name, t.Name, strings.Join(missing, ", ")).Locations = where
				continue
			default:
				m.hint(HintOutputEnumValue, at, "value %q of output enum %q is missing in %s", name, t.Name, strings.Join(missing, ", ")).Locations = where
			}
		}
		t.EnumValues = append(t.EnumValues, m.mergeEnumValue(at, name, sources))
	}
	if len(t.EnumValues) == 0 {
		m.errorf(spec.CodeEmptyMergedEnumType, "no value of enum %q, which is used for input, is in all subgraphs that define it; define one in all", t.Name).
			AtAll(m.typePlaces(t))
	}
}

func enumValueNames(t *mergedType) []string {
	var names []string
	for _, src := range t.sources {
		if src == nil {
			continue
		}
		for _, v := range src.EnumValues {
			if !slices.Contains(names, v.Name) {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

func (m *merger) mergeEnumValue(at, name string, sources []*ast.EnumValueDefinition) *ast.EnumValueDefinition {
	v := &ast.EnumValueDefinition{Name: name}
	mergeDescription(m, &v.Description, at, sources, func(s *ast.EnumValueDefinition) string { return s.Description }, valuePlace)
	lists := make([]ast.DirectiveList, len(sources))
	for i, src := range sources {
		if src != nil {
			lists[i] = src.Directives
			v.Directives = append(v.Directives, joinDirective("join__enumValue", graphArgument(m.graphs[i])))
		}
	}
	v.Directives = append(v.Directives, m.mergeApplied(at, lists)...)
	return v
}

// typeUse says where a type is used.
type typeUse struct{ input, output bool }

// typeUses says where the merged schema uses each type. Arguments that were left out do not count, input fields that
// were do.
func (m *merger) typeUses() map[string]typeUse {
	uses := map[string]typeUse{}
	input := func(name string) {
		use := uses[name]
		use.input = true
		uses[name] = use
	}
	arguments := func(list ast.ArgumentDefinitionList) {
		for _, a := range list {
			input(a.Type.Name())
		}
	}
	for _, f := range m.fields {
		if f.parent.Kind == ast.InputObject {
			input(f.Type.Name())
			continue
		}
		use := uses[f.Type.Name()]
		use.output = true
		uses[f.Type.Name()] = use
		arguments(f.Arguments)
	}
	for _, d := range m.directives {
		if !m.isComposedName(d.Name) {
			arguments(d.Arguments)
		}
	}
	return uses
}
