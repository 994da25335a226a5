package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/test/monolith/world"
)

// ctx is a context of one subgraph.
type ctx struct {
	sub     *sub
	name    string
	marked  []*typ // with @context
	setters []*typ // the object types among them, or of which they are
}

// contextual adds types that are only reached through gates, the types that set every context, so that their fields may
// take arguments from contexts on whatever path.
func (f *federation) contextual() {
	gates := f.gates()
	if len(gates) == 0 {
		return
	}
	s := f.contexts[0].sub
	for i := range 1 + f.r.IntN(2) {
		k := f.add(fmt.Sprintf("K%d", i), ast.Object)
		k.entity, k.inner = true, true
		for _, o := range f.subs {
			if o == s || f.r.chance(40) || slices.ContainsFunc(gates, func(g *typ) bool { return isValue(g) && g.in[o] != nil }) {
				k.put(o)
			}
		}
	}
	if f.r.chance(65) { // something between a gate and what takes the arguments
		w := f.add("W0", ast.Object)
		w.inner = true
		for _, o := range f.places(f.byName["K0"]) {
			w.put(o)
		}
		f.leaf(w, "w0", f.places(w))
	}
	for _, t := range f.with(func(t *typ) bool { return t.inner && t.entity }) {
		for _, o := range f.places(t) {
			f.key(t, o)
		}
	}
	for i := range f.contexts { // what is nearer than a gate
		c := f.contexts[i]
		for _, t := range some(f.r, f.with(func(t *typ) bool { return f.mayset(t, c.sub) && !slices.Contains(c.setters, t) }), f.r.IntN(3)) {
			c.marked, c.setters = append(c.marked, t), append(c.setters, t)
		}
	}
	for _, c := range f.contexts {
		for _, t := range c.marked {
			t.in[c.sub].contexts = append(t.in[c.sub].contexts, c.name)
		}
	}
}

// mayset reports whether objects of the type may set a context in the subgraph.
func (f *federation) mayset(t *typ, s *sub) bool {
	return t.kind == ast.Object && t.in[s] != nil && (t.entity || isValue(t) && !t.split && !t.hidden)
}

// gates makes one or two contexts and returns the types that set all of them.
func (f *federation) gates() []*typ {
	fed2 := slices.DeleteFunc(slices.Clone(f.subs), func(s *sub) bool { return s.fed1 })
	if len(fed2) == 0 || !f.r.chance(75) {
		return nil
	}
	s := pick(f.r, fed2)
	first := &ctx{sub: s, name: "one"}
	whole := f.with(func(t *typ) bool { return t.abstract() && t.in[s] != nil && f.known(t, s) })
	objects := f.with(func(t *typ) bool { return f.mayset(t, s) })
	switch {
	case len(whole) > 0 && f.r.chance(35):
		t := pick(f.r, whole)
		first.marked, first.setters = []*typ{t}, slices.Clone(t.members)
	case f.r.chance(15):
		q := f.byName["Query"]
		q.put(s)
		first.marked, first.setters = []*typ{q}, []*typ{q}
		if len(objects) > 0 {
			t := pick(f.r, objects)
			first.marked, first.setters = append(first.marked, t), append(first.setters, t)
		}
	default:
		first.marked = some(f.r, objects, 1+f.r.IntN(3))
		first.setters = slices.Clone(first.marked)
	}
	gates := slices.Clone(first.setters)
	for _, t := range gates {
		t.gate = true
	}
	f.contexts = []*ctx{first}
	if f.r.chance(50) {
		second := &ctx{sub: pick(f.r, fed2), name: pick(f.r, []string{"one", "two"}), marked: slices.Clone(gates), setters: slices.Clone(gates)}
		if second.sub == s {
			second.name = "two"
		}
		if !slices.ContainsFunc(gates, func(t *typ) bool { return t.in[second.sub] == nil }) {
			f.contexts = append(f.contexts, second)
		}
	}
	return gates
}

// known reports whether the subgraph knows all that values of the abstract type may be, and as objects.
func (f *federation) known(t *typ, s *sub) bool {
	return !t.in[s].interfaceObject && len(f.local(t, s)) == len(t.members) &&
		!slices.ContainsFunc(t.members, func(m *typ) bool { return m.hidden || m.in[s] == nil || m.split })
}

// targets lists where a field of the type may lead: to the inner types only from gates and from each other.
func (f *federation) targets(t *typ) []*typ {
	out := f.with(func(o *typ) bool { return !o.inner && (o.entity || isValue(o) && !o.hidden || o.abstract()) })
	if t.inner || t.gate {
		inner := f.with(func(o *typ) bool { return o.inner })
		out = append(out, inner...)
		if out = append(out, inner...); t.gate {
			out = append(out, inner...)
		}
	}
	return out
}

// enter adds a field from each gate to an inner type.
func (f *federation) enter() {
	inner := f.with(func(o *typ) bool { return o.inner })
	gates := f.with(func(t *typ) bool { return t.gate })
	for i, t := range append(gates, gates...) {
		to := pick(f.r, inner)
		places := slices.DeleteFunc(f.places(t), func(s *sub) bool { return to.in[s] == nil })
		switch {
		case len(places) == 0:
			continue
		case !isValue(t):
			places = some(f.r, places, 1)
		case len(places) < len(f.places(t)):
			continue
		}
		x := t.field(fmt.Sprintf("to%d", i), f.wrap(to.name), to, places...)
		if f.r.chance(15) {
			f.arguments(x)
		}
	}
}

// fromContexts adds the fields that take arguments from contexts.
func (f *federation) fromContexts() {
	n := 0
	for _, t := range f.with(func(t *typ) bool { return t.inner && t.entity }) {
		for _, s := range f.places(t) {
			own := slices.DeleteFunc(slices.Clone(f.contexts), func(c *ctx) bool { return c.sub != s })
			if len(own) == 0 || !ownKey(t, s) {
				continue
			}
			for range 2 + f.r.IntN(3) {
				f.fromContext(t, s, own, fmt.Sprintf("k%d", n))
				n++
			}
		}
	}
}

func (f *federation) fromContext(t *typ, s *sub, own []*ctx, name string) {
	var x *fld
	targets := slices.DeleteFunc(f.targets(t), func(o *typ) bool { return o.in[s] == nil || o.split })
	if len(targets) > 0 && f.r.chance(30) {
		to := pick(f.r, targets)
		x = t.field(name, f.wrap(to.name), to, s)
	} else {
		x = f.leaf(t, name, []*sub{s})
	}
	x.fromContext = true // so that it is no value of a context
	for i := range 1 + f.r.IntN(2) {
		a := &arg{name: fmt.Sprint("from", i), only: s}
		f.source(a, pick(f.r, own))
		x.args = append(x.args, a)
	}
}

// source decides from where an argument is taken.
func (f *federation) source(a *arg, c *ctx) {
	paths := map[*typ]string{}
	for _, t := range some(f.r, c.setters, len(c.setters)) {
		text, typ := f.given(t, c.sub, a.typ)
		if text == "" {
			text, typ = f.give(t, c.sub, a.typ)
		}
		paths[t], a.typ = text, typ
	}
	a.from = map[string]ast.SelectionSet{}
	var fragments []string
	same := true
	for _, t := range c.setters {
		a.from[t.name] = parseSet(paths[t])
		fragments = append(fragments, "... on "+t.name+" { "+paths[t]+" }")
		same = same && paths[t] == paths[c.setters[0]]
	}
	a.selection = "$" + c.name + " " + strings.Join(fragments, " ")
	if onInterface := slices.ContainsFunc(c.marked, func(t *typ) bool { return t.kind == ast.Union || t.abstract() && !plain(t, c.sub, paths[c.setters[0]]) }); same && !onInterface && f.r.chance(60) {
		a.selection = "$" + c.name + " { " + paths[c.setters[0]] + " }"
	}
}

// plain reports whether the interface has the leaf that the selection begins with.
func plain(t *typ, s *sub, selection string) bool {
	name, _, _ := strings.Cut(selection, " ")
	name, _, _ = strings.Cut(name, "(")
	x := t.get(name)
	return x != nil && x.in[s] != nil && x.target == nil
}

// given finds what objects of the type have for an argument of the type (nil: of any) in the subgraph: a field, or one
// of what a field leads to. It may be that another subgraph has it.
func (f *federation) given(t *typ, s *sub, want *ast.Type) (selection string, typ *ast.Type) {
	fields := some(f.r, t.fields, len(t.fields))
	f.r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	for _, x := range fields {
		d := x.in[s]
		there := slices.ContainsFunc(f.subs, func(o *sub) bool { return x.in[o].resolvable() })
		switch {
		case x.typ.Name() == "Shade": // it would be taken too
			continue
		case x.labelled() || x.fromContext || !there || d != nil && d.dead || x.key && (d == nil || !d.resolvable()):
			continue
		case d == nil && (!t.entity || f.r.chance(40)):
			continue
		}
		below, lists := "", x.typ
		if x.target != nil {
			if below, lists = f.givenBelow(x, s); below == "" {
				continue
			}
		}
		if got := nullable(lists); want == nil || got.String() == want.String() {
			x.required, x.given = true, true
			if d == nil {
				x.in[s] = &decl{external: true}
			}
			return x.name + f.literalArguments(x) + below, got
		}
	}
	return "", nil
}

// givenBelow selects a leaf of the objects that a field leads to and returns its type within the lists on the way.
func (f *federation) givenBelow(x *fld, s *sub) (selection string, typ *ast.Type) {
	t := x.target
	if t.kind != ast.Object || t.in[s] == nil || t.split || t.name == "Query" {
		return "", nil
	}
	known := slices.DeleteFunc(slices.Clone(t.fields), func(y *fld) bool {
		return y.typ.Name() == "Shade" || y.target != nil || !y.in[s].resolvable() || y.labelled() || y.fromContext
	})
	if len(known) == 0 {
		return "", nil
	}
	y := pick(f.r, known)
	y.required, y.given = true, true
	return " { " + y.name + f.literalArguments(y) + " }", parseType(strings.ReplaceAll(nullable(x.typ).String(), t.name, nullable(y.typ).String()))
}

// give adds a field that gives the argument's value.
func (f *federation) give(t *typ, s *sub, want *ast.Type) (selection string, typ *ast.Type) {
	in := f.places(t)
	switch {
	case t.entity && f.r.chance(60):
		in = some(f.r, in, 1)
	case !isValue(t):
		in = []*sub{s}
	}
	x := f.leaf(t, fmt.Sprintf("c%d", len(t.fields)), in)
	x.required, x.given = true, true
	if want == nil && x.typ.Name() == "Shade" {
		want = parseType(strings.ReplaceAll(x.typ.String(), "Shade", "Color"))
	}
	if want != nil {
		x.typ = parseType(want.String())
		for _, d := range x.in {
			d.notNull = false
		}
	}
	if x.in[s] == nil {
		x.in[s] = &decl{external: true}
	}
	return x.name + f.literalArguments(x), nullable(x.typ)
}

// nullable is the type without non-null marks.
func nullable(t *ast.Type) *ast.Type { return parseType(strings.ReplaceAll(t.String(), "!", "")) }

// contextsOf describes where the arguments come from.
func (d *data) contextsOf() map[string][]world.Context {
	out := map[string][]world.Context{}
	for _, t := range d.types {
		for _, x := range t.fields {
			for _, a := range x.args {
				if a.from == nil {
					continue
				}
				c := world.Context{Argument: a.name, Leaf: a.typ.Name(), From: map[string][]world.Step{}}
				for name, set := range a.from {
					c.From[name] = d.steps(name, set)
				}
				at := t.name + "." + x.name
				out[at] = append(out[at], c)
			}
		}
	}
	return out
}

func (d *data) steps(typeName string, set ast.SelectionSet) []world.Step {
	if len(set) == 0 {
		return nil
	}
	f, _ := set[0].(*ast.Field)
	def := d.schema.Types[typeName].Fields.ForName(f.Name)
	args := world.Arguments(d.schema, def.Arguments, f.Arguments, nil)
	return append([]world.Step{{Field: f.Name, Arguments: args}}, d.steps(def.Type.Name(), f.SelectionSet)...)
}
