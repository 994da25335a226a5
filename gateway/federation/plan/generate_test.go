package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// federation makes up a supergraph of entities, value types, an interface, a union and perhaps an interface object,
// spread over a few subgraphs that agree with each other.
type federation struct {
	rand  *rand.Rand
	open  bool // most operations can be answered: value types are whole everywhere, entities mostly have one key in common
	subs  int
	types map[string]*madeType
	order []string
}

type madeType struct {
	kind    string
	in      map[int][]string // subgraph -> keys there; nil keys: none
	object  map[int]bool     // subgraphs where it is an interface object
	impl    map[int]bool     // subgraphs where it implements I, or that declare the union's member
	fields  []string
	typ     map[string]string
	joins   map[string]map[int]string // field -> subgraph -> further join__field arguments
	members []string
}

func generate(seed uint64) string {
	f := &federation{rand: rand.New(rand.NewPCG(seed, 3)), types: map[string]*madeType{}, open: seed%2 == 1}
	f.subs = 2 + f.rand.IntN(3)
	entities := 2 + f.rand.IntN(3)
	for i := range entities {
		f.entity(fmt.Sprintf("E%d", i))
	}
	for i := range 2 {
		v := f.add(fmt.Sprintf("V%d", i), "type")
		for s := range f.subs {
			if f.open || f.rand.IntN(3) > 0 || s == 0 {
				v.in[s] = nil
			}
		}
		for k := range 3 {
			n := 1 + f.rand.IntN(2)
			if f.open {
				n = f.subs
			}
			f.field(v, fmt.Sprintf("x%d", k), "Int", f.some(v, n))
		}
		for s := range v.in {
			f.field(v, "x3", "Int", []int{s})
		}
	}
	f.abstract(entities)
	f.links()
	f.requirements()
	f.roots()
	return f.sdl()
}

func (f *federation) add(name, kind string) *madeType {
	t := &madeType{kind: kind, in: map[int][]string{}, object: map[int]bool{}, impl: map[int]bool{}, typ: map[string]string{}, joins: map[string]map[int]string{}}
	f.types[name] = t
	f.order = append(f.order, name)
	return t
}

// some picks subgraphs that know the type.
func (f *federation) some(t *madeType, n int) []int {
	var all []int
	for s := range f.subs {
		if _, ok := t.in[s]; ok {
			all = append(all, s)
		}
	}
	f.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

func (f *federation) field(t *madeType, name, typ string, subs []int) {
	if t.typ[name] == "" {
		t.fields = append(t.fields, name)
		t.typ[name] = typ
		t.joins[name] = map[int]string{}
	}
	for _, s := range subs {
		t.joins[name][s] = ""
	}
}

func (f *federation) entity(name string) {
	t := f.add(name, "type")
	for s := range f.subs {
		if f.rand.IntN(4) == 0 && s > 0 {
			continue
		}
		keys := []string{[]string{"k0", "k0", "k1", "k0 k1"}[f.rand.IntN(4)]}
		if f.open && f.rand.IntN(8) > 0 && keys[0] != "k0" {
			keys = append(keys, "k0")
		}
		if f.rand.IntN(3) == 0 {
			keys = append(keys, "k2")
		}
		t.in[s] = keys
		for _, k := range keys {
			for m := range strings.FieldsSeq(k) {
				f.field(t, m, "ID!", []int{s})
			}
		}
	}
	f.field(t, "k0", "ID!", f.some(t, 1))
	f.field(t, "n", "String", f.some(t, 1+f.rand.IntN(2)))
	for i := range 3 {
		f.field(t, fmt.Sprintf("f%d", i), []string{"Int", "Int!", "[String]", "Boolean"}[f.rand.IntN(4)], f.some(t, 1+f.rand.IntN(4)/3))
	}
}

// abstract adds the interface I over the first two entities and the union U of the last two.
func (f *federation) abstract(entities int) {
	i := f.add("I", "interface")
	i.members = []string{"E0", "E1"}
	for s := range f.subs {
		_, a := f.types["E0"].in[s]
		_, b := f.types["E1"].in[s]
		if !a && !b || f.rand.IntN(4) == 0 && s > 0 {
			continue
		}
		i.in[s] = nil
		for _, m := range i.members {
			if _, ok := f.types[m].in[s]; ok {
				f.types[m].impl[s] = true
			}
		}
		for _, name := range []string{"k0", "n"} {
			has := true
			for _, m := range i.members {
				if f.types[m].impl[s] {
					_, ok := f.types[m].joins[name][s]
					has = has && ok
				}
			}
			if has {
				f.field(i, name, f.types["E0"].typ[name], []int{s})
			}
		}
		if _, ok := i.joins["k0"][s]; !ok {
			if _, ok := i.joins["n"][s]; !ok {
				delete(i.in, s)
				delete(f.types["E0"].impl, s)
				delete(f.types["E1"].impl, s)
			}
		}
	}
	u := f.add("U", "union")
	u.members = []string{fmt.Sprintf("E%d", entities-1), "V0"}
	for s := range f.subs {
		_, a := f.types[u.members[0]].in[s]
		_, b := f.types["V0"].in[s]
		if a && b {
			u.in[s] = nil
		}
	}
	if len(i.joins["k0"]) > 0 && f.rand.IntN(2) == 0 {
		f.interfaceObject(i)
	}
}

// interfaceObject adds a subgraph that knows the interface only as an object.
func (f *federation) interfaceObject(i *madeType) {
	host := -1
	for s := range f.subs {
		if _, ok := i.joins["k0"][s]; ok && slices.Contains(f.types["E0"].in[s], "k0") && slices.Contains(f.types["E1"].in[s], "k0") {
			host = s
			break
		}
	}
	if host < 0 {
		return
	}
	i.in[host] = []string{"k0"}
	s := f.subs
	f.subs++
	i.in[s], i.object[s] = []string{"k0"}, true
	i.joins["k0"][s] = ""
	f.field(i, "io", "Int", []int{s})
	for _, m := range i.members {
		f.field(f.types[m], "io", "Int", nil)
	}
}

// links adds fields that lead from type to type.
func (f *federation) links() {
	targets := slices.Clone(f.order)
	for n, name := range f.order {
		t := f.types[name]
		if t.kind != "type" {
			continue
		}
		for k := range 2 {
			to := targets[f.rand.IntN(len(targets))]
			var subs []int
			whole := f.open && strings.HasPrefix(name, "V")
			for _, s := range f.some(t, 9) {
				if _, ok := f.types[to].in[s]; ok && (whole || len(subs) == 0 || f.rand.IntN(3) == 0) {
					subs = append(subs, s)
				}
			}
			if len(subs) > 0 && (!whole || len(subs) == len(t.in)) {
				f.field(t, fmt.Sprintf("l%d%d", n, k), []string{"%s", "[%s]", "[%s!]!", "[[%s]]"}[f.rand.IntN(4)], subs)
				t.typ[fmt.Sprintf("l%d%d", n, k)] = strings.ReplaceAll(t.typ[fmt.Sprintf("l%d%d", n, k)], "%s", to)
			}
		}
	}
}

// requirements adds fields that require another subgraph's, and provisions.
func (f *federation) requirements() {
	for _, name := range f.order {
		t := f.types[name]
		if !strings.HasPrefix(name, "E") {
			continue
		}
		for k := range 2 {
			on := fmt.Sprintf("f%d", k)
			for s := range f.subs {
				_, declared := t.joins[on][s]
				if t.in[s] == nil || declared || f.rand.IntN(3) > 0 {
					continue
				}
				t.joins[on][s] = ", external: true"
				f.field(t, fmt.Sprintf("r%d%d", k, s), "Int", []int{s})
				t.joins[fmt.Sprintf("r%d%d", k, s)][s] = fmt.Sprintf(", requires: %q", on)
				break
			}
		}
	}
}

func (f *federation) roots() {
	q := f.add("Query", "type")
	for s := range f.subs {
		q.in[s] = nil
	}
	for n, name := range f.order {
		t := f.types[name]
		if name == "Query" {
			continue
		}
		for k := range 2 {
			subs := f.some(t, 1+f.rand.IntN(2))
			if t.kind != "type" && k == 0 {
				subs = f.some(t, 1)
			}
			if len(subs) > 0 {
				f.field(q, fmt.Sprintf("q%d%d", n, k), strings.ReplaceAll([]string{"%s", "[%s!]"}[k], "%s", name), subs)
				f.provide(q, fmt.Sprintf("q%d%d", n, k), t, subs)
			}
		}
	}
}

// provide lets a root field provide a field that is external in its subgraph.
func (f *federation) provide(q *madeType, root string, t *madeType, subs []int) {
	for _, on := range []string{"f0", "f1"} {
		if t.joins[on][subs[0]] == ", external: true" && len(subs) == 1 {
			q.joins[root][subs[0]] = fmt.Sprintf(", provides: %q", on)
		}
	}
}

func (f *federation) sdl() string {
	var b strings.Builder
	b.WriteString(header(f.subs))
	for _, name := range f.order {
		t := f.types[name]
		if len(t.in) == 0 {
			continue
		}
		b.WriteString(t.kind + " " + name)
		if len(t.impl) > 0 {
			b.WriteString(" implements I")
		}
		for s := range f.subs {
			keys, ok := t.in[s]
			if !ok {
				continue
			}
			if t.impl[s] {
				fmt.Fprintf(&b, " @join__implements(graph: S%d, interface: \"I\")", s)
			}
			if t.kind == "union" {
				for _, m := range t.members {
					fmt.Fprintf(&b, " @join__unionMember(graph: S%d, member: %q)", s, m)
				}
			}
			if len(keys) == 0 {
				fmt.Fprintf(&b, " @join__type(graph: S%d)", s)
			}
			for _, k := range keys {
				fmt.Fprintf(&b, " @join__type(graph: S%d, key: %q, isInterfaceObject: %v)", s, k, t.object[s])
			}
		}
		if t.kind == "union" {
			b.WriteString(" = " + strings.Join(t.members, " | ") + "\n")
			continue
		}
		b.WriteString(" {\n")
		for _, field := range t.fields {
			b.WriteString("  " + field + ": " + t.typ[field])
			for s := range f.subs {
				if more, ok := t.joins[field][s]; ok {
					fmt.Fprintf(&b, " @join__field(graph: S%d%s)", s, more)
				}
			}
			if len(t.joins[field]) == 0 {
				b.WriteString(" @join__field")
			}
			b.WriteByte('\n')
		}
		if len(t.fields) == 0 {
			b.WriteString("  none: Int @join__field\n")
		}
		b.WriteString("}\n")
	}
	return b.String()
}
