package exec

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// maxSalvage is how often a request is made again: each answer may tell of one more field that fails.
const maxSalvage = 4

// salvage asks again for what an answer lost by the failure of fields that only the plan asked for, or a part that comes later:
// a requirement that must not be null takes along the object that the client wants. What comes is merged into what there is, so
// that objects in which they did not fail keep them.
func (r *run) salvage(ctx context.Context, c *call, a answer) (more []answer) {
	if c.fetch.Kind != ast.Query {
		return nil
	}
	document := c.document(a.part)
	var gone []lost
	for range maxSalvage {
		if a.err != nil || a.tree.member(0, "errors") < 0 {
			break
		}
		known := len(gone)
		for _, l := range r.collateral(c, a) {
			if !slices.ContainsFunc(gone, func(o lost) bool { return slices.Equal(o.names, l.names) }) {
				gone = append(gone, l)
			}
		}
		if len(gone) == known || ctx.Err() != nil {
			break
		}
		rest, ok := pruned(document, gone)
		if !ok {
			break
		}
		if last := len(more) - 1; last >= 0 && slices.ContainsFunc(gone[known:], func(l lost) bool { return l.spare }) {
			r.exec.putTree(more[last].tree) // it is worse than it had been without
			more = more[:last]
		}
		if a = r.ask(ctx, c, a.part, rest); a.err != nil {
			break // that it was lost is told already
		}
		if a.tree.member(0, "data") < 0 {
			r.exec.putTree(a.tree)
			break
		}
		more = append(more, a)
		c.lost = append(c.lost, slices.DeleteFunc(slices.Clone(gone[known:]), func(l lost) bool { return l.spare })...)
	}
	return more
}

// lost is a field that was asked for no more, since it failed somewhere.
type lost struct {
	names []string    // on the wire
	paths []plan.Path // of the objects that have it
	key   plan.Key
	types []string   // of the objects; nil: all
	top   *plan.Wire // of the entity that it is a field of; nil: it is further below
	spare bool       // nobody asked for it at first

	// The nearest entity around it that the answer names, nil: none; how it is asked for again; where its objects are; how many
	// names lead to it; and the way from there to the field.
	entity *plan.Wire
	again  []plan.Again
	above  []plan.Path
	depth  int
	keys   []plan.Key
	batch  *plan.Batch // by which the entity is asked for, where there is none nearer; nil: none
}

// tellLost asks for the fields that were asked for no more as fields of entities, and reports those that it does not get.
func (r *run) tellLost(ctx context.Context, c *call) {
	if len(c.lost) == 0 {
		return
	}
	for _, l := range c.lost {
		r.rescue(ctx, c, l)
	}
	told := map[string]bool{}
	for _, f := range r.failures {
		told[fmt.Sprint(f.path)] = true
	}
	for _, l := range c.lost {
		want := func(o ref) bool {
			switch name := r.store.typeName(o); {
			case r.store.get(o, l.key) != missing, l.types != nil && name != "" && !contains(l.types, name):
				return false
			case l.top == nil:
				return true
			}
			return r.hasAny(o, l.top)
		}
		for _, path := range l.paths {
			for _, at := range locate(&r.store, path, maxPlaces, want) {
				at = append(at, step{key: l.key})
				if !told[fmt.Sprint(at)] {
					r.report(c.fetch, at, fmt.Sprintf("subgraph %q failed at the same field of another object", c.fetch.Subgraph), nil, nil)
				}
			}
		}
	}
}

// asked is a level of an answer as one batch reads it, and what the client sees of it.
type asked struct {
	wire  *plan.Wire
	sight sight
	path  plan.Path
}

// collateral lists, as names on the wire, the fields whose error took more along and that the client did not ask for.
func (r *run) collateral(c *call, a answer) (list []lost) {
	t := a.tree
	errs, data := t.member(0, "errors"), t.member(0, "data")
	if errs < 0 || data < 0 || t.nodes[errs].kind != kindList {
		return nil
	}
	for e := t.nodes[errs].child; e >= 0; e = t.nodes[e].next {
		if t.nodes[e].kind != kindObject {
			continue
		}
		p := t.member(e, "path")
		if p < 0 || t.nodes[p].kind != kindList || t.nodes[p].n == 0 {
			continue
		}
		if p = t.nodes[p].child; c.fetch.Entities == nil {
			if l, ok := t.lost([]asked{{c.fetch.Root, r.sightAt(c.fetch, c.fetch.RootPath), c.fetch.RootPath}}, data, p); ok {
				list = append(list, l)
			}
			continue
		}
		alias := t.text(p)
		for i := a.part.from; i < a.part.to; i++ {
			if b := &c.batches[i]; b.alias() == alias && len(b.uses) > 0 {
				var level []asked
				for _, path := range b.plan.Paths {
					level = append(level, asked{b.plan.Entity, r.sightAt(c.fetch, path), path})
				}
				at := int32(-1)
				if t.nodes[data].kind == kindObject {
					at = t.member(data, alias)
				}
				if l, ok := t.lost(level, at, t.nodes[p].next); ok {
					if len(l.names) == 1 {
						l.top = b.plan.Entity
					}
					l.names, l.depth = append([]string{alias}, l.names...), l.depth+1
					if l.entity == nil && b.plan.Contexts == nil {
						l.batch, l.above = b.plan, b.plan.Paths
					}
					list = append(list, l)
				}
			}
		}
	}
	return list
}

// lost follows an error's path, from element p of it on, through what is asked at node o of the answer. ok says that the
// error is at a field that must not be null and that the client did not ask for, at one of the places at least that are asked
// for together, and that its object is null.
func (t *tree) lost(level []asked, o, p int32) (l lost, ok bool) {
	cut, private := false, false
	for ; p >= 0; p = t.nodes[p].next {
		if t.nodes[p].kind == kindNumber {
			o = t.index(o, p)
			continue
		}
		cut = cut || o < 0 || t.nodes[o].kind == kindNull
		name := t.text(p)
		typ := ""
		if o >= 0 && t.nodes[o].kind == kindObject {
			if n := t.member(o, "__typename"); n >= 0 {
				typ = t.text(n)
			}
			o = t.member(o, name)
		} else {
			o = -1
		}
		if len(l.names) > 0 && len(level) > 0 {
			if again := askable(level[0].wire, name); len(again) > 0 {
				l.entity, l.again, l.above, l.depth, l.keys = level[0].wire, again, nil, len(l.names), nil
				for _, at := range level {
					l.above = append(l.above, at.path)
				}
			}
		}
		var below []asked
		found := false
		private, l.paths = false, nil
		for _, at := range level {
			here, unseen := false, true
			for i := range at.wire.Fields {
				f := &at.wire.Fields[i]
				if f.Name != name || f.Types != nil && typ != "" && !contains(f.Types, typ) {
					continue
				}
				here = true
				l.key, l.types, l.paths = f.Key, f.Types, append(l.paths, at.path)
				sight, seen := at.seen(f, typ)
				unseen = unseen && !seen && f.Strict
				if f.Child != nil {
					below = append(below, asked{f.Child, sight, append(slices.Clip(at.path), plan.Segment{Key: f.Key})})
				}
			}
			found, private = found || here, private || here && unseen
		}
		if !found {
			l.names = append(l.names, name)
			l.spare = slices.ContainsFunc(level, func(at asked) bool {
				return slices.ContainsFunc(at.wire.Spare, func(f plan.WireField) bool { return f.Name == name })
			})
			return l, cut && l.spare
		}
		l.names, l.keys, level = append(l.names, name), append(l.keys, l.key), below
	}
	return l, cut && private
}

// index returns the element of list o that element p of a path says, or -1.
func (t *tree) index(o, p int32) int32 {
	i, err := strconv.ParseInt(string(t.raw(p)), 10, 32)
	if err != nil || i < 0 || o < 0 {
		return -1
	}
	return t.element(o, i)
}

// seen returns what the client sees of a field's values in an object of a type, "": one that is not known, and whether it
// sees the field whichever type that is. One that it sees in some types only may as well have been asked for by the plan alone.
func (a asked) seen(f *plan.WireField, typ string) (sight, bool) {
	types := f.Types
	switch {
	case typ != "":
		types = []string{typ}
	case types == nil && a.wire.Type != "":
		types = []string{a.wire.Type}
	case types == nil:
		types = a.wire.Possible
	}
	below, seen := a.sight.field(f.Key, types)
	return below, seen && !slices.ContainsFunc(types, func(t string) bool {
		_, seen := a.sight.field(f.Key, []string{t})
		return !seen
	})
}
