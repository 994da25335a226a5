package generate

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// peers gives interfaces of entities a field that leads to the interface again. An object type may narrow it to one object
// type.
func (f *federation) peers() {
	interfaces := f.with(func(t *typ) bool { return t.kind == ast.Interface })
	for _, i := range interfaces {
		related := len(f.implements(i, true)) > 0 || slices.ContainsFunc(interfaces, func(o *typ) bool { return contains(f.implements(o, true), i) })
		if related || !f.r.chance(50) || slices.ContainsFunc(i.members, func(m *typ) bool { return !m.entity }) {
			continue
		}
		shape := f.wrap("%")
		name := i.name + "p"
		i.field(name, strings.ReplaceAll(shape, "%", i.name), i, f.places(i)...)
		for _, m := range i.members {
			at := slices.DeleteFunc(f.places(m), func(s *sub) bool { return !contains(m.in[s].implements, i) })
			to := pick(f.r, append([]*typ{i, i, m}, i.members...))
			x := &fld{target: to, in: map[*sub]*decl{}}
			for _, s := range at {
				if to.in[s] == nil || to != i && !contains(to.in[s].implements, i) {
					x.target = m
				}
				x.in[s] = &decl{}
			}
			if len(f.pool(x)) == 0 {
				x.target = m
			}
			m.field(name, strings.ReplaceAll(shape, "%", x.target.name), x.target, at...)
		}
	}
}
