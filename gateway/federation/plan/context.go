package plan

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// contexts says where the arguments that come from contexts are taken from. What they need of the objects above is
// asked for by private items, so it is solved and fetched like everything else.
type contexts struct {
	g        *querygraph.Graph
	keys     *keyring
	bindings map[*operation.Item]map[*supergraph.Field][]binding
	asked    int // private items
}

const maxContextRounds = 8

// binding is an argument of a field with the places that its value may come from.
type binding struct {
	name    string
	typ     *ast.Type
	sources []ContextSource // nearest first
}

// level is a selection on the way down, and the runtime types of its objects that the way leads through.
type level struct {
	sel   *operation.Selection
	types []string
}

// bindContexts returns the root of the operation with the private items that contexts need. Operations that use no
// context are returned as they are.
func bindContexts(g *querygraph.Graph, keys *keyring, op *operation.Operation) (*operation.Selection, *contexts) {
	c := &contexts{g: g, keys: keys, bindings: map[*operation.Item]map[*supergraph.Field][]binding{}}
	if !g.SG.Contextual("") || !c.used(op.Root) {
		return op.Root, c
	}
	root := clone(op.Root)
	for range maxContextRounds { // a private item may itself have arguments from contexts
		asked := c.asked
		if c.bind(op.Kind, root, nil); c.asked == asked {
			break
		}
	}
	return root, c
}

func (c *contexts) used(sel *operation.Selection) bool {
	return slices.ContainsFunc(sel.Items, func(it *operation.Item) bool {
		return slices.ContainsFunc(c.types(sel, it), func(t string) bool { return c.g.SG.Contextual(t + "." + it.Field.Name) }) ||
			it.Selection != nil && c.used(it.Selection)
	})
}

// types lists the runtime types that the item is asked of.
func (c *contexts) types(sel *operation.Selection, it *operation.Item) []string {
	if it.Types != nil {
		return it.Types
	}
	return c.g.SG.Possible(sel.Type)
}

func clone(sel *operation.Selection) *operation.Selection {
	out := &operation.Selection{Type: sel.Type}
	for _, it := range sel.Items {
		ic := *it
		if it.Selection != nil {
			ic.Selection = clone(it.Selection)
		}
		out.Items = append(out.Items, &ic)
	}
	return out
}

func (c *contexts) bind(kind ast.Operation, sel *operation.Selection, above []level) {
	for _, it := range slices.Clone(sel.Items) {
		types := c.types(sel, it)
		for _, t := range types {
			if !c.g.SG.Contextual(t + "." + it.Field.Name) {
				continue
			}
			for _, sub := range c.g.SG.Subgraphs {
				if st := sub.Types[t]; st != nil && st.Field(it.Field.Name) != nil {
					c.bindField(kind, it, st.Field(it.Field.Name), above)
				}
			}
		}
		if it.Selection != nil {
			c.bind(kind, it.Selection, append(slices.Clip(above), level{sel, types}))
		}
	}
}

// bindField finds the sources of the field's arguments. Without one for every object the field cannot be read there.
func (c *contexts) bindField(kind ast.Operation, it *operation.Item, f *supergraph.Field, above []level) {
	if len(f.Contexts) == 0 || c.bindings[it][f] != nil {
		return
	}
	var found []binding
	for _, a := range f.Contexts {
		b := binding{name: a.Name, typ: a.Type}
		complete := false
		for i := len(above) - 1; i >= 0 && !complete; i-- {
			if i == 0 && kind != ast.Query {
				break // a value would have to be asked for by a root field of its own
			}
			var sources []ContextSource
			sources, complete = c.sources(a, above[i], len(above)-i)
			b.sources = append(b.sources, sources...)
		}
		if !complete {
			return
		}
		found = append(found, b)
	}
	if c.bindings[it] == nil {
		c.bindings[it] = map[*supergraph.Field][]binding{}
	}
	c.bindings[it][f] = found
}

// sources lists what the objects of one level give for a context, and reports whether each of them gives something.
func (c *contexts) sources(a supergraph.ContextArgument, at level, above int) (out []ContextSource, complete bool) {
	var sets []querygraph.FieldSet
	complete = true
	for _, t := range at.types {
		set := c.selected(a, t)
		if set == nil {
			complete = false
			continue
		}
		i := slices.IndexFunc(sets, func(o querygraph.FieldSet) bool { return o.String() == set.String() && leadAlike(o, set) })
		if i >= 0 {
			out[i].Types = append(out[i].Types, t)
			continue
		}
		sets = append(sets, set)
		out = append(out, ContextSource{Above: above, Types: []string{t}})
		for _, f := range set.Paths()[0] {
			out[len(out)-1].Path = append(out[len(out)-1].Path, c.keys.member(f))
		}
	}
	if len(out) == 1 && len(out[0].Types) == len(c.g.SG.Possible(at.sel.Type)) && c.common(at.sel.Type, sets[0]) {
		out[0].Types = nil
	}
	for i, set := range sets {
		c.ask(at.sel, set, out[i].Types)
	}
	return out, complete
}

// leadAlike reports whether the fields of two equal sets lead to the same types: they may be narrower for one of two types.
func leadAlike(a, b querygraph.FieldSet) bool {
	for i := range a {
		if a[i].Def.Type.Name() != b[i].Def.Type.Name() || !leadAlike(a[i].Sub, b[i].Sub) {
			return false
		}
	}
	return true
}

// common reports whether the set can be asked for of all objects of a type alike: it has the fields, and they lead to the
// same types as those of its members.
func (c *contexts) common(typeName string, set querygraph.FieldSet) bool {
	def := c.g.SG.Schema.Types[typeName]
	return !slices.ContainsFunc(set, func(f *querygraph.FieldSel) bool {
		field := def.Fields.ForName(f.Name)
		return field == nil || field.Type.Name() != f.Def.Type.Name()
	})
}

// selected returns what an object of the runtime type gives for a context, nil: nothing.
func (c *contexts) selected(a supergraph.ContextArgument, runtimeType string) querygraph.FieldSet {
	if !c.g.SG.SetsContext(a.Context, runtimeType) {
		return nil
	}
	set, err := c.g.ParseFieldSet(a.Selection, runtimeType)
	if err != nil {
		return nil
	}
	for _, f := range set {
		if f.Types == nil || slices.Contains(f.Types, runtimeType) {
			open := *f
			open.Types, open.Parent = nil, runtimeType
			return querygraph.FieldSet{&open}
		}
	}
	return nil
}

// ask adds private items for the field set to the selection, for objects of the runtime types (nil: all). Where the
// client asks for the same, its item is used.
func (c *contexts) ask(sel *operation.Selection, set querygraph.FieldSet, types []string) {
	for _, f := range set {
		name := c.keys.names[c.keys.member(f)]
		var rest []string
		if types != nil {
			rest = slices.Clone(types)
		}
		done := false
		for _, it := range sel.Items {
			if it.Name != name || it.Field.Name != f.Name || it.Args != f.Args || types != nil && !slices.ContainsFunc(types, it.Applies) {
				continue
			}
			if f.Sub != nil { // the item may lead to more types than the field does for those at hand
				var below []string
				if named := f.Def.Type.Name(); named != it.Selection.Type {
					below = c.g.SG.Possible(named)
				}
				c.ask(it.Selection, f.Sub, below)
			}
			done = done || it.Types == nil
			rest = slices.DeleteFunc(rest, it.Applies)
		}
		if done || types != nil && len(rest) == 0 {
			continue
		}
		it := &operation.Item{Name: name, Field: f.Def, Parent: f.Parent, Arguments: f.Arguments, Args: f.Args, Types: rest}
		if f.Sub != nil {
			it.Selection = &operation.Selection{Type: f.Def.Type.Name()}
			c.ask(it.Selection, f.Sub, nil)
		}
		sel.Items = append(sel.Items, it)
		c.asked++
	}
}

// String tells sources apart.
func (b binding) String() string { return fmt.Sprint(b.typ, b.sources) }

// bind notes that arguments of the field come from contexts, in the order of its group's.
func (f *selField) bind(list []binding) {
	for i, b := range list {
		if f.contexts == nil {
			f.contexts = map[string]int{}
		}
		f.contexts[b.name] = i
	}
}

// above returns the spots that bring a context's value to objects of the place.
func (e *emitter) above(p *place, src ContextSource) []*spot {
	var out []*spot
	at := []*place{p.ancestor(src.Above)}
	for _, key := range src.Path {
		var below []*place
		for _, a := range at {
			out = append(out, e.written[a][key]...)
			below = append(below, a.under(key)...)
		}
		at = below
	}
	return out
}

// mustWait reports whether a value that the pick's arguments come from waits itself.
func (e *emitter) mustWait(w postponed) bool {
	waits := func(p *place, key Key) bool {
		return slices.ContainsFunc(e.waiting, func(o postponed) bool { return o.scope.place == p && e.keys.client(o.pick.item) == key })
	}
	for _, way := range w.pick.ways {
		for _, b := range way.bindings {
			for _, src := range b.sources {
				at := []*place{w.scope.place.ancestor(src.Above)}
				for _, key := range src.Path {
					var below []*place
					for _, a := range at {
						if waits(a, key) {
							return true
						}
						below = append(below, a.under(key)...)
					}
					at = below
				}
			}
		}
	}
	return false
}

// ancestor returns the place so many levels above.
func (p *place) ancestor(levels int) *place {
	for range levels {
		p = p.parent
	}
	return p
}

// under lists the places of what is stored under the key.
func (p *place) under(key Key) []*place {
	var out []*place
	for _, c := range p.below {
		if c.key == key {
			out = append(out, c)
		}
	}
	return out
}
