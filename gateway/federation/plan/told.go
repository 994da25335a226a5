package plan

import (
	"cmp"
	"slices"
)

// waitForTypes lets visits that are made for some runtime types wait for a visit that tells them, where not every
// subgraph that the objects come from does: an interface object's does not.
func (e *emitter) waitForTypes() {
	for _, g := range e.groups {
		if g.part != e.part {
			continue // it was done with its own part
		}
		narrowed := g.scope.runtime != ""
		for p := g.scope.place; p != nil; narrowed, p = p.guard != nil, p.parent {
			if narrowed && !p.object {
				e.waitForType(g, p)
			}
		}
	}
}

func (e *emitter) waitForType(g *group, p *place) {
	if !slices.ContainsFunc(p.all.entries, func(sp *spot) bool { return sp.node.Type.InterfaceObject }) {
		return
	}
	var telling []*spot
	for _, sp := range e.visible(p.all.spots()) {
		if !sp.node.Type.InterfaceObject {
			telling = append(telling, sp)
		}
	}
	if len(telling) == 0 || slices.ContainsFunc(telling, func(sp *spot) bool { return e.needed(g, sp) }) {
		return
	}
	g.needs = append(g.needs, slices.MinFunc(telling, func(a, b *spot) int { return cmp.Compare(a.level(), b.level()) }))
}

// needed reports whether the group waits for what is read at the spot, or is it.
func (e *emitter) needed(g *group, sp *spot) bool {
	seen := map[*group]bool{}
	var waits func(g *group) bool
	waits = func(g *group) bool {
		if slices.Contains(sp.groups, g) {
			return true
		}
		if seen[g] {
			return false
		}
		seen[g] = true
		e.solver.spend(1)
		return slices.ContainsFunc(g.needs, func(n *spot) bool { return slices.ContainsFunc(n.groups, waits) })
	}
	return waits(g)
}
