package generate

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// secret is a value of an enum that clients do not see.
const secret = "SECRET"

// hiddenTypes adds an object type that clients do not see to a union or an interface. It has to be there before fields
// lead to those.
func (f *federation) hiddenTypes() {
	targets := f.with(func(t *typ) bool { return t.abstract() && len(t.members) > 1 && len(f.implements(t, true)) == 0 })
	if len(targets) == 0 || !f.r.chance(30) {
		return
	}
	to := pick(f.r, targets)
	places := slices.DeleteFunc(f.places(to), func(s *sub) bool { return s.fed1 || to.in[s].interfaceObject })
	if len(places) == 0 || slices.ContainsFunc(f.subs, func(s *sub) bool { return to.in[s] != nil && len(to.in[s].keys) > 0 }) {
		return
	}
	h := f.add("Hidden", ast.Object)
	h.hidden = true
	for _, s := range some(f.r, places, 1+f.r.IntN(len(places))) {
		h.put(s)
	}
	known := f.places(h)
	f.leaf(h, "h", known)
	for _, x := range to.fields {
		h.field(x.name, x.typ.String(), x.target, known...).args = x.args
	}
	to.members = append(to.members, h)
	for _, s := range known {
		if to.kind == ast.Union {
			to.in[s].members = append(to.in[s].members, h)
		} else {
			h.in[s].implements = append(h.in[s].implements, to)
		}
	}
}

// hide hides fields of entities. Other fields may still require them.
func (f *federation) hide() {
	if slices.ContainsFunc(f.subs, func(s *sub) bool { return !s.fed1 }) && f.r.chance(60) {
		color := f.byName["Color"]
		color.enum = append(color.enum, secret)
		for _, s := range f.subs {
			color.in[s].enum = color.enum
		}
	}
	for _, t := range f.with(isEntity) {
		for _, x := range t.fields {
			if x.key || x.name[0] != 'f' || !f.r.chance(12) {
				continue
			}
			for s := range x.in {
				x.hidden = x.hidden || !s.fed1
			}
		}
	}
}
