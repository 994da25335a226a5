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
	m := &maker{data: d, x: x, pool: d.pool(x), fails: d.mayFail(x) && !t.hidden && (!t.solid || !x.typ.NonNull)}
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

func (d *data) keyValue(t *typ, x *fld, i int) world.Value {
	switch x.name {
	case "owner":
		return world.Ref(d.first[x.target] + (i+1)%instances)
	case "parts":
		return []world.Value{world.Ref(d.first[x.target] + i), world.Ref(d.first[x.target] + (i+1)%instances)}
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
		if !t.entity && !slices.ContainsFunc(t.fields, func(o *fld) bool { return o.in[s] != nil }) {
			delete(t.in, s) // a root without fields
		}
	}
}

// pool lists the runtime types that every subgraph which resolves the field knows there.
func (f *federation) pool(x *fld) []*typ {
	if x.target == nil {
		return nil
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
	case m.fails && m.r.chance(3) && (level == 0 || !m.x.required):
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
	return pick(m.r, m.byName[name].enum)
}

// absences lets a subgraph not find an entity. What only that subgraph has of it is null.
func (d *data) absences() {
	for _, t := range d.with(isEntity) {
		places := d.places(t)
		for _, s := range places {
			if len(places) < 2 || !d.r.chance(70) || !d.dispensable(t, s, places) {
				continue
			}
			for range 2 {
				d.absent(t, s, d.first[t]+d.r.IntN(instances))
			}
		}
	}
}

func (d *data) absent(t *typ, s *sub, id int) {
	if slices.Contains(d.w.Absent[s.name], id) {
		return
	}
	d.w.Absent[s.name] = append(d.w.Absent[s.name], id)
	for _, x := range t.fields {
		if x.in[s].resolvable() && !x.key {
			d.w.Objects[id].Fields[x.name] = nil
			d.missing[fmt.Sprint(id, x.name)] = true
		}
	}
}

// dispensable reports whether every field of the type in the subgraph is either only there or in all of its subgraphs.
func (d *data) dispensable(t *typ, s *sub, places []*sub) bool {
	if d.keyOfInterface(t, s) {
		return false
	}
	for _, x := range t.fields {
		if !x.in[s].resolvable() {
			continue
		}
		n := 0
		for _, o := range places {
			if x.in[o].resolvable() {
				n++
			}
		}
		if x.key && n < len(places) || !x.key && (n > 1 || x.in[s].notNull || x.required && x.typ.NonNull || d.needed(x.name)) {
			return false
		}
	}
	return true
}

// needed reports whether a field that must not be null requires one of that name, or requires one that does. Such a field
// cannot tell whether the other is null or was never fetched.
func (d *data) needed(name string) bool {
	for _, t := range d.types {
		for _, x := range t.fields {
			for _, need := range x.needs {
				if mentions(need.set, name) && (x.typ.NonNull || x.in[need.sub] != nil && x.in[need.sub].notNull || d.needed(x.name)) {
					return true
				}
			}
		}
	}
	return false
}

func mentions(set ast.SelectionSet, name string) bool {
	return slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			return s.Name == name || mentions(s.SelectionSet, name)
		case *ast.InlineFragment:
			return mentions(s.SelectionSet, name)
		}
		return false
	})
}

// findSolid finds the types whose objects must not become null by an error in them: something requires them, and what
// the client asks of them in the same request must not take them away.
func (f *federation) findSolid() {
	var mark func(t *typ)
	mark = func(t *typ) {
		if t.solid {
			return
		}
		t.solid = true
		for _, m := range t.members {
			mark(m)
		}
		for _, x := range t.fields {
			if x.target != nil && x.typ.NonNull {
				mark(x.target)
			}
		}
	}
	for _, t := range f.types {
		for _, x := range t.fields {
			if x.target != nil && x.required {
				mark(x.target)
			}
		}
	}
	soft := map[string]bool{} // what requires others fails when they do, whatever its type says
	for _, t := range f.types {
		for _, x := range t.fields {
			soft[x.name] = soft[x.name] || t.solid && len(x.needs) > 0
		}
	}
	for _, t := range f.types {
		for _, x := range t.fields {
			if soft[x.name] {
				x.typ.NonNull = false
			}
		}
	}
}

// settleRequirements makes fields fail whose requirements fail. Where a requirement is missing the field is null: its
// resolver does not run.
func (d *data) settleRequirements() {
	for _, t := range d.with(isEntity) {
		for _, x := range t.fields {
			for _, need := range x.needs {
				for i := range instances {
					id := d.first[t] + i
					fails, missing := d.outcome(id, need.set)
					switch {
					case fails:
						d.w.Objects[id].Fields[x.name] = world.Error("its requirement failed")
					case missing:
						d.w.Objects[id].Fields[x.name] = nil
						d.missing[fmt.Sprint(id, x.name)] = true
					}
				}
			}
		}
	}
}

// outcome tells whether something that a field set selects fails or is missing.
func (d *data) outcome(id int, set ast.SelectionSet) (fails, missing bool) {
	o := d.w.Objects[id]
	for _, s := range set {
		var f, m bool
		switch s := s.(type) {
		case *ast.Field:
			args := world.Arguments(d.schema, d.schema.Types[o.Type].Fields.ForName(s.Name).Arguments, s.Arguments, nil)
			f, m = d.valueOutcome(d.w.Value(id, s.Name, args), s.SelectionSet)
			m = m || d.missing[fmt.Sprint(id, s.Name)]
		case *ast.InlineFragment:
			if s.TypeCondition == o.Type {
				f, m = d.outcome(id, s.SelectionSet)
			}
		}
		fails, missing = fails || f, missing || m
	}
	return fails, missing
}

func (d *data) valueOutcome(v world.Value, set ast.SelectionSet) (fails, missing bool) {
	switch v := v.(type) {
	case world.Error:
		return true, false
	case []world.Value:
		for _, e := range v {
			f, m := d.valueOutcome(e, set)
			fails, missing = fails || f, missing || m
		}
	case world.Ref:
		return d.outcome(int(v), set)
	}
	return fails, missing
}
