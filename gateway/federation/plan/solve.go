package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
)

// Budgets of one operation, in units of work. Beyond the first one solution of each problem is kept, and one is emitted,
// beyond the second the search only improves greedily, beyond the third it ends with ErrTooComplex.
const (
	unitsSingle = 10_000
	unitsGreedy = 200_000
	unitsMax    = 2_000_000
)

// solver chooses where each field is read. The unit of choice is the set of requests made for one object, so fields
// share hops by construction; results are kept per (selection, type, entry nodes).
type solver struct {
	lenient bool         // fragments that cannot match at the nodes at hand are left out
	ended   func() error // the caller's context, polled
	g       *querygraph.Graph
	kinds   int // of requests in one level, see request
	units   int
	err     error
	memo    map[problem]*solution
	derived map[*querygraph.Fact]options
	ids     map[*operation.Selection]int
	subsets map[string]*operation.Selection
	wholes  map[*operation.Selection]*operation.Selection

	positions map[*operation.Selection]map[*operation.Item]int
	reached   map[*operation.Selection][]*querygraph.Node
	reachedBy map[*operation.Selection][][]*querygraph.Node

	contexts *contexts
	trace    *Trace // nil: nobody asks
}

// problem is a selection to be answered for objects of a type that were entered at some nodes.
type problem struct {
	sel      *operation.Selection
	typeName string
	nodes    string // as nodeKey writes them
}

// solution says how a selection is answered for objects of a type entered at some nodes.
type solution struct {
	requests requests
	extra    int
	fields   int // asked here and below
	picks    []*pick
	failed   *failure    // nothing else is set then
	others   []*solution // by other requests, at about the same cost

	// At an abstract type: the node that tells runtime types where no entry does, and what is done per runtime type.
	discover *querygraph.Fact
	typed    []typed
	hops     bool // some runtime type takes requests of its own

	considered *considered // for a trace only
}

// typed is the part of an abstract selection that is solved for one runtime type.
type typed struct {
	runtime string
	sol     *solution
}

// pick is the choice for one item: one way, or several whose objects are merged.
type pick struct {
	item  *operation.Item
	ways  []*way
	child *solution
}

// way reads an item at a node, after landing there or by a visit that brings the field's requirements along.
type way struct {
	land     *querygraph.Fact
	resume   *querygraph.Rule
	node     *querygraph.Node
	edge     *querygraph.Edge
	stage    int
	requests options // of being there, without the child's
	bindings []binding
	child    *solution
}

func (s *solver) spend(units int) {
	before := s.units
	s.units += units
	if s.err != nil {
		return
	}
	if s.units > unitsMax {
		s.err = fmt.Errorf("%w: it takes more than %d units", ErrTooComplex, unitsMax)
	}
	if before>>10 == s.units>>10 {
		return
	}
	if err := s.ended(); err != nil && s.err == nil {
		s.err = fmt.Errorf("plan operation: %w", err)
	}
}

func newSolver(ctx context.Context, g *querygraph.Graph) *solver {
	return &solver{
		ended: ctx.Err, g: g, kinds: 2 * len(g.SG.Subgraphs), memo: map[problem]*solution{}, derived: map[*querygraph.Fact]options{},
		ids: map[*operation.Selection]int{}, positions: map[*operation.Selection]map[*operation.Item]int{}, subsets: map[string]*operation.Selection{},
		wholes: map[*operation.Selection]*operation.Selection{}, reached: map[*operation.Selection][]*querygraph.Node{},
		reachedBy: map[*operation.Selection][][]*querygraph.Node{},
	}
}

// solve answers the selection for objects of the supergraph's type that were entered at the nodes.
func (s *solver) solve(sel *operation.Selection, typeName string, entries []*querygraph.Node) *solution {
	key := problem{sel, typeName, nodeKey(entries)}
	if sol, ok := s.memo[key]; ok {
		return sol
	}
	s.spend(1)
	if s.err != nil {
		return &solution{failed: &failure{coordinate: typeName}}
	}
	var sol *solution
	if s.g.SG.Schema.Types[typeName].Kind == ast.Object {
		sol = s.object(sel, typeName, entries)
	} else {
		sol = s.abstract(sel, typeName, entries)
	}
	s.memo[key] = sol
	return sol
}

// object solves a selection for one object type.
func (s *solver) object(sel *operation.Selection, typeName string, entries []*querygraph.Node) *solution {
	sys := s.g.System(typeName, entries)
	reach := sys.Reach()
	var demands []*demand
	for _, it := range sel.Items {
		if !it.Applies(typeName) || it.TypeName() || introspectionField(it.Field.Name) {
			continue
		}
		d := &demand{item: it, ways: s.ways(sys, reach, it)}
		if f := s.finish(d, typeName, entries); f != nil {
			return &solution{failed: f}
		}
		demands = append(demands, d)
	}
	sol := s.cover(demands)
	s.consider(sol, typeName, entries)
	return sol
}

// demand is an item with the ways to answer it.
type demand struct {
	item   *operation.Item
	ways   []*way // each is enough alone
	parts  []*way // that are not enough alone, but may be together or beside others
	bundle []*way // several that are taken together if there are no others
	child  *solution
}

// settled reports whether there is no choice.
func (d *demand) settled() bool { return len(d.bundle) > 0 || len(d.ways) == 1 && len(d.parts) == 0 }

// whole lists the ways that are taken where there is no choice.
func (d *demand) whole() []*way {
	if len(d.bundle) > 0 {
		return d.bundle
	}
	return d.ways
}

// ways lists how the item can be read from any reachable node, whether or not what is below can be answered.
func (s *solver) ways(sys *querygraph.System, reach []*querygraph.Fact, it *operation.Item) []*way {
	var out []*way
	resumed := map[*querygraph.Node]bool{}
	for _, land := range reach {
		s.spend(1)
		e := land.Node.Edge(it.Field.Name)
		if e == nil || (e.To == nil) != (it.Selection == nil) {
			continue
		}
		bindings := s.contexts.bindings[it][e.Field]
		if len(e.Field.Contexts) > 0 && bindings == nil {
			continue
		}
		if e.Requires == nil && bindings == nil {
			out = append(out, &way{land: land, node: land.Node, edge: e, stage: land.Stage, requests: s.derivation(land)})
			continue
		}
		rules := sys.Resume(land.Node, e)
		if len(rules) == 0 || resumed[rules[0].Node] {
			continue
		}
		resumed[rules[0].Node] = true
		stage, _ := rules[0].Value()
		out = append(out, &way{resume: rules[0], node: rules[0].Node, edge: e, stage: stage, requests: s.rule(rules[0]), bindings: bindings})
	}
	return out
}

// finish solves what is below each way and tells those that succeed from those that may together or beside others.
func (s *solver) finish(d *demand, typeName string, entries []*querygraph.Node) *failure {
	if len(d.ways) == 0 {
		return s.unanswered(d.item, typeName, entries)
	}
	if d.item.Selection == nil {
		return nil
	}
	child := d.item.Field.Type.Name()
	var good, parts []*way
	var failed *failure
	for _, w := range d.ways {
		w.child = s.solve(d.item.Selection, child, []*querygraph.Node{w.edge.To})
		if w.child.failed == nil {
			good = append(good, w)
			continue
		}
		parts = append(parts, w)
		if failed == nil {
			failed = w.child.failed
		}
	}
	switch {
	case len(good) == 0:
		if s.solve(d.item.Selection, child, targets(parts)).failed != nil {
			return failed.under(d.item.Name)
		}
	case s.g.SG.Schema.Types[child].Kind != ast.Object:
		parts = nil // it may not know an object that others have
	}
	d.ways, d.parts = good, parts
	return nil
}

// targets lists the nodes that the ways lead to, each once.
func targets(ways []*way) []*querygraph.Node {
	var out []*querygraph.Node
	for _, w := range ways {
		if !slices.Contains(out, w.edge.To) {
			out = append(out, w.edge.To)
		}
	}
	return out
}

// listField reports whether the item's value is a list.
func listField(it *operation.Item) bool { return it.Field.Type.Elem != nil }

func introspectionField(name string) bool { return name == "__schema" || name == "__type" }
