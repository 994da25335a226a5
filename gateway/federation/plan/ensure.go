package plan

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// ensure selects the value at the path for all objects of the scope and returns the spots that bring it. A member of a
// key is not read where it may be null if it is had somewhere for sure.
func (e *emitter) ensure(s *scope, p querygraph.Path, key bool) []*spot {
	if e.err != nil {
		return nil
	}
	if !s.abstract() && p[0].Types != nil {
		if _, ok := slices.BinarySearch(p[0].Types, s.typeName()); !ok {
			return nil
		}
		open := *p[0]
		open.Types = nil
		p = append(querygraph.Path{&open}, p[1:]...)
	}
	if p[0].Types == nil {
		if at, below := e.reader(s, p, key); at != nil && !e.cheaper(s, at, below, p) {
			return e.read(s, at, at.node.Edge(p[0].Name), p, key)
		}
		if at := e.brought(s, p); at != nil && e.avoid == nil {
			return e.read(s, at, at.node.Edge(p[0].Name), p, key)
		}
	}
	fact := e.system(s).Have(p)
	if !fact.Known {
		e.fail("plan: no way to have %s of %s", p, s.typeName())
		return nil
	}
	r := e.rule(s, fact)
	switch r.Kind {
	case querygraph.Read:
		if at := e.land(s, r.Node); at != nil {
			return e.read(s, at, r.Edge, p, key)
		}
	case querygraph.Resume:
		at := e.resume(s, r)
		if s.values == nil {
			s.values = map[Key][]*spot{}
		}
		stored := e.keys.member(p[0])
		s.values[stored] = append(s.values[stored], at)
		return e.read(s, at, r.Edge, p, key)
	case querygraph.Explode, querygraph.Vacuous:
		return e.members(s, r, p, key)
	}
	return nil
}

// abstract reports whether the scope's objects may be of several types.
func (s *scope) abstract() bool { return s.runtime == "" && !s.place.object }

// members ensures the path for each runtime type it applies to. Where the node tells types, it is a source itself:
// which objects the path applies to is known only by it.
func (e *emitter) members(s *scope, r *querygraph.Rule, p querygraph.Path, key bool) []*spot {
	if r.Node == nil {
		return nil
	}
	at := e.land(s, r.Node)
	if at == nil {
		return nil
	}
	out := []*spot{at}
	if r.Kind == querygraph.Vacuous {
		return out
	}
	if !s.abstract() { // its members would be had from itself
		e.fail("plan: objects of %s are read as %s", s.typeName(), at.node)
		return nil
	}
	open := *p[0]
	open.Types = nil
	rest := append(querygraph.Path{&open}, p[1:]...)
	for _, m := range at.node.Members() {
		if p[0].Types != nil && !slices.Contains(p[0].Types, m) {
			continue
		}
		out = append(out, e.ensure(s.place.scope(m), rest, key)...)
	}
	return out
}

// reader finds the spot where the scope's objects are and the path can be read: one that selects the field already,
// else the one reached earliest. rest is how one has there what is below the path's first field; nil: nothing is.
func (e *emitter) reader(s *scope, p querygraph.Path, key bool) (best *spot, rest *querygraph.Fact) {
	stored := e.keys.member(p[0])
	elsewhere := func() bool { return key && e.system(s).Have(p).Doubt == querygraph.Sure }
	bestRank := 0
	for _, sp := range e.spots(s) {
		edge := sp.node.Edge(p[0].Name)
		if e.avoids(sp) {
			continue
		}
		if edge == nil || edge.Requires != nil || len(edge.Field.Contexts) > 0 || (edge.To == nil) != (len(p) == 1) {
			continue
		}
		null := edge.Nullable()
		var below *querygraph.Fact
		if len(p) > 1 {
			below = e.g.System(p[0].Def.Type.Name(), []*querygraph.Node{edge.To}).Have(p[1:])
			if !below.Known {
				continue
			}
			null = null || below.Doubt != querygraph.Sure
		}
		if null && elsewhere() {
			continue
		}
		rank := 2 * sp.level()
		if sp.sel.find(stored) == nil {
			rank++
		}
		if best == nil || rank < bestRank {
			best, rest, bestRank = sp, below, rank
		}
	}
	return best, rest
}

// cheaper reports whether the path can be had otherwise than at the spot by fewer requests that are not made anyway, or by
// as many sooner. rest is what the path takes from there.
func (e *emitter) cheaper(s *scope, at *spot, rest *querygraph.Fact, p querygraph.Path) bool {
	if e.avoid != nil {
		return false
	}
	finish := at.level()
	if rest != nil {
		finish += rest.Stage
	}
	first := e.first(s)
	if finish < first {
		return false // where the objects are anyway
	}
	fact := e.system(s).Have(p)
	if !fact.Known {
		return false
	}
	turn, here := at.groups[0].turn(), 0
	if rest != nil {
		here = e.lacking(turn, e.solver.derivation(rest), at.level()+1)
	}
	sooner := first+fact.Stage <= finish
	if here == 0 && !sooner {
		return false
	}
	other := e.lacking(turn, e.solver.derivation(fact), first)
	return other < here || other == here && sooner
}

// rule chooses of the rules of a fact that of which most requests are made anyway.
func (e *emitter) rule(s *scope, f *querygraph.Fact) *querygraph.Rule {
	if len(f.Others) == 0 || e.avoid != nil {
		return f.Rule
	}
	best, first := f.Rule, e.first(s)
	least := e.lacking(e.turn(), e.solver.rule(best), first)
	for _, r := range f.Others {
		if n := e.lacking(e.turn(), e.solver.rule(r), first); n < least {
			best, least = r, n
		}
	}
	return best
}

// first is the level of a visit whose inputs are where the scope's objects are.
func (e *emitter) first(s *scope) int {
	first := 0
	for _, sp := range e.visible(s.arrivals()) {
		first = max(first, sp.level()+1)
	}
	return first
}

// brought finds a visit that has brought the value in with its requirements before.
func (e *emitter) brought(s *scope, p querygraph.Path) *spot {
	for _, sp := range e.visible(s.values[e.keys.member(p[0])]) {
		if len(p) == 1 {
			return sp
		}
		edge := sp.node.Edge(p[0].Name)
		if e.g.System(p[0].Def.Type.Name(), []*querygraph.Node{edge.To}).Have(p[1:]).Known {
			return sp
		}
	}
	return nil
}

// level is the latest level of the groups that read at the spot.
func (sp *spot) level() int {
	l := 0
	for _, g := range sp.groups {
		l = max(l, g.level)
	}
	return l
}

// read selects the path's first field at the spot and ensures the rest below it.
func (e *emitter) read(s *scope, at *spot, edge *querygraph.Edge, p querygraph.Path, key bool) []*spot {
	f := at.sel.add(e.keys.member(p[0]), edge, p[0].Arguments)
	if len(p) == 1 {
		return []*spot{at}
	}
	if f.child == nil {
		typ := p[0].Def.Type
		child := s.child(f.key, typ, branch{runtime: s.runtime, nodes: nodeKey([]*querygraph.Node{edge.To})}, e.object(typ.Name()))
		f.child = child.enter(edge.To, at.groups, s.runtime, nil)
	}
	return append(e.ensure(f.child.place.all, p[1:], key), at)
}
