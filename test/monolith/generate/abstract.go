package generate

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// abstract adds interfaces, one of which may implement another, and unions. What a subgraph knows of them differs.
func (f *federation) abstract() {
	objects := f.with(func(t *typ) bool { return t.entity || isValue(t) && !t.split })
	for i := range 1 + f.r.IntN(2) {
		members := some(f.r, objects, 1+f.r.IntN(3))
		super := f.iface(fmt.Sprintf("N%d", i), members, nil)
		if super != nil && f.r.chance(40) {
			if i := f.iface(fmt.Sprintf("M%d", i), some(f.r, super.members, 1+f.r.IntN(3)), super); i != nil && !i.fits(super) {
				for _, p := range i.in {
					p.implements = nil
				}
			}
		}
	}
	objects = f.with(func(t *typ) bool { return t.entity || isValue(t) && !t.split })
	for i := range 1 + f.r.IntN(2) {
		u := f.add(fmt.Sprintf("U%d", i), ast.Union)
		all := some(f.r, objects, 2+f.r.IntN(3))
		for _, s := range some(f.r, f.subs, 1+f.r.IntN(3)) {
			known := slices.DeleteFunc(slices.Clone(all), func(t *typ) bool { return t.in[s] == nil })
			if len(known) > 0 {
				u.put(s).members = some(f.r, known, len(known)-f.r.IntN(2)*f.r.IntN(2))
			}
			if u.in[s] != nil && len(u.in[s].members) == 0 {
				delete(u.in, s)
			}
		}
		for _, s := range f.places(u) {
			for _, m := range u.in[s].members {
				if !contains(u.members, m) {
					u.members = append(u.members, m)
				}
			}
		}
		if len(u.members) == 0 {
			f.drop(u)
		}
	}
}

// fits reports whether the interface may implement the other in the merged schema.
func (t *typ) fits(super *typ) bool {
	return !slices.ContainsFunc(super.fields, func(x *fld) bool { return t.get(x.name) == nil }) &&
		!slices.ContainsFunc(t.members, func(m *typ) bool { return !contains(super.members, m) })
}

func (f *federation) drop(t *typ) {
	f.types = slices.DeleteFunc(f.types, func(x *typ) bool { return x == t })
	delete(f.byName, t.name)
}

// iface adds an interface that the members implement in most of the subgraphs that know them; nil when there is none
// where it could be declared. super is an interface that it implements.
func (f *federation) iface(name string, members []*typ, super *typ) *typ {
	i := f.add(name, ast.Interface)
	var common []*fld
	if super != nil {
		common = slices.Clone(super.fields)
	}
	for k := range 1 + f.r.IntN(2) {
		common = append(common, f.common(fmt.Sprintf("%sc%d", name, k), members))
	}
	for _, s := range f.subs {
		local := slices.DeleteFunc(slices.Clone(members), func(t *typ) bool { return t.in[s] == nil || f.r.chance(12) })
		if super != nil { // where the interface implements another, so do its members
			if super.in[s] == nil {
				continue
			}
			local = slices.DeleteFunc(local, func(t *typ) bool { return !contains(t.in[s].implements, super) })
		}
		f.declareIn(i, s, local, common, super)
	}
	for _, m := range members {
		if slices.ContainsFunc(f.subs, func(s *sub) bool { return m.in[s] != nil && contains(m.in[s].implements, i) }) {
			i.members = append(i.members, m)
		}
	}
	if len(i.members) == 0 {
		f.drop(i)
		return nil
	}
	return i
}

// common gives all members of an interface one more field; in some it is non-null where it is not in the interface.
func (f *federation) common(name string, members []*typ) *fld {
	base := f.wrap(pick(f.r, leafTypes))
	x := &fld{name: name, typ: parseType(base), in: map[*sub]*decl{}}
	if f.r.chance(20) {
		f.arguments(x)
	}
	for _, t := range members {
		text := base
		if !x.typ.NonNull && f.r.chance(30) {
			text += "!"
		}
		places := f.places(t)
		if t.leaf != nil {
			places = slices.DeleteFunc(places, func(s *sub) bool { return s == t.leaf })
		}
		if t.entity && f.r.chance(50) {
			places = some(f.r, places, 1+f.r.IntN(len(places)))
		}
		t.field(name, text, nil, places...).args = x.args
	}
	return x
}

func (f *federation) declareIn(i *typ, s *sub, local []*typ, common []*fld, super *typ) {
	var have []*fld
	for _, x := range common {
		if !slices.ContainsFunc(local, func(t *typ) bool { return t.get(x.name) == nil || t.get(x.name).in[s] == nil }) {
			have = append(have, x)
		}
	}
	if super != nil {
		for _, x := range super.fields {
			if x.in[s] != nil && !slices.ContainsFunc(have, func(h *fld) bool { return h.name == x.name }) {
				return
			}
		}
	}
	if len(local) == 0 || len(have) == 0 {
		return
	}
	p := i.put(s)
	if super != nil {
		p.implements = []*typ{super}
	}
	for _, x := range have {
		i.field(x.name, x.typ.String(), nil, s).args = x.args
	}
	for _, t := range local {
		t.in[s].implements = append(t.in[s].implements, i)
	}
}

// declareInterfaces lets interfaces have `id` where all members have it.
func (f *federation) declareInterfaces() {
	for _, i := range f.with(func(t *typ) bool { return t.kind == ast.Interface }) {
		if !f.r.chance(50) || len(f.with(func(t *typ) bool { return t.kind == ast.Interface && len(f.implements(t, true)) > 0 })) > 0 {
			continue
		}
		if slices.ContainsFunc(i.members, func(t *typ) bool { return t.get("id") == nil }) {
			continue
		}
		for _, s := range f.places(i) {
			local := f.local(i, s)
			if !slices.ContainsFunc(local, func(t *typ) bool { return t.get("id").in[s] == nil }) {
				i.field("id", "ID!", nil, s)
			}
		}
	}
}

// local lists the object types that values of the type may have in the subgraph.
func (f *federation) local(t *typ, s *sub) []*typ {
	switch {
	case t.kind == ast.Union:
		return t.in[s].members
	case t.kind == ast.Interface && t.in[s].interfaceObject:
		return t.members
	case t.kind == ast.Interface:
		return f.with(func(m *typ) bool { return m.kind == ast.Object && m.in[s] != nil && contains(m.in[s].implements, t) })
	}
	return []*typ{t}
}
