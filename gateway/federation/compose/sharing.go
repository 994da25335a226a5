package compose

import (
	"slices"
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
	forbidden, count := false, 0
	e := spec.Errorf(spec.CodeInvalidFieldSharing, "")
	for i, s := range m.subs {
		fields := m.standIns(f, i)
		if src := f.sources[i]; src != nil && !f.over[i].unused && !f.over[i].used {
			fields = []resolver{{f.parent.sources[i], src}}
		}
		for _, r := range fields {
			if s.IsFullyExternal(r.FieldDefinition) {
				continue
			}
			forbidden = forbidden || subscription && s.Has(r.Directives, "shareable")
			if !slices.Contains(resolvers, s.Name) {
				resolvers = append(resolvers, s.Name)
			}
			count++
			e.At(s.Name, r.Position)
			if (subscription || !s.IsShareable(r.parent, r.FieldDefinition)) && !slices.Contains(refusing, s.Name) {
				refusing = append(refusing, s.Name)
			}
		}
	}
	switch {
	case forbidden:
		e.Message = "subscription field \"" + f.coordinate() + "\" cannot be shareable; let one subgraph resolve it"
	case count > 1 && len(refusing) > 0:
		e.Message = "field \"" + f.coordinate() + "\" is resolved by " + strings.Join(resolvers, ", ") +
			" but is not shareable in " + strings.Join(refusing, ", ") + "; mark it @shareable there, or resolve it in one subgraph only"
	default:
		return
	}
	m.errs = append(m.errs, e)
}
