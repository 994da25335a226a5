package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// pass has all passes improve the groups, once.
func (e *emitter) pass() error {
	if e.passed {
		return nil
	}
	groups, err := passes(e.groups, e.solver, func(name string, groups []*group) { e.steps.passed(name, e.keys, groups) })
	e.groups, e.passed = groups, true
	return err
}

// passes improve the groups in this order. Each keeps the groups' inputs selected in groups they depend on.
// done is told what each has left.
func passes(groups []*group, s *solver, done func(pass string, groups []*group)) ([]*group, error) {
	resolve(groups)
	done("visits", groups)
	if groups = samePlace(groups, s); s.err != nil {
		return nil, s.err
	}
	done("same place", groups)
	if err := levels(groups); err != nil {
		return nil, err
	}
	done("levels", groups)
	delay(groups)
	done("delay", groups)
	lift(groups, s.g)
	done("lift", groups)
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.turn(), b.turn()), cmp.Compare(a.level, b.level), cmp.Compare(a.id, b.id))
	})
	return groups, nil
}

// resolve turns what the groups need into the groups they depend on.
func resolve(groups []*group) {
	for _, g := range groups {
		g.deps = map[*group]bool{}
		for _, sp := range g.needs {
			for _, d := range sp.groups {
				if d != g {
					g.deps[d] = true
				}
			}
		}
	}
}

// levels gives every group the length of the chain it waits for.
func levels(groups []*group) error {
	const open = -1
	state := make(map[*group]int, len(groups))
	var of func(g *group) (int, error)
	of = func(g *group) (int, error) {
		if l, ok := state[g]; ok {
			if l == open {
				return 0, fmt.Errorf("plan: a fetch of %s waits for itself", g.node)
			}
			return l, nil
		}
		state[g] = open
		level := 0
		for d := range g.deps {
			l, err := of(d)
			if err != nil {
				return 0, err
			}
			level = max(level, l+1)
		}
		state[g] = level
		g.level = level
		return level, nil
	}
	for _, g := range groups {
		if _, err := of(g); err != nil {
			return err
		}
	}
	return nil
}

// delay moves the entity groups of a request to a later level at which their subgraph is asked anyway, if nothing
// waits for them before: one request less, and no level more.
func delay(groups []*group) {
	type request struct{ turn, level, sub int }
	requests := map[request][]*group{}
	waiting := make(map[*group][]*group, len(groups))
	last := map[int]int{}
	var order []request
	for _, g := range groups {
		last[g.turn()] = max(last[g.turn()], g.level)
		for d := range g.deps {
			waiting[d] = append(waiting[d], g)
		}
		if !g.root() {
			r := request{g.turn(), g.level, g.node.Sub.Index}
			if requests[r] == nil {
				order = append(order, r)
			}
			requests[r] = append(requests[r], g)
		}
	}
	slices.SortFunc(order, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(b.level, a.level), cmp.Compare(a.sub, b.sub))
	})
	for _, r := range order {
		latest := last[r.turn]
		for _, g := range requests[r] {
			for _, w := range waiting[g] {
				if w.turn() == r.turn || w.part != g.part {
					latest = min(latest, w.level-1)
				}
			}
		}
		for to := r.level + 1; to <= latest; to++ {
			later := request{r.turn, to, r.sub}
			if len(requests[later]) == 0 {
				continue
			}
			for _, g := range requests[r] {
				g.level = to
			}
			requests[later] = append(requests[later], requests[r]...)
			requests[r] = nil
			break
		}
	}
}
