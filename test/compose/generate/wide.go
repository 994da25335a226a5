package generate

import "fmt"

// Wide makes a valid set of many subgraphs with some 40 types each, as large organisations have: entities of their own with
// links among them and to the next subgraph's, fields added to entities of the three subgraphs before, two entities that
// all know, and value types, enums, an interface and a union that they share.
func Wide(subgraphs int) *Set {
	s := &Set{}
	for i := range subgraphs {
		w := &wide{sub: &Subgraph{Name: fmt.Sprintf("s%03d", i), Minor: 9, Spelling: map[string]string{}, Roots: map[string]string{}}, at: i, of: subgraphs}
		w.shared()
		query := &Type{Kind: "type", Name: "Query"}
		for j := range 24 {
			w.own(j)
			if j%4 == 0 {
				query.Fields = append(query.Fields, &Field{Name: fmt.Sprintf("s%de%d", i, j), Type: w.entity(i, j), Args: []*Field{{Name: "id", Type: "ID!"}}})
			}
		}
		for j := range 8 {
			w.added(j)
		}
		w.sub.Types = append(w.sub.Types, query)
		s.Subgraphs = append(s.Subgraphs, w.sub)
	}
	return s
}

// wide makes one subgraph.
type wide struct {
	sub    *Subgraph
	at, of int
}

func (w *wide) entity(subgraph, n int) string { return fmt.Sprintf("S%dE%d", subgraph%w.of, n) }

func (w *wide) add(kind, name string, fields ...*Field) *Type {
	t := &Type{Kind: kind, Name: name, Fields: fields}
	w.sub.Types = append(w.sub.Types, t)
	return t
}

func leaf(name, typ string) *Field { return &Field{Name: name, Type: typ} }

// own makes an entity of the subgraph's own, which links to the next one here and to one of the next subgraph.
func (w *wide) own(n int) {
	t := w.add("type", w.entity(w.at, n), leaf("id", "ID!"), leaf("name", "String!"), leaf("count", "Int"), leaf("at", "String"),
		leaf("price", "Money"), leaf("state", "State!"), leaf("next", w.entity(w.at, (n+1)%24)), leaf("owner", "User"),
		&Field{Name: "list", Type: "[" + w.entity(w.at, (n+5)%24) + "!]!", Args: []*Field{leaf("first", "Int"), leaf("filter", "Filter")}})
	t.Add("key", `fields: "id"`)
	if n < 8 && w.of > 1 {
		t.Fields = append(t.Fields, leaf("link", w.entity(w.at+1, n)))
		w.reference(w.entity(w.at+1, n))
	}
	if n < 4 {
		t.Implements = []string{"Node"}
	}
}

// reference makes the stub of an entity that is only linked to.
func (w *wide) reference(name string) {
	if w.sub.Type(name) == nil {
		w.add("type", name, leaf("id", "ID!")).Add("key", `fields: "id", resolvable: false`)
	}
}

// added makes a field of an entity that an earlier subgraph owns.
func (w *wide) added(n int) {
	owner := w.at - 1 - n%3
	if owner < 0 {
		owner += w.of
	}
	name := w.entity(owner, 8+n)
	if w.sub.Type(name) != nil || w.of == 1 {
		return
	}
	f := leaf(fmt.Sprintf("from%d", w.at), "Int")
	t := w.add("type", name, leaf("id", "ID!"), f)
	t.Add("key", `fields: "id"`)
	if n%4 == 0 {
		count := leaf("count", "Int")
		count.Add("external", "")
		f.Add("requires", `fields: "count"`)
		t.Fields = append(t.Fields, count)
	}
}

// shared makes what all subgraphs have.
func (w *wide) shared() {
	for _, t := range []*Type{
		w.add("type", "Money", leaf("amount", "Int!"), leaf("currency", "String!")),
		w.add("type", "Page", leaf("next", "String"), leaf("more", "Boolean!")),
	} {
		t.Add("shareable", "")
	}
	w.add("enum", "State", &Field{Name: "ON"}, &Field{Name: "OFF"})
	w.add("input", "Filter", leaf("text", "String"), leaf("state", "State"))
	w.add("interface", "Node", leaf("id", "ID!"), leaf("name", "String!"))
	for _, name := range []string{"User", "Tenant"} {
		w.add("type", name, leaf("id", "ID!"), leaf(fmt.Sprintf("own%d", w.at), w.entity(w.at, 0)), leaf(fmt.Sprintf("n%d", w.at), "Int")).Add("key", `fields: "id"`)
	}
}
