package plan

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/querygraph"
)

// A visit whose key may be null misses the objects that have none. Where its node has other keys, these are tried next,
// object by object: a representation is built of the first key that the object has. What has to be fetched for such a
// key is fetched only for the objects that need it.
//
// A key is null if a member of it is, at any depth: such an object cannot be named. A null element of a list is part of
// the list's value, and sent.

// fallBack adds the other keys of all visits that need them. It runs when all is emitted, so what it makes nobody else
// reads.
func (e *emitter) fallBack() {
	made := len(e.groups)
	for _, g := range e.groups[:made] {
		if !g.inDoubt || g.part != e.part {
			continue
		}
		e.avoid = g
		for _, l := range e.g.Landings(g.scope.typeName()) {
			if l.Node != g.landing.Node || l.RepType != g.landing.RepType || l.Key.String() == g.landing.Key.String() || !e.apart(g, l) {
				continue
			}
			e.addFallback(g, l)
			if e.err != nil || !e.doubtful(g.scope, l) {
				break
			}
		}
	}
	e.avoid = nil
}

// doubtful reports whether a member of the key may be null.
func (e *emitter) doubtful(s *scope, l *querygraph.Landing) bool {
	sys := e.system(s)
	return slices.ContainsFunc(l.Members, func(p querygraph.Path) bool { return sys.Have(p).Doubt != querygraph.Sure })
}

// apart reports whether the key can be had without the visit.
func (e *emitter) apart(g *group, l *querygraph.Landing) bool {
	sys := e.system(g.scope)
	return !slices.ContainsFunc(l.Members, func(p querygraph.Path) bool { return !e.without(g, sys.Have(p)) })
}

// without reports whether the fact can be derived without the visit: by reading at entries or after plain hops.
func (e *emitter) without(g *group, f *querygraph.Fact) bool {
	if !f.Known {
		return false
	}
	r := f.Rule
	switch r.Kind {
	case querygraph.Entered:
		return true
	case querygraph.Read:
		return (r.Below == nil || r.Below.Stage == 0) && e.without(g, r.Premises[0])
	case querygraph.Hop:
		if slices.ContainsFunc(g.scope.landed, func(sp *spot) bool { return sp.node == r.Node && e.avoids(sp) }) {
			return false
		}
		return r.Node != g.node && !slices.ContainsFunc(r.Premises, func(p *querygraph.Fact) bool { return !e.without(g, p) })
	}
	return false
}

// avoids reports whether the spot is read by the visit that must not be relied on, or by one that waits for it.
func (e *emitter) avoids(sp *spot) bool {
	if e.avoid == nil {
		return false
	}
	seen := map[*group]bool{}
	return slices.ContainsFunc(sp.groups, func(g *group) bool { return e.waits(g, seen) })
}

func (e *emitter) waits(g *group, seen map[*group]bool) bool {
	switch {
	case g == e.avoid:
		return true
	case seen[g], g.id < e.avoid.id && !e.bridged: // inputs are made before those who need them
		return false
	}
	seen[g] = true
	e.solver.spend(1)
	for _, sp := range g.needs {
		for _, d := range sp.groups {
			if d != g && e.waits(d, seen) {
				return true
			}
		}
	}
	return false
}

func (e *emitter) addFallback(g *group, l *querygraph.Landing) {
	before := len(e.groups)
	e.unit = g.unit
	for _, p := range l.Members {
		g.needs = append(g.needs, e.ensure(g.scope, p, true)...)
	}
	e.bridged = e.bridged || slices.ContainsFunc(g.needs, func(sp *spot) bool {
		return slices.ContainsFunc(sp.groups, func(d *group) bool { return d.id > g.id })
	})
	tried := slices.Concat([]*querygraph.Landing{g.landing}, g.fallbacks)
	g.fallbacks = append(g.fallbacks, l)
	for _, x := range append(e.groups[before:], g) {
		if x != g && x.scope == g.scope {
			x.unless = tried
		}
		for _, sp := range x.needs { // what others have made for objects of their own is now needed for more
			for _, d := range sp.groups {
				if !slices.Contains(e.groups[before:], d) {
					d.unless = nil
				}
			}
		}
	}
}
