package generate

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

// instances is how many objects of a type there are.
const instances = 4

// data makes the objects.
func (f *federation) data() *world.World {
	w := &world.World{Objects: []world.Object{{Type: "Query"}, {Type: "Mutation"}}, Absent: map[string][]int{}}
	first := map[*typ]int{f.byName["Query"]: 0, f.byName["Mutation"]: 1}
	count := map[*typ]int{f.byName["Query"]: 1, f.byName["Mutation"]: 1}
	objects := f.with(func(t *typ) bool { return t.kind == ast.Object })
	for _, t := range objects {
		if count[t] > 0 {
			continue
		}
		first[t], count[t] = len(w.Objects), instances
		for range instances {
			w.Objects = append(w.Objects, world.Object{Type: t.name})
		}
	}
	d := &data{federation: f, w: w, first: first, count: count, missing: map[string]bool{}, schema: gqlparser.MustLoadSchema(&ast.Source{Input: f.merged(true)})}
	for _, t := range objects {
		for i := range count[t] {
			o := &w.Objects[first[t]+i]
			o.Fields = map[string]world.Value{}
			for _, x := range t.fields {
				o.Fields[x.name] = d.value(t, x, i)
			}
		}
	}
	d.absences()
	d.settleRequirements()
	w.Contexts = d.contextsOf()
	text, err := json.Marshal(w)
	if err != nil {
		panic(err)
	}
	out := &world.World{}
	if err := json.Unmarshal(text, out); err != nil { // as the oracle reads it
		panic(err)
	}
	return out
}

// data makes values.
type data struct {
	*federation
	w       *world.World
	first   map[*typ]int // number of the type's first object
	count   map[*typ]int
	missing map[string]bool // fields that an object lacks since no subgraph finds it, "number field"
	// schema is the whole merged schema.
	schema *ast.Schema
}

func (d *data) value(t *typ, x *fld, i int) world.Value {
	if x.key {
		return d.keyValue(t, x, i)
	}
	if x.broken && (!t.entity || d.r.chance(50)) {
		return world.Error("it is broken")
	}
	m := &maker{data: d, x: x, pool: d.pool(x), fails: d.mayFail(x) && !t.hidden}
	if hidden := d.hiddenOf(m.pool); t.hidden && len(hidden) > 0 { // what fails below an object that clients do not see cannot be told from what fails at its place
		m.pool = hidden
	}
	if len(x.args) == 0 {
		return m.value(x.typ, 0)
	}
	m.arguments = true
	var alt world.Alt
	for range 3 + d.r.IntN(3) {
		alt = append(alt, m.value(x.typ, 0))
	}
	return alt
}

// hiddenOf lists those of the types that clients do not see.
func (d *data) hiddenOf(types []*typ) []*typ {
	return slices.DeleteFunc(slices.Clone(types), func(t *typ) bool { return !t.hidden })
}

func (d *data) keyValue(t *typ, x *fld, i int) world.Value {
	switch x.name {
	case "owner":
		return world.Ref(d.first[x.target] + (i+1)%instances)
	case "parts":
		return []world.Value{world.Ref(d.first[x.target] + i), world.Ref(d.first[x.target] + (i+1)%instances)}
	case "code":
		if i%2 == 1 {
			return nil
		}
	case "org":
		return fmt.Sprint("o", i/2)
	case "num":
		return fmt.Sprint("n", i%2)
	}
	if x.name == "sku" && t.name == "E1" {
		return 100 + i // subgraphs may give an ID as a number
	}
	return fmt.Sprintf("%s%s%d", t.name, x.name, i)
}

// emptyPools lets fields be null for which the subgraphs know no common runtime type.
func (f *federation) emptyPools() {
	for _, t := range f.types {
		for _, x := range t.fields {
			if x.target != nil && x.typ.Elem == nil && len(f.pool(x)) == 0 {
				x.typ.NonNull = false
			}
			for e := x.typ.Elem; e != nil; e = e.Elem {
				if x.target != nil && len(f.pool(x)) == 0 {
					e.NonNull = false
				}
			}
		}
	}
}

// agree lets only one subgraph have a field for which several know no common runtime type. A value type, which must be
// whole everywhere, loses it.
func (f *federation) agree(t *typ, x *fld) {
	if len(x.in) < 2 || slices.ContainsFunc(f.pool(x), func(m *typ) bool { return !m.hidden }) {
		return
	}
	if isValue(t) {
		t.fields = slices.DeleteFunc(t.fields, func(o *fld) bool { return o == x })
		clear(x.in)
		return
	}
	first := slices.IndexFunc(f.subs, func(s *sub) bool { return x.in[s] != nil })
	for _, s := range f.subs[first+1:] {
		delete(x.in, s)
		if !t.entity && !slices.ContainsFunc(t.fields, func(o *fld) bool { return o.in[s] != nil }) && !f.leadsTo(t, s) {
			delete(t.in, s) // a root without fields
		}
	}
}

// leadsTo reports whether the subgraph has a field of the type.
func (f *federation) leadsTo(t *typ, s *sub) bool {
	return slices.ContainsFunc(f.types, func(o *typ) bool {
		return slices.ContainsFunc(o.fields, func(x *fld) bool { return x.target == t && x.in[s] != nil })
	})
}

// pool lists the runtime types that every subgraph which resolves the field knows there.
func (f *federation) pool(x *fld) []*typ {
	if x.target == nil {
		return nil
	}
	if x.of != nil {
		return f.pool(x.of)
	}
	var pool []*typ
	begun := false
	for _, s := range f.subs {
		c := x.in[s]
		if c == nil || c.dead || c.external && !c.provided {
			continue
		}
		local := f.local(x.target, s)
		if !begun {
			pool, begun = slices.Clone(local), true
			continue
		}
		pool = slices.DeleteFunc(pool, func(t *typ) bool { return !contains(local, t) })
	}
	return pool
}

// mayFail reports whether a resolver's error does the same everywhere.
func (d *data) mayFail(x *fld) bool {
	for _, c := range x.in {
		if c.notNull {
			return false
		}
	}
	return !x.required || !x.typ.NonNull
}

// maker makes values of one field.
type maker struct {
	*data
	x         *fld
	pool      []*typ
	fails     bool
	arguments bool
}

func (m *maker) value(t *ast.Type, level int) world.Value {
	notNull := t.NonNull
	if level == 0 {
		for _, c := range m.x.in {
			notNull = notNull || c.notNull
		}
	}
	switch {
	case m.fails && (m.r.chance(3) || m.x.frail && m.r.chance(40)) && (level == 0 || !m.x.required):
		return world.Error(fmt.Sprintf("no %s", m.x.name))
	case !notNull && m.r.chance(10), m.fails && t.NonNull && level == 0 && !m.x.required && m.r.chance(2):
		return nil
	case t.Elem != nil:
		list := []world.Value{}
		most := 4
		if m.x.target != nil {
			most = 3 // or answers grow exponentially
		}
		for range m.r.IntN(most) {
			if v := m.value(t.Elem, level+1); v != nil || !t.Elem.NonNull {
				list = append(list, v)
			}
		}
		return list
	}
	return m.named(t.NamedType)
}

func (m *maker) named(name string) world.Value {
	if m.x.target != nil {
		if len(m.pool) == 0 {
			return nil
		}
		t := pick(m.r, m.pool)
		return world.Ref(m.first[t] + m.r.IntN(m.count[t]))
	}
	n := m.r.IntN(1000)
	switch name {
	case "Int":
		return n
	case "Float":
		return float64(n) / 4
	case "Boolean":
		return n%2 == 0
	case "ID":
		if n%3 == 0 {
			return n // which clients see as a string
		}
		return fmt.Sprint("i", n)
	case "Blob":
		return world.JSON(pick(m.r, []string{`{"a":[1,"x",null],"b":{"c":1.5}}`, `[1,2]`, `"s"`, `7`, `{}`, `false`}))
	case "String":
		if m.arguments {
			return world.Text(fmt.Sprint("t", n))
		}
		return fmt.Sprint("s", n)
	}
	t := m.byName[name]
	at := m.subs
	if len(m.x.in) > 0 {
		at = slices.DeleteFunc(slices.Clone(at), func(s *sub) bool { return m.x.in[s] == nil })
	}
	return pick(m.r, slices.DeleteFunc(slices.Clone(t.enum), func(v string) bool { return !t.inAll(v, at) }))
}
