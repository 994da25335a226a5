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
		if !g.inDoubt {
			continue
		}
		e.avoid = e.waitingFor(g)
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
	return slices.ContainsFunc(l.Key.Paths(), func(p querygraph.Path) bool { return sys.Have(p).Doubt != querygraph.Sure })
}

// apart reports whether the key can be had without the visit.
func (e *emitter) apart(g *group, l *querygraph.Landing) bool {
	sys := e.system(g.scope)
	return !slices.ContainsFunc(l.Key.Paths(), func(p querygraph.Path) bool { return !e.without(g, sys.Have(p)) })
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
		return r.Premises[0].Node != g.node && (r.Below == nil || r.Below.Stage == 0) && e.without(g, r.Premises[0])
	case querygraph.Hop:
		if slices.ContainsFunc(g.scope.landed, func(sp *spot) bool { return sp.node == r.Node && sp.in(e.avoid) }) {
			return false
		}
		return r.Node != g.node && !slices.ContainsFunc(r.Premises, func(p *querygraph.Fact) bool { return !e.without(g, p) })
	}
	return false
}

// waitingFor returns the group and all that need it, perhaps through others.
func (e *emitter) waitingFor(g *group) map[*group]bool {
	out := map[*group]bool{g: true}
	for more := true; more; {
		more = false
		for _, o := range e.groups {
			if !out[o] && slices.ContainsFunc(o.needs, func(sp *spot) bool { return sp.in(out) }) {
				out[o], more = true, true
			}
		}
	}
	return out
}

// in reports whether one of the groups reads at the spot.
func (sp *spot) in(groups map[*group]bool) bool {
	return slices.ContainsFunc(sp.groups, func(g *group) bool { return groups[g] })
}

func (e *emitter) addFallback(g *group, l *querygraph.Landing) {
	before := len(e.groups)
	e.unit = g.unit
	for _, p := range l.Key.Paths() {
		g.needs = append(g.needs, e.ensure(g.scope, p)...)
	}
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
