package compose

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// checkSharing reports the object fields that several subgraphs resolve without all of them allowing it.
func (m *merger) checkSharing() {
	m.each(ast.Object, func(t *mergedType) {
		for _, definition := range t.Fields {
			m.checkFieldSharing(m.fields[t.Name+"."+definition.Name])
		}
	})
}

func (m *merger) checkFieldSharing(f *mergedField) {
	subscription := f.parent.Name == "Subscription"
	var resolvers, refusing []string
	forbidden := false
	e := spec.Errorf(spec.CodeInvalidFieldSharing, "")
	for i := range m.subs {
		s := m.subs[i]
		field, parent := f.sources[i], f.parent.sources[i]
		if field == nil {
			if field = m.standInField(f, i); field == nil {
				continue
			}
			for _, name := range f.parent.Interfaces {
				if t := m.types[name]; t != nil && t.sources[i] != nil && t.sources[i].Fields.ForName(f.Name) == field {
					parent = t.sources[i]
				}
			}
		}
		if f.over[i].unused || f.over[i].used || s.IsFullyExternal(field) {
			continue
		}
		forbidden = forbidden || subscription && s.Has(field.Directives, "shareable")
		resolvers = append(resolvers, s.Name)
		e.At(s.Name, field.Position)
		if subscription || !s.IsShareable(parent, field) {
			refusing = append(refusing, s.Name)
		}
	}
	switch {
	case forbidden:
		e.Message = "subscription field \"" + f.coordinate() + "\" cannot be shareable"
	case len(resolvers) > 1 && len(refusing) > 0:
		e.Message = "field \"" + f.coordinate() + "\" is resolved by " + strings.Join(resolvers, ", ") +
			" but is not shareable in " + strings.Join(refusing, ", ")
	default:
		return
	}
	m.errs = append(m.errs, e)
}
