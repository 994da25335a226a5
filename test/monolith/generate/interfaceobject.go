package generate

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// interfaceObjects gives interfaces a key where all implementations are known, and lets another subgraph treat the
// interface as an object that it adds fields to.
func (f *federation) interfaceObjects() {
	related := f.with(func(t *typ) bool { return t.kind == ast.Interface && len(f.implements(t, true)) > 0 })
	for _, i := range f.with(func(t *typ) bool { return t.kind == ast.Interface }) {
		if !f.r.chance(80) || contains(related, i) || slices.ContainsFunc(related, func(t *typ) bool { return contains(f.implements(t, true), i) }) {
			continue
		}
		if slices.ContainsFunc(i.members, func(t *typ) bool { return !t.entity }) {
			continue
		}
		host := slices.IndexFunc(f.subs, func(s *sub) bool { return !s.fed1 && i.in[s] != nil && len(f.local(i, s)) == len(i.members) })
		if host < 0 {
			continue
		}
		s := f.subs[host]
		for _, m := range i.members {
			f.addKey(m, s, "id")
		}
		i.in[s].keys = []key{{text: "id", paths: []string{"id"}}}
		i.field("id", "ID!", nil, s)
		if f.r.chance(90) {
			f.interfaceObject(i)
		}
	}
}

func (f *federation) interfaceObject(i *typ) {
	free := slices.DeleteFunc(slices.Clone(f.subs), func(s *sub) bool {
		if slices.ContainsFunc(f.types, func(t *typ) bool { return t.in[s] != nil && t.in[s].interfaceObject }) {
			return true // composers take two ways into one subgraph by one key for the same
		}
		return s.fed1 || i.in[s] != nil || slices.ContainsFunc(i.members, func(m *typ) bool { return m.in[s] != nil })
	})
	var s *sub
	if len(free) > 0 {
		s = pick(f.r, free)
	} else {
		s = &sub{index: len(f.subs), name: string(rune('a' + len(f.subs)))}
		f.subs = append(f.subs, s)
		for _, t := range f.with(func(t *typ) bool { return t.kind == ast.Enum || t.kind == ast.Scalar || t.kind == ast.InputObject }) {
			t.put(s).enum = t.enum
		}
	}
	p := i.put(s)
	p.interfaceObject = true
	p.keys = []key{{text: "id", paths: []string{"id"}}}
	i.field("id", "", nil, s)
	for k := range 1 + f.r.IntN(3) {
		f.objectField(i, s, fmt.Sprintf("%sio%d", i.name, k))
	}
	if f.r.chance(50) {
		f.objectLink(i, s, i.name+"to")
	}
	if f.r.chance(50) {
		f.objectRequirement(i, s)
	}
}

// objectField adds a field of an interface object; every implementation has it.
func (f *federation) objectField(i *typ, s *sub, name string) *fld {
	x := f.leaf(i, name, []*sub{s})
	f.copyToMembers(i, x)
	return x
}

// copyToMembers gives every implementation the field of an interface object.
func (f *federation) copyToMembers(i *typ, x *fld) {
	for _, m := range i.members {
		own := m.field(x.name, x.typ.String(), x.target)
		own.args, own.of = x.args, x
	}
}

// objectLink adds a field of an interface object that leads to a type.
func (f *federation) objectLink(i *typ, s *sub, name string) {
	to := f.with(func(t *typ) bool {
		return t.in[s] != nil && !t.inner && (t.entity || isValue(t) && !t.hidden && !t.split || t.abstract())
	})
	if len(to) == 0 {
		return
	}
	t := pick(f.r, to)
	x := i.field(name, f.wrap(t.name), t, s)
	if f.r.chance(20) {
		f.arguments(x)
	}
	f.copyToMembers(i, x)
}

// objectRequirement lets a field of an interface object require one that the implementations have elsewhere.
func (f *federation) objectRequirement(i *typ, s *sub) {
	for _, x := range i.fields {
		if x.name == "id" || x.in[s] != nil || !slices.ContainsFunc(f.subs, func(o *sub) bool { return x.in[o] != nil }) {
			continue
		}
		x.in[s] = &decl{external: true}
		text := x.name + f.literalArguments(x)
		r := f.objectField(i, s, i.name+"r")
		r.in[s].requires = text
		for _, m := range i.members {
			m.get(x.name).required = true
			m.get(r.name).needs = append(m.get(r.name).needs, requirement{s, parseSet(text)})
		}
		return
	}
}
