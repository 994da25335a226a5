package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// mergeInput keeps the fields of an input type that every subgraph has, and those that are hidden.
func (m *merger) mergeInput(t *mergedType) {
	m.mergeTypeDirectives(t)
	m.hintOneOf(t)
	dropped := false
	for _, name := range fieldNames(t.sources) {
		f := &mergedField{
			FieldDefinition: &ast.FieldDefinition{Name: name}, parent: t,
			sources: make([]*ast.FieldDefinition, len(m.subs)), over: make([]override, len(m.subs)),
		}
		hidden := false
		for i, src := range t.sources {
			if src == nil {
				continue
			}
			f.sources[i] = src.Fields.ForName(name)
			hidden = hidden || f.sources[i] != nil && m.subs[i].Has(f.sources[i].Directives, "inaccessible")
		}
		// The field is merged even when it is dropped: its enums count as used for input.
		m.mergeInputField(f)
		if !hidden && !m.inputFieldInAll(f) {
			dropped = true
			m.fields[f.coordinate()] = f
			continue
		}
		t.Fields = append(t.Fields, f.FieldDefinition)
		m.fields[f.coordinate()] = f
	}
	if len(t.Fields) == 0 && dropped {
		m.errorf(spec.CodeEmptyMergedInputType, "no field of input type %q is in all subgraphs that define it; define one in all", t.Name).
			AtAll(m.typePlaces(t))
	}
}

// hintOneOf tells that an input type is @oneOf in some subgraphs only.
func (m *merger) hintOneOf(t *mergedType) {
	with := 0
	for _, src := range t.sources {
		if src != nil && src.Directives.ForName("oneOf") != nil {
			with++
		}
	}
	if all := m.typePlaces(t); with > 0 && with < len(all) {
		m.hint(HintOneOf, t.Name, "input %q is @oneOf in some subgraphs only; it is in the supergraph", t.Name).Locations = all
	}
}

func (m *merger) mergeInputField(f *mergedField) {
	at := f.coordinate()
	mergeDescription(m, &f.Description, at, f.sources, func(s *ast.FieldDefinition) string { return s.Description }, fieldPlace)
	types := make([]*ast.Type, len(m.subs))
	lists := make([]ast.DirectiveList, len(m.subs))
	defaults := make([]*ast.Value, len(m.subs))
	for i, src := range f.sources {
		if src != nil {
			types[i], lists[i], defaults[i] = src.Type, src.Directives, src.DefaultValue
		}
	}
	var same bool
	f.Type, same = m.mergeType(at, types, inputFieldPosition)
	f.DefaultValue = m.mergeDefault(at, types, defaults, spec.CodeInputFieldDefaultMismatch)
	f.Directives = m.mergeApplied(at, lists)
	m.joinField(f, same)
}

func (m *merger) inputFieldInAll(f *mergedField) bool {
	var missing []string
	for i, src := range f.parent.sources {
		if src != nil && f.sources[i] == nil {
			missing = append(missing, m.subs[i].Name)
		}
	}
	if len(missing) == 0 {
		return true
	}
	where := placesWithin(m, f.sources, fieldPlace, f.parent.sources, typePlace)
	required := slices.IndexFunc(f.sources, func(s *ast.FieldDefinition) bool { return s != nil && isRequired(s.Type, s.DefaultValue) })
	if required >= 0 {
		m.errorf(spec.CodeRequiredInputFieldMissing, "input field %q is required in subgraph %q but missing in %s; define it there, or make it optional",
			f.coordinate(), m.subs[required].Name, strings.Join(missing, ", ")).AtAll(where)
		return false
	}
	m.hint(HintInputField, f.coordinate(), "input field %q is missing in %s and left out", f.coordinate(), strings.Join(missing, ", ")).Locations = where
	return false
}
