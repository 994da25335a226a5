package generate

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// roots adds the fields of Query and Mutation.
func (f *federation) roots() {
	q, m := f.byName["Query"], f.byName["Mutation"]
	n := 0
	for _, t := range f.with(func(t *typ) bool {
		return t.kind == ast.Object && t != q && t != m && !t.hidden && (!t.inner || q.gate) || t.abstract()
	}) {
		places := f.places(t)
		for range 1 + f.r.IntN(2) {
			in := some(f.r, places, 1+f.r.IntN(4)/3)
			if t.split {
				in = places
			}
			f.root(q, fmt.Sprintf("q%d", n), t, in)
			n++
		}
		if f.r.chance(30) && !t.split && !t.inner && !f.breaks {
			f.root(m, fmt.Sprintf("m%d", n), t, some(f.r, places, 1+f.r.IntN(4)/3))
		}
	}
	for _, s := range some(f.r, f.subs, 2) {
		q.put(s)
		f.leaf(q, fmt.Sprintf("leaf%d", s.index), []*sub{s})
	}
	for _, s := range f.places(q) {
		if !slices.ContainsFunc(q.fields, func(x *fld) bool { return x.in[s] != nil }) {
			f.leaf(q, fmt.Sprintf("leaf%d", s.index), []*sub{s})
		}
	}
	if len(m.fields) == 0 {
		f.types = slices.DeleteFunc(f.types, func(t *typ) bool { return t == m })
	}
}

func (f *federation) root(root *typ, name string, t *typ, in []*sub) {
	for _, s := range in {
		root.put(s)
	}
	x := root.field(name, f.wrap(t.name), t, in...)
	f.agree(root, x)
	if f.r.chance(20) {
		f.arguments(x)
	}
}

// renameRoots gives the root types another name in some subgraphs, but those whose name is in a selection of a context.
func (f *federation) renameRoots() {
	for _, s := range f.subs {
		q := f.byName["Query"].in[s]
		if q == nil || len(q.contexts) > 0 || !f.r.chance(20) {
			continue
		}
		s.roots = map[string]string{"Query": "RootQuery"}
		if f.byName["Mutation"].in[s] != nil && f.r.chance(60) {
			s.roots["Mutation"] = "Changes"
		}
	}
}

// local is the name that a type has in the subgraph.
func (s *sub) local(name string) string {
	if other := s.roots[name]; other != "" {
		return other
	}
	return name
}
