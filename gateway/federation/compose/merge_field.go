package compose

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// mergeComposite merges the fields of an object or interface: the union of those of all subgraphs.
func (m *merger) mergeComposite(t *mergedType) {
	m.mergeTypeDirectives(t)
	keyed := m.hintEntity(t)
	for _, name := range fieldNames(t.sources) {
		f := &mergedField{
			FieldDefinition: &ast.FieldDefinition{Name: name}, parent: t, sources: make([]*ast.FieldDefinition, len(m.subs)),
		}
		for i, src := range t.sources {
			if src != nil {
				f.sources[i] = src.Fields.ForName(name)
			}
		}
		if !keyed && !isRoot(t) {
			m.hintMissingField(f)
		}
		m.mergeField(f)
		t.Fields = append(t.Fields, f.FieldDefinition)
		m.fields[f.coordinate()] = f
	}
}

// isRoot reports whether the type has the default name of a root type.
func isRoot(t *mergedType) bool {
	return t.Name == "Query" || t.Name == "Mutation" || t.Name == "Subscription"
}

// fieldNames lists the fields of a type in order of first appearance.
func fieldNames(sources []*subgraph.Type) []string {
	var names []string
	seen := map[string]bool{}
	for _, src := range sources {
		if src == nil {
			continue
		}
		for _, f := range src.Fields {
			if !seen[f.Name] {
				seen[f.Name] = true
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// hintEntity reports a type with keys in some subgraphs only, and says whether it has any key.
func (m *merger) hintEntity(t *mergedType) bool {
	var with, without []int
	for i, src := range t.sources {
		switch {
		case src == nil:
		case m.subs[i].Has(src.Directives, "key"):
			with = append(with, i)
		default:
			without = append(without, i)
		}
	}
	if len(with) > 0 && len(without) > 0 && t.Kind == ast.Object {
		h := m.hint(HintEntity, t.Name, "type %q has a @key in some subgraphs but not in all that define it", t.Name)
		for _, i := range without {
			h.at(m.subs[i].Name, t.sources[i].Position)
		}
	}
	return len(with) > 0
}

func (m *merger) hintMissingField(f *mergedField) {
	code := HintObjectField
	if f.parent.Kind == ast.Interface {
		code = HintInterfaceField
	}
	for i, src := range f.parent.sources {
		if src == nil || f.sources[i] != nil || m.allExternal(i, src) {
			continue
		}
		m.hint(code, f.parent.Name, "field %q is not defined in subgraph %q, which has type %q", f.coordinate(), m.subs[i].Name, f.parent.Name).
			at(m.subs[i].Name, src.Position)
	}
}

func (m *merger) allExternal(i int, t *subgraph.Type) bool {
	return !slices.ContainsFunc(t.Fields, func(f *ast.FieldDefinition) bool { return !m.subs[i].IsExternal(f) })
}

// mergeField merges one field from the subgraphs that do not merely refer to it.
func (m *merger) mergeField(f *mergedField) {
	f.over = m.overrides(f)
	own := m.ownSources(f)
	if !slices.ContainsFunc(own, func(s *ast.FieldDefinition) bool { return s != nil }) {
		if !m.standsInElsewhere(f) {
			m.errorf(spec.CodeExternalMissingOnBase, "field %q is external in every subgraph that has it; one must resolve it", f.coordinate()).
				AtAll(places(m, f.sources, fieldPlace))
		}
		own = f.sources
	}
	m.checkExternalDirectives(f, own)
	at := f.coordinate()
	mergeDescription(m, &f.Description, at, own, func(s *ast.FieldDefinition) string { return s.Description }, fieldPlace)
	types, lists := m.scratch.types[0], m.scratch.lists[0]
	clear(types)
	clear(lists)

	for i, src := range own {
		if src != nil {
			types[i], lists[i] = src.Type, src.Directives
		}
	}
	var same bool
	f.Type, same = m.mergeType(at, types, outputPosition)
	f.Arguments = m.mergeArguments(f, own)
	f.Directives = m.mergeApplied(at, lists)
	m.checkExternalFields(f, own, same)
	m.joinField(f, m.allSame(f, same))
	f.join = append(f.join, m.joinDirectives(lists)...)
}

// ownSources leaves out the external declarations.
func (m *merger) ownSources(f *mergedField) []*ast.FieldDefinition {
	own := m.scratch.own
	for i, src := range f.sources {
		if own[i] = nil; src != nil && !m.subs[i].IsExternal(src) {
			own[i] = src
		}
	}
	return own
}

// checkExternalDirectives reports directives on external declarations that would be merged.
func (m *merger) checkExternalDirectives(f *mergedField, own []*ast.FieldDefinition) {
	for i, src := range f.sources {
		if src == nil || own[i] != nil {
			continue
		}
		for _, d := range src.Directives {
			if key := m.mergeKey(i, d); key != "" && m.composedBy(key) == nil {
				m.errorf(spec.CodeMergedDirectiveOnExternal, "[%s] @%s cannot be applied to the external field %q; apply it where the field is resolved", m.subs[i].Name, d.Name, f.coordinate()).
					At(m.subs[i].Name, d.Position)
			}
		}
	}
}

// allSame reports whether the types of all declarations, external ones included, are equal.
func (m *merger) allSame(f *mergedField, same bool) bool {
	if !same {
		return false
	}
	return !slices.ContainsFunc(f.sources, func(s *ast.FieldDefinition) bool {
		return s != nil && s.Type.String() != f.Type.String()
	})
}

// checkExternalFields compares external declarations with the merged field. same says that the owners' types agree.
func (m *merger) checkExternalFields(f *mergedField, own []*ast.FieldDefinition, same bool) {
	for i, src := range f.sources {
		if src == nil || own[i] != nil {
			continue
		}
		name := m.subs[i].Name
		equal := src.Type.String() == f.Type.String()
		if !equal && (same || !m.isSubtype(src.Type, f.Type)) {
			m.errorf(spec.CodeExternalTypeMismatch, "[%s] external field %q is declared as %s, but is %s where it is resolved; declare it alike", name, f.coordinate(), src.Type, f.Type).
				At(name, src.Position).AtAll(places(m, own, fieldPlace))
		}
		for _, a := range f.Arguments {
			at := f.coordinate() + "(" + a.Name + ":)"
			where := places(m, argumentsNamed(a.Name, own, func(f *ast.FieldDefinition) ast.ArgumentDefinitionList { return f.Arguments }), argumentPlace)
			has := src.Arguments.ForName(a.Name)
			if has == nil {
				m.errorf(spec.CodeExternalArgumentMissing, "[%s] external field %q lacks the argument %q; declare it as where the field is resolved", name, f.coordinate(), a.Name).
					At(name, src.Position).AtAll(where)
				continue
			}
			if !m.isSubtype(a.Type, has.Type) {
				m.errorf(spec.CodeExternalArgumentTypeMismatch, "[%s] argument %q is declared as %s, but is %s where its field is resolved; declare it alike", name, at, has.Type, a.Type).
					At(name, has.Position).AtAll(where)
			}
			if !fieldset.SameValue(has.DefaultValue, a.DefaultValue) {
				m.errorf(spec.CodeExternalArgumentDefaultMismatch, "[%s] argument %q has %s, but %s where its field is resolved; declare it alike", name, at,
					defaultText(has.DefaultValue), defaultText(a.DefaultValue)).At(name, has.Position).AtAll(where)
			}
		}
	}
}

func defaultText(v *ast.Value) string {
	if v == nil {
		return "no default value"
	}
	return "the default value " + v.String()
}
