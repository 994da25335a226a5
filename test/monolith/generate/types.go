package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func (f *federation) subgraphs() {
	for i := range 2 + f.r.IntN(3) + f.r.IntN(3) {
		s := &sub{index: i, name: string(rune('a' + i)), fed1: f.r.chance(12)}
		if s.fed1 || f.r.chance(20) {
			s.extend = pick(f.r, []string{"extend", "@extends"})
		}
		f.subs = append(f.subs, s)
	}
}

// leaves adds enums, a custom scalar and input types. Every subgraph knows them all, but not all of them.
func (f *federation) leaves() {
	f.add("Color", ast.Enum).enum = []string{"RED", "GREEN", "BLUE"}
	f.add("Blob", ast.Scalar)
	inner := f.add("Inner", ast.InputObject)
	inner.field("n", "Int", nil)
	inner.field("tags", "[String!]", nil)
	inner.field("color", "Color", nil)
	outer := f.add("Filter", ast.InputObject)
	outer.field("text", "String!", nil)
	outer.field("inner", "Inner", nil)
	outer.field("all", "[Inner!]", nil)
	outer.field("limit", "Int", nil)
	outer.field("id", "ID", nil)
	f.add("Shade", ast.Enum).enum = []string{"DARK", "LIGHT", "PALE", "VIVID"}
	f.add("Mode", ast.Enum).enum = []string{"ON", "OFF"}
	for _, t := range f.types {
		for _, s := range f.subs {
			p := t.put(s)
			switch p.enum = t.enum; t.name {
			case "Shade": // clients see what any subgraph gives
				p.enum = slices.Concat(t.enum[:1], some(f.r, t.enum[1:], 1+f.r.IntN(3)))
			case "Mode": // clients see what all subgraphs take
				p.enum = slices.Concat(t.enum, some(f.r, []string{"AUTO", "TEST"}, f.r.IntN(3)))
			}
		}
	}
	for _, t := range []*typ{inner, outer} {
		if f.r.chance(40) {
			t.field("rare", "String", nil, some(f.r, f.subs, 1+f.r.IntN(len(f.subs)-1))...)
		}
	}
}

// settleEnums decides which values clients see: of those given, all; of those taken, what all subgraphs know.
func (f *federation) settleEnums() {
	for _, name := range []string{"Shade", "Mode"} {
		t := f.byName[name]
		taken := slices.ContainsFunc(f.types, func(o *typ) bool {
			return slices.ContainsFunc(o.fields, func(x *fld) bool {
				return slices.ContainsFunc(x.args, func(a *arg) bool { return a.typ.Name() == name && a.only == nil })
			})
		})
		t.enum = nil
		for _, s := range f.subs {
			for _, v := range t.in[s].enum {
				if !slices.Contains(t.enum, v) && (!taken || t.inAll(v, f.subs)) {
					t.enum = append(t.enum, v)
				}
			}
		}
	}
}

// inAll reports whether all the subgraphs know the value of the enum.
func (t *typ) inAll(value string, subs []*sub) bool {
	return !slices.ContainsFunc(subs, func(s *sub) bool { return !slices.Contains(t.in[s].enum, value) })
}

var leafTypes = []string{"Int", "String", "String", "Float", "Boolean", "ID", "Color", "Shade", "Blob"}

// entities adds the entity types with their keys.
func (f *federation) entities() {
	for i := range 2 + f.r.IntN(3) {
		t := f.add(fmt.Sprintf("E%d", i), ast.Object)
		t.entity = true
		for _, s := range some(f.r, f.subs, 1+f.r.IntN(len(f.subs))) {
			t.put(s)
		}
	}
	for _, t := range f.with(isEntity) {
		for _, s := range f.places(t) {
			for range 1 + f.r.IntN(2) {
				f.key(t, s)
			}
		}
		if places := f.places(t); len(places) > 1 && f.r.chance(60) {
			t.leaf = pick(f.r, places)
			t.in[t.leaf].keys = nil
			for _, x := range t.fields {
				delete(x.in, t.leaf)
			}
			f.addKey(t, t.leaf, "id")
			t.field("id", "", nil, places...)
			t.fields = slices.DeleteFunc(t.fields, func(x *fld) bool { return len(x.in) == 0 })
		}
	}
}

// key gives the type a key in the subgraph.
func (f *federation) key(t *typ, s *sub) {
	text := pick(f.r, []string{"id", "id", "id", "sku", "sku", "org num", "num org", "id org", "owner { id }", "parts { id }", "id owner { id }"})
	if strings.Contains(text, "{") && !f.nest(t, s, text) {
		text = "id"
	}
	f.addKey(t, s, text)
}

func (f *federation) addKey(t *typ, s *sub, text string) {
	k := key{text: text}
	for name := range strings.FieldsSeq(text) {
		switch name {
		case "owner", "parts":
			k.paths = append(k.paths, name+".id")
			continue
		case "{", "}":
			continue
		}
		if n := len(k.paths); n > 0 && strings.HasSuffix(k.paths[n-1], "."+name) && strings.Contains(text, "{ "+name+" }") {
			continue
		}
		k.paths = append(k.paths, name)
		x := t.field(name, "ID!", nil, s)
		x.key = true
	}
	p := t.in[s]
	if !slices.ContainsFunc(p.keys, func(k key) bool { return k.text == text }) {
		p.keys = append(p.keys, k)
	}
}

// nest adds the fields that a nested key leads through. The types on the way are entities that the subgraph knows.
func (f *federation) nest(t *typ, s *sub, text string) bool {
	name, typeText := "owner", "%!"
	if strings.Contains(text, "parts") {
		name, typeText = "parts", "[%!]!"
	}
	x := t.get(name)
	if x == nil {
		others := f.with(func(o *typ) bool { return o.entity && o != t && o.in[s] != nil && o.name < t.name })
		if len(others) == 0 {
			return false
		}
		to := pick(f.r, others)
		x = t.field(name, strings.ReplaceAll(typeText, "%", to.name), to)
	}
	if x.target.in[s] == nil {
		return false
	}
	f.addKey(x.target, s, "id")
	t.field(name, "", nil, s).key = true
	return true
}

// values adds value types. Those that are whole have all fields wherever they are known.
func (f *federation) values() {
	for i := range 1 + f.r.IntN(3) {
		t := f.add(fmt.Sprintf("V%d", i), ast.Object)
		t.split = f.r.chance(40)
		for _, s := range some(f.r, f.subs, 1+f.r.IntN(len(f.subs))) {
			t.put(s)
		}
		places := f.places(t)
		for k := range 1 + f.r.IntN(4) {
			in := places
			if t.split {
				in = some(f.r, places, 1+f.r.IntN(2))
			}
			f.leaf(t, fmt.Sprintf("v%d", k), in)
		}
		for _, s := range places {
			if !slices.ContainsFunc(t.fields, func(x *fld) bool { return x.in[s] != nil }) {
				f.leaf(t, "v9", []*sub{s})
			}
		}
	}
}

// leaf adds a field with a leaf type, perhaps with arguments.
func (f *federation) leaf(t *typ, name string, in []*sub) *fld {
	x := t.field(name, f.wrap(pick(f.r, leafTypes)), nil, in...)
	if len(x.args) == 0 && f.r.chance(25) {
		f.arguments(x)
	}
	if !x.typ.NonNull && len(in) > 1 && f.r.chance(25) {
		x.in[in[0]].notNull = true
	}
	return x
}

func (f *federation) arguments(x *fld) {
	all := []*arg{
		{name: "n", typ: parseType("Int")},
		{name: "m", typ: parseType("Int!"), def: "7"},
		{name: "s", typ: parseType("String"), def: `"x"`},
		{name: "color", typ: parseType("Color"), def: "GREEN"},
		{name: "in", typ: parseType("Filter")},
		{name: "list", typ: parseType("[Filter!]")},
		{name: "req", typ: parseType("Int!")},
		{name: "mode", typ: parseType("Mode")},
		{name: "ids", typ: parseType("[ID!]")},
		{name: "blob", typ: parseType("Blob")},
		{name: "dir", typ: parseType("Filter"), def: `{ text: "d", inner: { n: 1 } }`},
	}
	x.args = some(f.r, all, 1+f.r.IntN(3))
	fed2 := slices.DeleteFunc(slices.Clone(f.subs), func(s *sub) bool { return s.fed1 || x.in[s] == nil })
	switch {
	case len(x.in) > 1 && f.r.chance(30): // what only one subgraph has is not merged
		x.args = append(x.args, &arg{name: "extra", typ: parseType("String"), only: pick(f.r, slices.DeleteFunc(slices.Clone(f.subs), func(s *sub) bool { return x.in[s] == nil }))})
	case len(fed2) == len(x.in) && len(fed2) > 0 && f.r.chance(20):
		x.args = append(x.args, &arg{name: "hush", typ: parseType("Int"), hidden: true})
	}
}

// fields gives the entities fields with leaf types.
func (f *federation) fields() {
	for _, t := range f.with(isEntity) {
		places := f.places(t)
		for k := range 3 + f.r.IntN(4) {
			in := some(f.r, places, 1)
			if f.r.chance(30) {
				in = some(f.r, slices.DeleteFunc(slices.Clone(places), func(s *sub) bool { return s == t.leaf }), 2)
			}
			f.leaf(t, fmt.Sprintf("f%d", k), in)
		}
	}
}

// links adds fields that lead from type to type.
func (f *federation) links() {
	n := 0
	for _, t := range f.with(func(t *typ) bool { return t.entity || isValue(t) && !t.hidden }) {
		for range 1 + f.r.IntN(3) {
			to := pick(f.r, f.targets(t))
			places := slices.DeleteFunc(f.places(t), func(s *sub) bool { return to.in[s] == nil })
			whole := isValue(t)
			switch {
			case to.split: // where its fields are; all of them can be had from the parent
				if len(places) != len(f.places(to)) || whole && (!t.split || len(f.places(t)) != len(places)) {
					continue
				}
			case whole && !t.split:
				if len(places) != len(f.places(t)) {
					continue
				}
			default:
				if f.r.chance(30) {
					places = slices.DeleteFunc(places, func(s *sub) bool { return s == t.leaf })
				}
				places = some(f.r, places, 1+f.r.IntN(4)/3)
				if len(places) > 1 && slices.Contains(places, t.leaf) {
					places = []*sub{t.leaf}
				}
			}
			if len(places) == 0 {
				continue
			}
			x := t.field(fmt.Sprintf("l%d", n), f.wrap(to.name), to, places...)
			n++
			if f.agree(t, x); len(x.in) == 0 {
				continue
			}
			if t.entity && f.r.chance(6) { // back to the root
				root := f.byName["Query"]
				in := some(f.r, f.places(t), 1+f.r.IntN(2))
				for _, s := range in {
					root.put(s)
				}
				t.field(fmt.Sprintf("root%d", n), f.wrap("Query"), root, in...)
			}
			if f.r.chance(15) {
				f.arguments(x)
			}
		}
	}
}
