package satisfy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// context says which ancestor sets what: the nearest one for each context that some field reads.
type context map[string]setter

// setter is an ancestor of a type that sets a context, and the vertex at which its fields are read.
type setter struct {
	at  *vertex
	typ string
}

func contextNames(sg *supergraph.Supergraph) []string {
	var out []string
	for _, sub := range sg.Subgraphs {
		for _, t := range sub.Types {
			for _, f := range t.Fields {
				for _, c := range f.Contexts {
					out = append(out, c.Context)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// remember returns the contexts for what is below an object of the type at a position.
func (w *walker) remember(p position, typeName string) int {
	var out context
	for _, name := range w.contexts {
		if !w.graph.sg.SetsContext(name, typeName) {
			continue
		}
		if out == nil {
			out = context{}
			maps.Copy(out, w.ctxs[p.ctx])
		}
		at := p.at
		if m := at.members[typeName]; m != nil {
			at = m
		}
		out[name] = setter{at, typeName}
	}
	if out == nil {
		return p.ctx
	}
	var key strings.Builder
	for _, name := range w.contexts {
		if s, ok := out[name]; ok {
			fmt.Fprintf(&key, "%s %d %s\n", name, s.at.id, s.typ)
		}
	}
	id, ok := w.ctxIDs[key.String()]
	if !ok {
		id = len(w.ctxs)
		w.ctxs = append(w.ctxs, out)
		w.ctxIDs[key.String()] = id
	}
	return id
}

// contextual reports whether the contexts that the field reads are set, can be read, and the field's object can then be
// entered with them.
func (w *walker) contextual(p position, v *vertex, e *edge) bool {
	if len(e.field.Contexts) == 0 || v.typ.Kind != ast.Object {
		return true
	}
	for _, c := range e.field.Contexts {
		s, ok := w.ctxs[p.ctx][c.Context]
		if !ok {
			return false
		}
		cond, err := w.selected(c.Selection, s.typ)
		if err != nil || !w.solver.meets(s.at, cond) {
			return false
		}
	}
	return v.resume
}

// selected returns what is read of an object of the type: fragments on other types do not count.
func (w *walker) selected(text, typeName string) (*condition, error) {
	set, err := supergraph.ParseFieldSet(text)
	if err != nil {
		return nil, err
	}
	var matching ast.SelectionSet
	for _, s := range set {
		if f, ok := s.(*ast.InlineFragment); ok {
			if def := w.graph.sg.Schema.Types[f.TypeCondition]; def != nil && def.Kind == ast.Object && f.TypeCondition != typeName {
				continue
			}
		}
		matching = append(matching, s)
	}
	return w.graph.conds.of(matching), nil
}
