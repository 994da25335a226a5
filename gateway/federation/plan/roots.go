package plan

import (
	"slices"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// rootChoice is a way to read a root field of a mutation or subscription, with what was chosen for the fields before it.
type rootChoice struct {
	unit   int // the field's index
	node   *querygraph.Node
	sol    *solution
	cost   int // with all before
	before *rootChoice
}

// follow adds the cheapest of what was chosen before. A field goes in one request with the one before it if both are in
// one subgraph and nothing has to be joined to the first.
func (c *rootChoice) follow(price int, before []*rootChoice) {
	c.cost = price
	for _, o := range before {
		cost := o.cost + price
		if o.node == c.node && len(o.sol.requests) == 0 {
			cost -= costRequest + costLevel
		}
		if c.before == nil || cost < c.cost {
			c.before, c.cost = o, cost
		}
	}
}

// planRoots solves each root field of a mutation or subscription alone, in one subgraph.
func planRoots(s *solver, e *emitter, root *operation.Selection) error {
	roots := rootNodes(s.g, root.Type)
	s.reach(root, root.Type, [][]*querygraph.Node{roots})
	s.trace.reached(s, root, nil)
	var last []*rootChoice
	for i, it := range root.Items {
		if it.TypeName() || introspectionField(it.Field.Name) {
			continue
		}
		choices, failed := s.root(root, it, i, roots)
		if len(choices) == 0 {
			return s.failed(failed)
		}
		if s.err != nil {
			return s.err
		}
		for _, c := range choices {
			c.follow(costRequest+costLevel+s.price(c.sol.requests, c.sol.extra), last)
		}
		last = choices
	}
	var list []*rootChoice
	if len(last) > 0 {
		best := slices.MinFunc(last, func(a, b *rootChoice) int { return a.cost - b.cost })
		for ; best != nil; best = best.before {
			list = append(list, best)
		}
	}
	for _, c := range slices.Backward(list) {
		s.trace.chosen(s, c.sol, nil)
		e.root(root, c)
		if e.err != nil {
			return e.err
		}
	}
	return s.err
}

// root lists in which subgraphs the root field can be read.
func (s *solver) root(root *operation.Selection, it *operation.Item, unit int, roots []*querygraph.Node) (choices []*rootChoice, failed *solution) {
	part := s.part(root, []*operation.Item{it})
	failed = &solution{failed: s.unanswered(it, root.Type, nil)}
	for _, n := range roots {
		if n.Edge(it.Field.Name) == nil {
			continue
		}
		clear(s.memo) // it depends on what can be reached, and that is only what this root leads to
		s.reach(part, root.Type, [][]*querygraph.Node{{n}})
		if sol := s.solve(part, root.Type, []*querygraph.Node{n}); sol.failed != nil {
			failed = sol
		} else {
			choices = append(choices, &rootChoice{unit: unit, node: n, sol: sol})
		}
	}
	return choices, failed
}

// root reads a root field, in one request with the field before it if it may be.
func (e *emitter) root(root *operation.Selection, c *rootChoice) {
	if last := len(e.groups) - 1; last < 0 || e.groups[last].landing != nil || e.groups[last].node != c.node {
		e.unit = c.unit
		top := newPlace(nil, 0, 0, root.Type, true)
		e.tops = append(e.tops, top)
		g := &group{id: len(e.groups), node: c.node, scope: top.all, content: &sel{node: c.node}, unit: c.unit}
		e.groups = append(e.groups, g)
		top.enter(c.node, []*group{g}, "", g.content)
	} // else it goes with the field before, which has no joins: the subgraph keeps the order
	e.expected = e.solver.later(c.sol.requests, 1)
	e.emitAll(e.groups[len(e.groups)-1].scope.place, c.sol)
}
