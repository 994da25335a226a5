package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// overrides moves fields of the types from one subgraph to another.
func (f *federation) overrides(types []*typ) {
	for _, t := range types {
		for _, x := range t.fields {
			if !f.r.chance(12) || x.key || len(x.in) != 1 || slices.ContainsFunc(f.subs, func(s *sub) bool { return x.in[s] != nil && x.in[s].provides != "" }) || x.target != nil && x.target.split {
				continue
			}
			a := slices.IndexFunc(f.subs, func(s *sub) bool { return x.in[s] != nil })
			from := f.subs[a]
			to := slices.DeleteFunc(f.places(t), func(s *sub) bool {
				return s == from || s.fed1 || x.target != nil && x.target.in[s] == nil
			})
			if len(to) == 0 || x.in[from].notNull {
				continue
			}
			d := &decl{override: from.name}
			if f.r.chance(40) && !x.required {
				d.label = pick(f.r, []string{"one", "two"})
				if !slices.Contains(f.labels, d.label) {
					f.labels = append(f.labels, d.label)
				}
			} else {
				x.in[from].dead = true
			}
			s := pick(f.r, to)
			if x.in[s] = d; d.label != "" && x.target != nil && !slices.ContainsFunc(f.pool(x), func(m *typ) bool { return !m.hidden }) {
				delete(x.in, s)
			}
		}
	}
}

// requirements adds fields that require fields of other subgraphs.
func (f *federation) requirements() {
	n := 0
	defer f.frailties()
	for _, t := range f.with(isEntity) {
		for _, s := range f.places(t) {
			most := f.r.IntN(3)
			if t.leaf != nil && t.leaf != s { // whose objects may not be found there
				most += 2
			}
			for range most {
				if !ownKey(t, s) { // composition wants a key that the subgraph resolves itself
					break
				}
				if f.requirement(t, s, fmt.Sprintf("r%d", n)) {
					n++
				}
			}
		}
	}
}

func (f *federation) requirement(t *typ, s *sub, name string) bool {
	var parts []string
	var marks []func()
	fields := some(f.r, t.fields, len(t.fields))
	f.r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	if f.r.chance(35) { // nested ones first
		slices.SortStableFunc(fields, func(a, b *fld) int { return rank(a) - rank(b) })
	}
	weak := t.leaf != nil && t.leaf != s && f.r.chance(75)
	if weak { // what a subgraph that may not find the object has alone
		fields = slices.DeleteFunc(fields, func(x *fld) bool { return x.in[t.leaf] == nil || len(x.in) > 1 || x.typ.NonNull })
	}
	for _, x := range fields {
		if len(parts) >= 1+f.r.IntN(2) {
			break
		}
		if text, mark := f.requirable(x, s); text != "" {
			parts = append(parts, text)
			marks = append(marks, mark)
		}
	}
	if len(parts) == 0 {
		return false
	}
	for _, mark := range marks {
		mark()
	}
	text := strings.Join(parts, " ")
	x := f.leaf(t, name, []*sub{s})
	x.in[s].requires = text
	if weak {
		x.typ.NonNull = false
	}
	x.needs = append(x.needs, requirement{s, parseSet(text)})
	return true
}

// frailties gives what is required something of objects another field that often fails and takes its object along: what is
// required must not be lost with it.
func (f *federation) frailties() {
	for _, t := range f.with(func(t *typ) bool {
		return t.kind == ast.Object && !t.hidden && !t.split && t.name != "Query" && slices.ContainsFunc(f.types, func(o *typ) bool {
			return slices.ContainsFunc(o.fields, func(x *fld) bool { return (x.required || x.key) && x.target == t })
		})
	}) {
		if !f.r.chance(60) {
			continue
		}
		in := f.places(t)
		if t.entity {
			in = some(f.r, in, 1)
		}
		x := t.field("frail", "Int!", nil, in...)
		x.frail = true
	}
}

func rank(x *fld) int {
	if x.target != nil {
		return 0
	}
	return 1
}

// requirable returns the text by which a field of subgraph s can require x, and what that makes of x.
func (f *federation) requirable(x *fld, s *sub) (string, func()) {
	elsewhere := slices.ContainsFunc(f.subs, func(o *sub) bool { return o != s && x.in[o].resolvable() })
	d := x.in[s]
	if x.key || x.fromContext || x.labelled() || !elsewhere || d != nil && !d.external && !d.dead {
		return "", nil
	}
	mark := func() {
		if x.in[s] == nil {
			x.in[s] = &decl{}
		}
		x.in[s].external, x.required = true, true
	}
	text := x.name + f.literalArguments(x)
	if x.target == nil {
		return text, mark
	}
	below, markBelow := f.subselection(x, s, 0)
	if below == "" {
		return "", nil
	}
	return text + " { " + below + " }", func() { mark(); markBelow() }
}

// subselection selects something of a type as the subgraph knows it.
func (f *federation) subselection(of *fld, s *sub, depth int) (string, func()) {
	t := of.target
	if t.in[s] == nil || t.split || depth > 3 || t.kind == ast.Object && t.name == "Query" {
		return "", nil
	}
	var parts []string
	var marks []func()
	if t.abstract() { // fragments on what the owner knows
		pool := f.pool(of)
		both := slices.DeleteFunc(slices.Clone(f.local(t, s)), func(m *typ) bool { return m.hidden || !contains(pool, m) })
		for _, m := range some(f.r, both, 1+f.r.IntN(4)/2) {
			if below, mark := f.subselection(&fld{target: m}, s, depth+1); below != "" {
				parts, marks = append(parts, "... on "+m.name+" { "+below+" }"), append(marks, mark)
			}
		}
		return strings.Join(parts, " "), func() { all(marks) }
	}
	known := slices.DeleteFunc(slices.Clone(t.fields), func(x *fld) bool { return x.in[s] == nil || x.in[s].dead || x.labelled() || x.fromContext })
	for _, x := range some(f.r, known, 1+f.r.IntN(4)/2) {
		below, mark := "", func() {}
		if x.target != nil {
			if below, mark = f.subselection(x, s, depth+1); below == "" {
				continue
			}
			below = " { " + below + " }"
		}
		parts = append(parts, x.name+f.literalArguments(x)+below)
		marks = append(marks, func() { x.required = true }, mark)
	}
	return strings.Join(parts, " "), func() { all(marks) }
}

func all(marks []func()) {
	for _, mark := range marks {
		mark()
	}
}

// provisions lets fields provide what is external where they lead to.
func (f *federation) provisions() {
	for _, t := range f.types {
		if t.kind != ast.Object {
			continue
		}
		for _, x := range t.fields {
			if x.target == nil || !f.r.chance(30) {
				continue
			}
			for _, s := range f.subs {
				if d := x.in[s]; d.resolvable() && d.requires == "" && d.override == "" && !x.moved() && f.r.chance(60) {
					if text, mark := f.provision(x.target, s, 0); text != "" {
						mark()
						d.provides = text
					}
				}
			}
		}
	}
}

// provision returns a field set of t that subgraph s can provide, and what that makes of its fields.
func (f *federation) provision(t *typ, s *sub, depth int) (string, func()) {
	if t.in[s] == nil || depth > 2 {
		return "", nil
	}
	if t.abstract() {
		m := pick(f.r, f.local(t, s))
		if below, mark := f.provision(m, s, depth+1); below != "" {
			return "... on " + m.name + " { " + below + " }", mark
		}
		return "", nil
	}
	for _, x := range some(f.r, t.fields, len(t.fields)) {
		elsewhere := slices.ContainsFunc(f.subs, func(o *sub) bool { return o != s && x.in[o].resolvable() })
		if x.key || len(x.args) > 0 {
			continue
		}
		d := x.in[s]
		switch {
		case x.target == nil && t.entity && elsewhere && (d == nil || d.external && !d.dead):
			return x.name, func() {
				if x.in[s] == nil {
					x.in[s] = &decl{external: true}
				}
				x.in[s].provided = true
			}
		case x.target != nil && d.resolvable() && d.requires == "":
			if below, mark := f.provision(x.target, s, depth+1); below != "" {
				return x.name + " { " + below + " }", mark
			}
		}
	}
	return "", nil
}

// literalArguments writes arguments for a field of a field set.
func (f *federation) literalArguments(x *fld) string {
	var list []string
	for _, a := range x.args {
		if a.only != nil || a.hidden {
			continue
		}
		if a.typ.NonNull && a.def == "" || f.r.chance(60) {
			list = append(list, a.name+": "+f.literal(a.typ))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func (f *federation) literal(t *ast.Type) string {
	if t.Elem != nil {
		return "[" + f.literal(t.Elem) + "]"
	}
	switch t.NamedType {
	case "Int":
		return fmt.Sprint(f.r.IntN(4))
	case "Color":
		return "BLUE"
	case "Mode":
		return "OFF"
	case "Filter":
		return pick(f.r, []string{`{text: "r"}`, `{text: "r", inner: {n: 2, tags: ["a", "b"]}}`, `{text: "r", limit: null, all: [{color: RED}]}`})
	case "Inner":
		return "{n: 1}"
	case "Blob":
		return pick(f.r, []string{`{a: [1, "x"]}`, "3", "true"})
	}
	return `"r"`
}

func parseSet(text string) ast.SelectionSet {
	doc, err := parser.ParseQuery(&ast.Source{Input: "{" + text + "}"})
	if err != nil {
		panic(err)
	}
	return doc.Operations[0].SelectionSet
}

// decorate adds directives that change nothing of the data.
func (f *federation) decorate() {
	for _, t := range f.with(isEntity) {
		for _, x := range t.fields {
			if x.key || x.required || x.hidden || len(x.needs) > 0 || x.name[0] != 'f' || !f.r.chance(10) {
				continue
			}
			x.tags = map[*sub]string{}
			for _, s := range f.subs {
				if x.in[s] != nil && !s.fed1 {
					x.tags[s] = pick(f.r, []string{`@tag(name: "t")`, "@authenticated"})
				}
			}
		}
	}
}
