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
		e := m.errorf(spec.CodeEmptyMergedInputType, "no field of input type %q is defined in all subgraphs that define it", t.Name)
		m.locateTypes(e, t.sources)
	}
}

func (m *merger) mergeInputField(f *mergedField) {
	at := f.coordinate()
	m.mergeDescription(&f.Description, at, sourceTexts(m.scratch.texts, f.sources, func(s *ast.FieldDefinition) string { return s.Description }))
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
	required := slices.IndexFunc(f.sources, func(s *ast.FieldDefinition) bool { return s != nil && isRequired(s.Type, s.DefaultValue) })
	if required >= 0 {
		m.errorf(spec.CodeRequiredInputFieldMissing, "input field %q is required in subgraph %q but missing in %s",
			f.coordinate(), m.subs[required].Name, strings.Join(missing, ", ")).At(m.subs[required].Name, f.sources[required].Position)
		return false
	}
	m.hint(HintInputField, f.coordinate(), "input field %q is missing in %s and left out", f.coordinate(), strings.Join(missing, ", "))
	return false
}
