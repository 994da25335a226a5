package compose

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// resolver is a field through which a subgraph answers, and the type in it that has the field.
type resolver struct {
	parent *subgraph.Type
	*ast.FieldDefinition
}

// standIns returns the fields through which subgraph i has f although it lacks f's type: those of interface objects for
// the type's interfaces.
func (m *merger) standIns(f *mergedField, i int) []resolver {
	if f.parent.Kind != ast.Object || f.parent.sources[i] != nil {
		return nil
	}
	var out []resolver
	for _, name := range f.parent.Interfaces {
		t := m.types[name]
		if t == nil || t.sources[i] == nil || !m.subs[i].IsInterfaceObject(t.sources[i]) {
			continue
		}
		if own := t.sources[i].Fields.ForName(f.Name); own != nil {
			out = append(out, resolver{t.sources[i], own})
		}
	}
	return out
}

// standsInElsewhere reports whether some interface object resolves the field.
func (m *merger) standsInElsewhere(f *mergedField) bool {
	for i := range m.subs {
		if slices.ContainsFunc(m.standIns(f, i), func(r resolver) bool { return !m.subs[i].IsExternal(r.FieldDefinition) }) {
			return true
		}
	}
	return false
}

// copyInterfaceObjectFields gives every implementation the fields that interface objects add to its interfaces.
func (m *merger) copyInterfaceObjectFields() {
	m.each(ast.Interface, func(t *mergedType) {
		for _, definition := range t.Fields {
			f := m.fields[t.Name+"."+definition.Name]
			if !m.fromInterfaceObject(f) {
				continue
			}
			m.each(ast.Object, func(object *mergedType) {
				if slices.Contains(object.Interfaces, t.Name) && object.Fields.ForName(f.Name) == nil {
					m.copyField(f, object)
				}
			})
		}
	})
}

// fromInterfaceObject reports whether some subgraph resolves the interface field through an interface object.
func (m *merger) fromInterfaceObject(f *mergedField) bool {
	for i, src := range f.sources {
		if src != nil && m.subs[i].IsInterfaceObject(f.parent.sources[i]) && !m.subs[i].IsExternal(src) {
			return true
		}
	}
	return false
}

func (m *merger) copyField(f *mergedField, object *mergedType) {
	definition := *f.FieldDefinition
	definition.Directives = slices.Clone(f.Directives)
	definition.Arguments = nil
	for _, a := range f.Arguments {
		clone := *a
		definition.Arguments = append(definition.Arguments, &clone)
	}
	c := &mergedField{
		FieldDefinition: &definition, parent: object, sources: make([]*ast.FieldDefinition, len(m.subs)),
		over: make([]override, len(m.subs)), join: ast.DirectiveList{joinDirective("join__field")}, copied: true,
	}
	object.Fields = append(object.Fields, &definition)
	m.fields[c.coordinate()] = c
}

// checkInterfaceObjects reports subgraphs that have an interface object and an implementation of its interface.
func (m *merger) checkInterfaceObjects() {
	m.each(ast.Interface, func(t *mergedType) {
		for i, src := range t.sources {
			if src == nil || !m.subs[i].IsInterfaceObject(src) {
				continue
			}
			m.each(ast.Object, func(object *mergedType) {
				if object.sources[i] != nil && slices.Contains(object.Interfaces, t.Name) {
					m.errorf(spec.CodeInterfaceObjectUsage, "[%s] type %q is an interface object, so its implementation %q cannot be defined in the same subgraph; take out one of them",
						m.subs[i].Name, t.Name, object.Name).At(m.subs[i].Name, src.Position).At(m.subs[i].Name, object.sources[i].Position)
				}
			})
		}
	})
}
