package satisfy

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Operations returns the operations that Check looks at: for every state and each field or type condition there, one that
// ends with it. Labels says under which override labels an operation was looked at.
func Operations(sg *supergraph.Supergraph, each func(operation string, labels []string)) error {
	g, err := build(sg)
	if err != nil {
		return err
	}
	w := newWalker(g)
	w.run()
	for _, def := range slices.SortedFunc(maps.Keys(w.main), func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) }) {
		for _, st := range w.main[def].states {
			w.ending(st, each)
		}
	}
	return nil
}

func (w *walker) ending(st *state, each func(string, []string)) {
	if st.typ.Kind != ast.Object {
		each(st.operation(w.api), on(st.labels))
		return
	}
	for _, f := range st.typ.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		for _, labels := range w.labelled(st.typ.Name+"."+f.Name, st.labels) {
			next := &state{typ: w.api.Types[f.Type.Name()], labels: labels, before: st, step: transition{field: f}}
			each(next.operation(w.api), on(labels))
		}
	}
}

func on(labels []label) []string {
	var out []string
	for _, l := range labels {
		if l.on {
			out = append(out, l.name)
		}
	}
	return out
}
