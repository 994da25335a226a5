package generate

import (
	"fmt"
	"slices"
)

// placeFields gives every entity fields, each owned by one subgraph or shared by several.
func (w *world) placeFields() {
	for _, e := range w.entities {
		for i := range w.r.Between(1, 5) {
			owners := []*Subgraph{pick(w.r, w.set.Subgraphs)}
			if w.r.Chance(20) {
				owners = some(w.r, w.set.Subgraphs)
			}
			w.place(owners, e, w.field(fmt.Sprintf("f%d", i)))
		}
	}
}

// field makes a field with arguments and any type.
func (w *world) field(name string) *Field {
	f := &Field{Name: name, Type: w.leaf()}
	composites := slices.Concat(w.entities, w.values, w.interfaces, w.unions)
	if w.r.Chance(45) {
		f.Type = pick(w.r, composites)
	}
	switch w.r.IntN(8) {
	case 0:
		f.Type = "[" + f.Type + "]"
	case 1:
		f.Type = "[" + f.Type + "]!"
	}
	if w.r.Chance(25) {
		for a := range w.r.Between(1, 3) {
			f.Args = append(f.Args, w.input(fmt.Sprintf("a%d", a)))
		}
	}
	return f
}

// place adds the field to the type in each of the subgraphs.
func (w *world) place(owners []*Subgraph, typ string, f *Field) {
	for _, sub := range owners {
		c := cloneFields([]*Field{f})[0]
		t := w.need(sub, typ)
		if len(owners) > 1 {
			share(sub, t, c)
		}
		t.Fields = append(t.Fields, c)
		w.need(sub, f.Type)
		for _, a := range f.Args {
			w.need(sub, a.Type)
		}
	}
}

func (w *world) rootType(sub *Subgraph, name string) *Type {
	t := sub.Type(name)
	if t == nil {
		t = &Type{Kind: "type", Name: name}
		sub.Types = append(sub.Types, t)
	}
	return t
}

// queries gives every subgraph root fields, so that each of its types is reached.
func (w *world) queries() {
	for _, sub := range w.set.Subgraphs {
		query := w.rootType(sub, "Query")
		for _, t := range slices.Clone(sub.Types) {
			if slices.Contains([]string{"type", "interface", "union"}, t.Kind) && t != query && w.r.Chance(60) {
				query.Fields = append(query.Fields, &Field{Name: "get" + t.Name + "From" + sub.Name, Type: t.Name})
			}
		}
		for i := range w.r.Between(0, 2) {
			f := w.field(fmt.Sprintf("q%d%s", i, sub.Name))
			w.need(sub, f.Type)
			for _, a := range f.Args {
				w.need(sub, a.Type)
			}
			query.Fields = append(query.Fields, f)
		}
		if len(query.Fields) == 0 {
			query.Fields = append(query.Fields, &Field{Name: "ping" + sub.Name, Type: "Int"})
		}
		for _, root := range []string{"Mutation", "Subscription"} {
			if w.r.Chance(15) {
				f := &Field{Name: "do" + root + sub.Name, Type: w.leaf()}
				if root == "Mutation" && w.r.Chance(50) {
					f.Type = pick(w.r, w.entities)
				}
				w.need(sub, f.Type)
				t := w.rootType(sub, root)
				t.Fields = append(t.Fields, f)
			}
		}
	}
	if w.r.Chance(20) {
		w.place(some(w.r, w.set.Subgraphs), "Query", &Field{Name: "shared", Type: w.leaf()})
	}
}

// others are the subgraphs but one.
func (w *world) others(than *Subgraph) []*Subgraph {
	return slices.DeleteFunc(slices.Clone(w.set.Subgraphs), func(s *Subgraph) bool { return s == than })
}

// requirements adds fields that need another subgraph's fields.
func (w *world) requirements() {
	for i := range w.r.IntN(3) {
		owner := pick(w.r, w.set.Subgraphs)
		user := pick(w.r, w.others(owner))
		if user == nil {
			return
		}
		e := pick(w.r, w.entities)
		name := fmt.Sprintf("need%d", i)
		required := &Field{Name: name, Type: w.leaf()}
		set := name
		switch w.r.IntN(6) {
		case 0:
			required.Args, set = []*Field{{Name: "x", Type: "Int"}}, name+"(x: 3)"
		case 1:
			if v := pick(w.r, w.values); v != "" {
				required.Type, set = v, name+" { v0 }"
			}
		case 2:
			if u := pick(w.r, w.unions); u != "" {
				required.Type, set = u, name+" { ... on "+w.types[u].Members[0]+" { __typename } }"
			}
		}
		t := w.need(user, e)
		w.place([]*Subgraph{owner}, e, required)
		external := cloneFields([]*Field{required})[0]
		external.Add("external", "")
		w.need(user, required.Type)
		reader := &Field{Name: "reader" + fmt.Sprint(i), Type: "Int"}
		reader.Add("requires", `fields: "`+set+`"`)
		if user.Minor == Fed1 {
			t.Extend = len(w.owners(e)) > 1 && w.r.Chance(50)
		}
		t.Fields = append(t.Fields, external, reader)
	}
}

func (w *world) owners(typ string) []*Subgraph {
	var out []*Subgraph
	for _, s := range w.set.Subgraphs {
		if t := s.Type(typ); t != nil && !t.Extend {
			out = append(out, s)
		}
	}
	return out
}

// provisions adds root fields that answer another subgraph's fields themselves.
func (w *world) provisions() {
	for i := range w.r.IntN(3) {
		owner := pick(w.r, w.set.Subgraphs)
		user := pick(w.r, w.others(owner))
		if user == nil {
			return
		}
		e := pick(w.r, w.entities)
		name := fmt.Sprintf("given%d", i)
		given := &Field{Name: name, Type: w.leaf()}
		set := name
		if v := pick(w.r, w.values); v != "" && w.r.Chance(30) {
			given.Type, set = v, name+" { v0 }"
		}
		w.need(user, e)
		w.need(user, given.Type)
		w.place([]*Subgraph{owner}, e, given)
		share(owner, owner.Type(e), owner.Type(e).Field(name))
		t := user.Type(e)
		external := &Field{Name: name, Type: given.Type}
		external.Add("external", "")
		t.Fields = append(t.Fields, external)
		query := w.rootType(user, "Query")
		f := &Field{Name: "provide" + fmt.Sprint(i), Type: e}
		if w.r.Chance(30) {
			f.Type = "[" + e + "!]"
		}
		f.Add("provides", `fields: "`+set+`"`)
		query.Fields = append(query.Fields, f)
	}
}
