package generate

import (
	"fmt"
	"slices"
	"strings"
)

// world is what all subgraphs of a set agree upon, and the set as far as it is made.
type world struct {
	r          Random
	set        *Set
	leaves     []string // scalars and enums that fields return
	inputs     []string // types of arguments
	values     []string // value types; each mentions only those before it
	entities   []string
	interfaces []string
	unions     []string
	types      map[string]*Type       // the whole of each type that every subgraph declares alike; of an entity its keys
	keys       map[string][]Directive // of each entity
	members    map[string][]string    // implementations of each interface
	keyed      map[string]bool        // interfaces with a key
}

// minors are the versions that a subgraph may have, new ones more often.
var minors = []int{Fed1, Fed1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 9, 10, 11, 12, 13, 14}

// Base makes a set that is valid by construction.
func Base(r Random) *Set {
	w := &world{
		r: r, set: &Set{}, types: map[string]*Type{}, keys: map[string][]Directive{}, members: map[string][]string{}, keyed: map[string]bool{},
		leaves: []string{"Int", "String", "ID", "Boolean", "Float"}, inputs: []string{"Int", "String", "ID", "[Int!]"},
	}
	same, all := r.Chance(25), pick(r, minors)
	for i := range r.Between(1, 4) + r.IntN(2) {
		sub := &Subgraph{Name: string(rune('a' + i)), Minor: all, Spelling: map[string]string{}, Roots: map[string]string{}}
		if !same {
			sub.Minor = pick(r, minors)
		}
		w.set.Subgraphs = append(w.set.Subgraphs, sub)
	}
	w.declareLeaves()
	w.declareComposites()
	w.placeFields()
	w.queries()
	w.requirements()
	w.provisions()
	w.decorate()
	w.spell()
	return w.set
}

func (w *world) declareLeaves() {
	for i := range w.r.IntN(3) {
		name := fmt.Sprintf("Scalar%d", i)
		t := &Type{Kind: "scalar", Name: name}
		if w.r.Chance(30) {
			t.Add("specifiedBy", `url: "https://specs.example.com/`+name+`"`)
		}
		w.types[name] = t
		w.leaves, w.inputs = append(w.leaves, name), append(w.inputs, name)
	}
	for i := range w.r.IntN(4) {
		name := fmt.Sprintf("Enum%d", i)
		t := &Type{Kind: "enum", Name: name}
		for v := range w.r.Between(2, 4) {
			t.Fields = append(t.Fields, &Field{Name: fmt.Sprintf("V%d", v)})
		}
		w.types[name] = t
		if w.r.Chance(70) {
			w.leaves = append(w.leaves, name)
		}
		if w.r.Chance(60) {
			w.inputs = append(w.inputs, name)
		}
	}
	for i := range w.r.IntN(3) {
		name := fmt.Sprintf("Input%d", i)
		t := &Type{Kind: "input", Name: name}
		for f := range w.r.Between(1, 4) {
			t.Fields = append(t.Fields, w.input(fmt.Sprintf("i%d", f)))
		}
		if w.r.Chance(10) {
			for _, f := range t.Fields {
				f.Type, f.Default = strings.TrimSuffix(f.Type, "!"), ""
			}
			t.Add("oneOf", "")
		}
		w.types[name] = t
		w.inputs = append(w.inputs, name)
	}
}

// input makes an argument or input field.
func (w *world) input(name string) *Field {
	f := &Field{Name: name, Type: pick(w.r, w.inputs)}
	if w.r.Chance(30) {
		f.Default = w.value(f.Type)
	}
	if w.r.Chance(25) {
		f.Type += "!"
	}
	return f
}

// value writes a literal of the type, or "" when there is none at hand.
func (w *world) value(of string) string {
	switch of = strings.TrimSuffix(of, "!"); of {
	case "Int":
		return fmt.Sprint(w.r.IntN(5))
	case "Float":
		return fmt.Sprintf("%d.5", w.r.IntN(5))
	case "String", "ID":
		return fmt.Sprintf("%q", string(rune('p'+w.r.IntN(3))))
	case "Boolean":
		return "true"
	case "[Int!]":
		return "[1, 2]"
	}
	if t := w.types[of]; t != nil && t.Kind == "enum" {
		return pick(w.r, t.Fields).Name
	}
	return ""
}

func (w *world) leaf() string {
	name := pick(w.r, w.leaves)
	if w.r.Chance(30) {
		name += "!"
	}
	return name
}

func (w *world) declareComposites() {
	for i := range w.r.IntN(4) {
		name := fmt.Sprintf("Value%d", i)
		t := &Type{Kind: "type", Name: name}
		for f := range w.r.Between(1, 4) {
			t.Fields = append(t.Fields, &Field{Name: fmt.Sprintf("v%d", f), Type: w.leaf()})
		}
		if len(w.values) > 0 && w.r.Chance(40) {
			t.Fields = append(t.Fields, &Field{Name: "inner", Type: pick(w.r, w.values)})
		}
		w.types[name] = t
		w.values = append(w.values, name)
	}
	for i := range w.r.Between(1, 4) {
		name := fmt.Sprintf("Entity%d", i)
		w.types[name] = &Type{Kind: "type", Name: name, Fields: []*Field{{Name: "id", Type: "ID!"}}}
		w.keys[name] = []Directive{D("key", `fields: "id"`)}
		switch w.r.IntN(6) {
		case 0:
			w.keys[name][0] = D("key", `fields: "id sku"`)
			w.types[name].Fields = append(w.types[name].Fields, &Field{Name: "sku", Type: "String"})
		case 1:
			w.keys[name] = append(w.keys[name], D("key", `fields: "code"`))
			w.types[name].Fields = append(w.types[name].Fields, &Field{Name: "code", Type: "Int"})
		case 2:
			if v := pick(w.r, w.values); v != "" {
				w.keys[name] = append(w.keys[name], D("key", `fields: "id part { v0 }"`))
				w.types[name].Fields = append(w.types[name].Fields, &Field{Name: "part", Type: v + "!"})
			}
		}
		w.entities = append(w.entities, name)
	}
	for i := range w.r.IntN(3) {
		name := fmt.Sprintf("Interface%d", i)
		t := &Type{Kind: "interface", Name: name}
		byID := slices.DeleteFunc(slices.Clone(w.entities), func(e string) bool { return w.keys[e][0].Args != `fields: "id"` })
		if w.keyed[name] = len(byID) > 0 && w.r.Chance(50); w.keyed[name] {
			t.Fields = []*Field{{Name: "id", Type: "ID!"}}
			w.members[name] = some(w.r, byID)
		} else {
			w.members[name] = some(w.r, append(slices.Clone(w.entities), w.values...))
		}
		if len(t.Fields) == 0 || w.r.Chance(50) {
			t.Fields = append(t.Fields, &Field{Name: "common" + fmt.Sprint(i), Type: w.leaf()})
		}
		w.types[name] = t
		w.interfaces = append(w.interfaces, name)
	}
	for i := range w.r.IntN(2) {
		name := fmt.Sprintf("Union%d", i)
		w.types[name] = &Type{Kind: "union", Name: name, Members: some(w.r, append(slices.Clone(w.entities), w.values...))}
		w.unions = append(w.unions, name)
	}
}

// oneOf defines the directive, which the reference composer does not know by itself.
const oneOf = "directive @oneOf on INPUT_OBJECT"

func base(typ string) string { return strings.Trim(typ, "[]!") }

// need declares the type in the subgraph, with all that it mentions.
func (w *world) need(sub *Subgraph, typ string) *Type {
	name := base(typ)
	if t := sub.Type(name); t != nil {
		return t
	}
	whole := w.types[name]
	if whole == nil {
		return nil // built in
	}
	t := whole.clone()
	sub.Types = append(sub.Types, t)
	if t.Has("oneOf") && !slices.Contains(sub.Directives, oneOf) {
		sub.Directives = append(sub.Directives, oneOf)
	}
	if keys := w.keys[name]; keys != nil {
		t.Directives = append(t.Directives, keys...)
		if len(keys) > 1 && w.r.Chance(40) {
			t.Directives = t.Directives[:1]
			for _, f := range t.Fields[1:] {
				share(sub, t, f)
			}
		}
	} else if t.Kind == "type" && sub.Has("shareable") {
		t.Add("shareable", "")
	}
	for _, f := range t.Fields {
		w.need(sub, f.Type)
	}
	for _, m := range t.Members {
		w.need(sub, m)
	}
	for _, m := range w.members[name] {
		w.implement(sub, w.need(sub, m), t)
	}
	if w.keyed[name] && sub.Minor >= 3 && w.members[name] != nil {
		t.Add("key", `fields: "id"`)
		for _, m := range t.Members {
			w.need(sub, m)
		}
	}
	return t
}

// share lets other subgraphs resolve the field too.
func share(sub *Subgraph, t *Type, f *Field) {
	if sub.Has("shareable") && !t.Has("shareable") && !f.Has("shareable") {
		f.Directives = append(slices.Clone(f.Directives), D("shareable", ""))
	}
}

// implement adds the interface and its fields to an object type.
func (w *world) implement(sub *Subgraph, t, itf *Type) {
	t.Implements = append(t.Implements, itf.Name)
	for _, f := range itf.Fields {
		if t.Field(f.Name) != nil {
			continue
		}
		c := *f
		share(sub, t, &c)
		t.Fields = append(t.Fields, &c)
		if w.keys[t.Name] == nil { // a value type has the field everywhere
			for _, other := range w.set.Subgraphs {
				if o := other.Type(t.Name); o != nil && o.Field(f.Name) == nil {
					added := *f
					share(other, o, &added)
					o.Fields = append(o.Fields, &added)
				}
			}
			whole := w.types[t.Name]
			if whole.Field(f.Name) == nil {
				whole.Fields = append(whole.Fields, &Field{Name: f.Name, Type: f.Type})
			}
		}
	}
}
