package generate

import (
	"slices"
	"strings"
)

// spell changes how the subgraphs are written, not what they mean.
func (w *world) spell() {
	renamed := map[string]string{} // of directives that must have one name everywhere
	for _, sub := range w.set.Subgraphs {
		if sub.Minor != Fed1 && w.r.Chance(20) {
			w.rename(sub)
		}
		if sub.Minor != Fed1 && w.r.Chance(10) {
			for _, name := range []string{"Query", "Mutation"} {
				sub.Roots[name] = "Root" + name
			}
		}
		for _, t := range slices.Clone(sub.Types) {
			w.split(sub, t)
		}
		if w.r.Chance(50) {
			w.r.Shuffle(len(sub.Types), func(i, j int) { sub.Types[i], sub.Types[j] = sub.Types[j], sub.Types[i] })
		}
		if sub.Minor != Fed1 && w.r.Chance(3) {
			sub.Directives = append(sub.Directives, "scalar federation__FieldSet")
		}
	}
	if w.r.Chance(10) {
		renamed["tag"] = "label"
	}
	for _, sub := range w.set.Subgraphs {
		for from, to := range renamed {
			if sub.Minor != Fed1 {
				sub.Spelling[from] = to
			}
		}
	}
	w.r.Shuffle(len(w.set.Subgraphs), func(i, j int) {
		w.set.Subgraphs[i], w.set.Subgraphs[j] = w.set.Subgraphs[j], w.set.Subgraphs[i]
	})
}

// rename gives directives that stay in the subgraph another name.
func (w *world) rename(sub *Subgraph) {
	for _, name := range []string{"key", "shareable", "external", "requires", "provides", "override", "interfaceObject"} {
		switch w.r.IntN(3) {
		case 0:
			sub.Spelling[name] = "federation__" + name
		case 1:
			sub.Spelling[name] = "my" + strings.ToUpper(name[:1]) + name[1:]
		}
	}
}

// split moves fields of a type into an extension of it.
func (w *world) split(sub *Subgraph, t *Type) {
	if t.Kind == "union" || t.Kind == "scalar" || len(t.Fields) < 2 || t.Has("interfaceObject") || t.Has("shareable") && sub.Minor < 2 || !w.r.Chance(10) {
		return
	}
	at := w.r.Between(1, len(t.Fields)-1)
	part := &Type{Kind: t.Kind, Name: t.Name, Extend: true, Fields: t.Fields[at:]}
	if t.Has("shareable") && t.Kind == "type" {
		part.Add("shareable", "")
	}
	t.Fields = slices.Clone(t.Fields[:at])
	sub.Types = append(sub.Types, part)
}
