package generate

import (
	"slices"
	"strings"
)

// reach tells, of an entity held in one subgraph, which other subgraphs can be entered by its keys.
type reach map[*typ]map[*sub]map[*sub]bool

// makeReachable adds keys until every entity can go from each of its subgraphs to each other.
func (f *federation) makeReachable() {
	for {
		r := f.reach()
		repaired := false
		for _, t := range f.with(isEntity) {
			for _, a := range f.places(t) {
				for _, b := range f.places(t) {
					if !repaired && !r[t][a][b] {
						f.addKey(t, a, "id")
						f.addKey(t, b, "id")
						for _, s := range []*sub{a, b} {
							t.get("id").in[s] = &decl{}
							i := slices.IndexFunc(t.in[s].keys, func(k key) bool { return k.text == "id" })
							t.in[s].keys[i].unresolved = false
						}
						repaired = true
					}
				}
			}
		}
		if !repaired {
			return
		}
	}
}

func (f *federation) reach() reach {
	r := reach{}
	entities := f.with(isEntity)
	for _, t := range entities {
		r[t] = map[*sub]map[*sub]bool{}
		for _, s := range f.places(t) {
			r[t][s] = map[*sub]bool{s: true}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, t := range entities {
			for a, landed := range r[t] {
				for _, b := range f.places(t) {
					if !landed[b] && f.canLand(r, t, a, b) {
						landed[b], changed = true, true
					}
				}
			}
		}
	}
	return r
}

func (f *federation) canLand(r reach, t *typ, a, b *sub) bool {
	return slices.ContainsFunc(t.in[b].keys, func(k key) bool {
		return !k.unresolved && !slices.ContainsFunc(k.paths, func(p string) bool { return !f.has(r, t, a, p) })
	})
}

// has reports whether the field at the path can be had, beginning in subgraph a.
func (f *federation) has(r reach, t *typ, a *sub, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	x := t.get(name)
	if x == nil {
		return false
	}
	from := map[*sub]bool{a: true}
	if t.entity {
		from = r[t][a]
	}
	for s := range from {
		if x.in[s].resolvable() && (!nested || f.has(r, x.target, s, rest)) {
			return true
		}
	}
	return false
}

// ownKey reports whether the subgraph resolves all of one of its usable keys itself.
func ownKey(t *typ, s *sub) bool {
	return slices.ContainsFunc(t.in[s].keys, func(k key) bool {
		return !k.unresolved && !slices.ContainsFunc(k.paths, func(p string) bool { return !resolves(t, s, p) })
	})
}

func resolves(t *typ, s *sub, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	x := t.get(name)
	return x != nil && x.in[s].resolvable() && (!nested || resolves(x.target, s, rest))
}

// externalKeys marks members of keys external where everything can still be reached: in extensions, which can read them
// all the same, and in others, which then cannot; and it makes keys that nobody needs unresolvable.
func (f *federation) externalKeys() {
	for _, t := range f.with(isEntity) {
		for _, s := range f.places(t) {
			for i := range t.in[s].keys {
				k := &t.in[s].keys[i]
				if f.keyOfInterface(t, s) && k.text == "id" {
					continue
				}
				if k.unresolved = f.r.chance(12) && len(t.in[s].keys) > 1 && !s.fed1; k.unresolved && !f.reachable() {
					k.unresolved = false
				}
			}
			for _, x := range t.fields {
				d := x.in[s]
				if d == nil || !keyMember(t, s, x.name) || !slices.ContainsFunc(f.subs, func(o *sub) bool { return o != s && x.in[o] != nil && !x.in[o].external }) {
					continue
				}
				switch {
				case f.extends(t, s) && x.target == nil && f.r.chance(70):
					d.external, d.readable = true, true
				case !s.fed1 && !f.extends(t, s) && !f.keyOfInterface(t, s) && !f.inNestedKey(t) && f.r.chance(12):
					if d.external = true; !f.reachable() || f.inInterface(t, x, s) {
						d.external = false
					}
				}
			}
		}
	}
}

func (f *federation) reachable() bool {
	r := f.reach()
	for _, t := range f.with(isEntity) {
		for _, a := range f.places(t) {
			if len(r[t][a]) < len(f.places(t)) {
				return false
			}
			for _, x := range t.fields { // and each field can be had from each subgraph
				if x.key && x.target == nil && !f.has(r, t, a, x.name) {
					return false
				}
			}
		}
	}
	return true
}

// extends reports whether the subgraph writes the type as an extension.
func (f *federation) extends(t *typ, s *sub) bool {
	return s.extend != "" && t.entity && len(t.in[s].keys) > 0 && s != f.places(t)[0]
}

// keyMember reports whether the field is a leaf of a key in the subgraph.
func keyMember(t *typ, s *sub, name string) bool {
	return slices.ContainsFunc(t.in[s].keys, func(k key) bool { return slices.Contains(k.paths, name) })
}

// inInterface reports whether an interface of the type has the field in the subgraph.
func (f *federation) inInterface(t *typ, x *fld, s *sub) bool {
	return slices.ContainsFunc(t.in[s].implements, func(i *typ) bool { return i.get(x.name) != nil && i.get(x.name).in[s] != nil })
}

// inNestedKey reports whether a key leads through objects of the type.
func (f *federation) inNestedKey(t *typ) bool {
	return slices.ContainsFunc(f.types, func(o *typ) bool {
		return slices.ContainsFunc(o.fields, func(x *fld) bool { return x.key && x.target == t })
	})
}

// keyOfInterface reports whether an interface of the type has a key in the subgraph.
func (f *federation) keyOfInterface(t *typ, s *sub) bool {
	return slices.ContainsFunc(t.in[s].implements, func(i *typ) bool { return len(i.in[s].keys) > 0 })
}

// nullableKeys gives entities another key that is null for some objects, in subgraphs that can do without.
func (f *federation) nullableKeys() {
	for _, t := range f.with(isEntity) {
		safe := slices.DeleteFunc(f.places(t), func(s *sub) bool {
			return !slices.ContainsFunc(t.in[s].keys, func(k key) bool { return k.text == "id" && !k.unresolved }) || !resolves(t, s, "id")
		})
		if len(safe) < 2 || !f.r.chance(35) {
			continue
		}
		for _, s := range some(f.r, safe, 2+f.r.IntN(2)) {
			t.field("code", "ID", nil, s).key = true
			k := key{text: "code", paths: []string{"code"}}
			t.in[s].keys = slices.Insert(t.in[s].keys, f.r.IntN(len(t.in[s].keys)+1), k)
		}
	}
}
