package generate

import (
	"fmt"
	"slices"
	"strings"
)

// Ways makes a set that merges but for bad luck, in which the ways from subgraph to subgraph are left to chance: whether
// everything can be reached is the question.
func Ways(r Random) *Set {
	w := &ways{r: r, set: &Set{}, dense: pick(r, []int{35, 70, 85, 93, 97, 99})}
	for i := range r.Between(2, 4) {
		w.set.Subgraphs = append(w.set.Subgraphs, &Subgraph{Name: string(rune('a' + i)), Minor: 9, Spelling: map[string]string{}, Roots: map[string]string{}})
	}
	w.model()
	for _, sub := range w.set.Subgraphs {
		w.place(sub)
	}
	w.standIn()
	for range w.r.IntN(4) {
		w.requirement()
	}
	for range w.r.IntN(3) {
		w.provision()
	}
	for range w.r.IntN(3) {
		w.override()
	}
	if r.Chance(15) {
		w.context()
	}
	w.roots()
	return w.set
}

type ways struct {
	r     Random
	dense int // chance in a hundred that a subgraph has a field, or an entity its id as key
	set   *Set
	types []*Type // the whole of each object type
	item  *Type   // interface
	any   *Type   // union
}

// model makes three entities with an interface and a union of them, and two value types.
func (w *ways) model() {
	names := []string{"E0", "E1", "E2", "V0", "V1"}
	for _, name := range names {
		t := &Type{Kind: "type", Name: name}
		for _, leaf := range []string{"id", "k", "x", "y", "z"} {
			t.Fields = append(t.Fields, &Field{Name: leaf, Type: "Int"})
		}
		for i, to := range []string{pick(w.r, names), pick(w.r, names), "Item", "Any", "Query"} {
			if w.r.Chance([]int{90, 50, 30, 20, 5}[i]) {
				if w.r.Chance(25) {
					to = "[" + to + "]"
				}
				t.Fields = append(t.Fields, &Field{Name: fmt.Sprintf("o%d", i), Type: to})
			}
		}
		w.types = append(w.types, t)
	}
	w.item = &Type{Kind: "interface", Name: "Item", Fields: []*Field{{Name: "id", Type: "Int"}, {Name: "x", Type: "Int"}}}
	w.any = &Type{Kind: "union", Name: "Any"}
	for _, t := range w.types[:4] {
		if w.r.Chance(60) {
			t.Implements = []string{"Item"}
		}
		if w.r.Chance(50) {
			w.any.Members = append(w.any.Members, t.Name)
		}
	}
	if len(w.any.Members) == 0 {
		w.any.Members = []string{"E0"}
	}
}

func (w *ways) whole(name string) *Type {
	i := slices.IndexFunc(w.types, func(t *Type) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return w.types[i]
}

// place gives a subgraph some types with some fields and keys.
func (w *ways) place(sub *Subgraph) {
	for _, t := range w.types {
		if !w.r.Chance(65) {
			continue
		}
		for _, f := range t.Fields {
			if w.r.Chance(w.dense) {
				w.field(sub, t.Name, f.Name)
			}
		}
		if strings.HasPrefix(t.Name, "E") {
			if w.r.Chance(w.dense) {
				w.field(sub, t.Name, "id")
				sub.Type(t.Name).Add("key", `fields: "id"`)
			}
			for range w.r.IntN(3) {
				w.key(sub, t.Name)
			}
		}
	}
}

// declare returns the subgraph's own part of the type, and makes it if need be.
func (w *ways) declare(sub *Subgraph, name string) *Type {
	if t := sub.Type(name); t != nil {
		return t
	}
	t := &Type{Kind: "type", Name: name}
	sub.Types = append(sub.Types, t)
	switch name {
	case "Query":
		w.root(sub, t)
	case "Item":
		t.Kind = "interface"
		t.Fields = []*Field{{Name: "id", Type: "Int"}}
		for _, whole := range w.types {
			if len(whole.Implements) > 0 && (w.r.Chance(50) || sub.Type(whole.Name) != nil) {
				w.implement(sub, whole.Name)
			}
		}
	case "Any":
		t.Kind = "union"
		t.Members = some(w.r, w.any.Members)
		for _, m := range t.Members {
			w.declare(sub, m)
		}
	default:
		w.field(sub, name, pick(w.r, []string{"id", "k", "x"}))
		if strings.HasPrefix(name, "V") {
			for _, f := range w.whole(name).Fields {
				if w.r.Chance(w.dense) {
					w.field(sub, name, f.Name)
				}
			}
		} else if w.r.Chance(w.dense) && !slices.Contains(t.Directives, D("key", `fields: "id"`)) {
			w.field(sub, name, "id")
			sub.Type(name).Add("key", `fields: "id"`)
		}
		if len(w.whole(name).Implements) > 0 && sub.Type("Item") != nil && sub.Type("Item").Kind == "interface" {
			w.implement(sub, name)
		}
	}
	return t
}

func (w *ways) implement(sub *Subgraph, name string) {
	t := w.declare(sub, name)
	for _, f := range sub.Type("Item").Fields {
		w.field(sub, name, f.Name)
	}
	if len(t.Implements) == 0 {
		t.Implements = []string{"Item"}
	}
}

// field gives the subgraph's type a field of the whole, with what it leads to.
func (w *ways) field(sub *Subgraph, typeName, name string) *Field {
	t := sub.Type(typeName)
	if t == nil {
		t = &Type{Kind: "type", Name: typeName}
		sub.Types = append(sub.Types, t)
		defer w.declare(sub, typeName)
		if len(w.whole(typeName).Implements) > 0 && sub.Type("Item") != nil && sub.Type("Item").Kind == "interface" {
			defer w.implement(sub, typeName)
		}
	}
	if f := t.Field(name); f != nil {
		return f
	}
	whole := w.whole(typeName).Field(name)
	f := &Field{Name: name, Type: whole.Type}
	f.Add("shareable", "")
	t.Fields = append(t.Fields, f)
	if to := strings.Trim(whole.Type, "[]"); to != "Int" {
		w.declare(sub, to)
	}
	return f
}

// key adds a key, with the fields that it needs.
func (w *ways) key(sub *Subgraph, typeName string) {
	if set := w.fieldSet(sub, typeName, 30); set != "" {
		args := fmt.Sprintf("fields: %q", set)
		if w.r.Chance(15) {
			args += ", resolvable: false"
		}
		sub.Type(typeName).Add("key", args)
	}
}

// fieldSet selects fields that the subgraph gets if it does not have them: leaves, and with the chance given leaves of
// objects.
func (w *ways) fieldSet(sub *Subgraph, typeName string, deep int) string {
	set := pick(w.r, []string{"id", "id", "id", "k", "x", "id k"})
	for name := range strings.FieldsSeq(set) {
		w.field(sub, typeName, name)
	}
	if !w.r.Chance(deep) {
		return set
	}
	for _, f := range w.whole(typeName).Fields {
		to := strings.Trim(f.Type, "[]")
		if w.whole(to) == nil || !w.r.Chance(50) {
			continue
		}
		w.field(sub, typeName, f.Name)
		below := f.Name + " { " + w.fieldSet(sub, to, deep/2) + " }"
		if w.r.Chance(60) {
			return below
		}
		return set + " " + below
	}
	return set
}

// standIn turns the interface into an interface object in one subgraph.
func (w *ways) standIn() {
	if !w.r.Chance(25) {
		return
	}
	sub := pick(w.r, w.set.Subgraphs)
	if sub.Type("Item") != nil || slices.ContainsFunc(sub.Types, func(t *Type) bool { return w.whole(t.Name) != nil && len(w.whole(t.Name).Implements) > 0 }) {
		return
	}
	t := &Type{Kind: "type", Name: "Item", Fields: []*Field{{Name: "id", Type: "Int"}, {Name: "s", Type: "Int"}}}
	t.Add("interfaceObject", "")
	t.Add("key", `fields: "id"`)
	sub.Types = append(sub.Types, t)
	for _, other := range w.set.Subgraphs {
		item := other.Type("Item")
		if item == nil || item == t || item.Kind != "interface" || !w.r.Chance(80) {
			continue
		}
		resolvable := ""
		if w.r.Chance(20) {
			resolvable = ", resolvable: false"
		}
		item.Add("key", `fields: "id"`+resolvable)
		for _, whole := range w.types {
			if len(whole.Implements) > 0 {
				w.implement(other, whole.Name)
				if impl := other.Type(whole.Name); !slices.Contains(impl.Directives, D("key", `fields: "id"`)) {
					impl.Add("key", `fields: "id"`)
				}
			}
		}
	}
	if w.r.Chance(50) {
		for range 2 {
			w.field(sub, pick(w.r, []string{"E2", "V1"}), "z")
		}
	}
}

// entity picks a subgraph and an entity there.
func (w *ways) entity() (*Subgraph, *Type) {
	sub := pick(w.r, w.set.Subgraphs)
	return sub, sub.Type(pick(w.r, []string{"E0", "E1", "E2"}))
}

// requirement makes a field that requires external ones.
func (w *ways) requirement() {
	sub, t := w.entity()
	if t == nil {
		return
	}
	set := w.external(sub, t, 40)
	if set == "" {
		return
	}
	f := &Field{Name: fmt.Sprintf("r%d%s", len(t.Fields), sub.Name), Type: "Int"}
	f.Add("requires", fmt.Sprintf("fields: %q", set))
	t.Fields = append(t.Fields, f)
}

// external marks a field of the type as external and selects it, or leaves below it.
func (w *ways) external(sub *Subgraph, t *Type, deep int) string {
	for _, f := range w.whole(t.Name).Fields {
		to := strings.Trim(f.Type, "[]")
		composite := w.whole(to) != nil
		if !w.r.Chance(25) || composite && !w.r.Chance(deep) || !composite && to != "Int" || w.keyed(t, f.Name) {
			continue
		}
		if !slices.ContainsFunc(w.set.Subgraphs, func(other *Subgraph) bool {
			theirs := other.Type(t.Name).Field(f.Name)
			return other != sub && theirs != nil && !theirs.Has("external")
		}) {
			continue
		}
		own := w.field(sub, t.Name, f.Name)
		if !own.Has("external") {
			own.Directives = []Directive{D("external", "")}
		}
		if composite {
			return f.Name + " { " + w.fieldSet(sub, to, 20) + " }"
		}
		return f.Name
	}
	return ""
}

func (w *ways) keyed(t *Type, field string) bool {
	return slices.ContainsFunc(t.Directives, func(d Directive) bool { return d.Name == "key" && strings.Contains(d.Args, field) })
}

// provision lets a field provide an external one.
func (w *ways) provision() {
	sub := pick(w.r, w.set.Subgraphs)
	for _, t := range slices.Clone(sub.Types) {
		for _, f := range slices.Clone(t.Fields) {
			to := sub.Type(strings.Trim(f.Type, "[]"))
			if t.Kind != "type" || to == nil || w.whole(to.Name) == nil || f.Has("external") || f.Has("provides") || !w.r.Chance(30) {
				continue
			}
			if set := w.external(sub, to, 30); set != "" {
				f.Add("provides", fmt.Sprintf("fields: %q", set))
				return
			}
		}
	}
}

// override moves a field from one subgraph to another.
func (w *ways) override() {
	sub, t := w.entity()
	from := pick(w.r, w.set.Subgraphs)
	if t == nil || from == sub || from.Type(t.Name) == nil {
		return
	}
	for _, f := range t.Fields {
		other := from.Type(t.Name).Field(f.Name)
		if other == nil || f.Has("external") || f.Has("override") || other.Has("override") || other.Has("requires") || other.Has("provides") || !w.r.Chance(40) {
			continue
		}
		args := fmt.Sprintf("from: %q", from.Name)
		if w.r.Chance(50) {
			args += fmt.Sprintf(", label: %q", pick(w.r, []string{"m", "n"}))
		}
		f.Add("override", args)
		return
	}
}

// context lets a field of an entity read a value from above.
func (w *ways) context() {
	sub, t := w.entity()
	if t == nil {
		return
	}
	for _, from := range sub.Types {
		if w.whole(from.Name) == nil || from == t || !w.r.Chance(50) {
			continue
		}
		w.field(sub, from.Name, "y")
		from.Add("context", `name: "c"`)
		arg := &Field{Name: "a", Type: "Int"}
		arg.Add("fromContext", `field: "$c { y }"`)
		t.Fields = append(t.Fields, &Field{Name: "c", Type: "Int", Args: []*Field{arg}})
		return
	}
}

// roots makes fields of the query root, and sometimes of the mutation root.
func (w *ways) roots() {
	for i, sub := range w.set.Subgraphs {
		if i == 0 || w.r.Chance(70) {
			w.declare(sub, "Query")
		}
		if !w.r.Chance(15) {
			continue
		}
		if t := w.anything(sub); t != "" {
			m := &Type{Kind: "type", Name: "Mutation"}
			f := &Field{Name: "do" + t, Type: t}
			f.Add("shareable", "")
			m.Fields = append(m.Fields, f)
			sub.Types = append(sub.Types, m)
		}
	}
}

func (w *ways) root(sub *Subgraph, query *Type) {
	for range w.r.Between(1, 3) {
		t := w.anything(sub)
		name := strings.ToLower(t)
		if t == "" {
			t, name = "Int", "n"
		}
		if w.r.Chance(60) {
			name += sub.Name
		}
		if query.Field(name) == nil {
			f := &Field{Name: name, Type: t}
			f.Add("shareable", "")
			query.Fields = append(query.Fields, f)
		}
	}
}

// anything names a type of objects that the subgraph declares.
func (w *ways) anything(sub *Subgraph) string {
	var names []string
	for _, t := range sub.Types {
		if t.Name != "Query" && t.Name != "Mutation" {
			names = append(names, t.Name)
		}
	}
	return pick(w.r, names)
}
