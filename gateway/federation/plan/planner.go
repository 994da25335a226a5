package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// maxGraphs is the number of override label sets whose query graph is kept, maxSteps the work after which a graph is
// made anew, since what it has derived for all operations takes memory.
const (
	maxGraphs = 64
	maxSteps  = 5_000_000
)

// Planner plans operations over one supergraph. It may be used by several goroutines.
type Planner struct {
	sg *supergraph.Supergraph

	mu     sync.Mutex
	graphs map[string]*querygraph.Graph
}

// NewPlanner returns a planner for the supergraph.
func NewPlanner(sg *supergraph.Supergraph) *Planner {
	return &Planner{sg: sg, graphs: map[string]*querygraph.Graph{}}
}

// graph returns the query graph under the override labels that are on.
func (p *Planner) graph(labels []string) (*querygraph.Graph, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := strings.Join(labels, "\x00")
	if g := p.graphs[key]; g != nil && g.Steps() < maxSteps {
		return g, nil
	}
	g, err := querygraph.Build(p.sg, labels)
	if err != nil {
		return nil, fmt.Errorf("build query graph: %w", err)
	}
	if len(p.graphs) >= maxGraphs {
		clear(p.graphs)
	}
	p.graphs[key] = g
	return g, nil
}

// Plan plans the operation: reach and choose (solve.go), visits (emit.go), passes, fetches (build.go). The same
// operation always gives the same plan. An operation that cannot be answered gives an error that wraps
// ErrUnsatisfiable and names the field, one that is too much work an error that wraps ErrTooComplex; ctx only ends
// the work, it never changes a plan.
func (p *Planner) Plan(ctx context.Context, op *operation.Operation) (*Plan, error) {
	return p.plan(ctx, op, nil)
}

func (p *Planner) plan(ctx context.Context, op *operation.Operation, trace *Trace) (*Plan, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("plan operation: %w", err)
	}
	g, err := p.graph(op.Labels)
	if err != nil {
		return nil, err
	}
	if op.Deferred {
		return p.planDeferred(ctx, g, op, trace)
	}
	s, e, err := choose(newSolver(ctx, g), op, trace)
	if errors.Is(err, ErrUnsatisfiable) {
		// Fragments that no subgraph at hand can match are kept at first, so that a subgraph that could is preferred.
		again := newSolver(ctx, g)
		again.units, again.lenient = s.units, true
		if t, f, failed := choose(again, op, nil); failed == nil {
			s, e, err = t, f, nil
		}
	}
	if trace != nil {
		defer func() { trace.Units = s.units }()
	}
	if trace != nil {
		trace.Failed, _ = errors.AsType[*Unsatisfiable](err)
	}
	if err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, s.err
	}
	return finish(s, e, op, nil)
}

// finish makes the plan of what was emitted. sp: what was taken apart, nil: nothing.
func finish(s *solver, e *emitter, op *operation.Operation, sp *split) (*Plan, error) {
	g := s.g
	if err := e.pass(); err != nil {
		return nil, err
	}
	if s.trace != nil {
		s.trace.Groups = e.steps.Groups
	}
	b := &builder{g: g, keys: e.keys, op: op, whole: e.whole, enums: map[string][]string{}}
	b.build(e.groups)
	out := &Plan{Operation: op.Kind, Fetches: b.fetches}
	if op.Kind == ast.Subscription && len(out.Fetches) > 0 {
		out.Source, out.Fetches = takeSource(out.Fetches)
	}
	sh := &shaper{b: b, memo: map[string]*Shape{}, ids: map[*operation.Selection]int{}, split: sp}
	out.Data = sh.shape(op.Root.Type, []*operation.Selection{op.Root})
	if sp != nil {
		sh.parts(out)
	}
	for _, it := range op.Root.Items {
		if introspectionField(it.Field.Name) {
			out.Introspection = append(out.Introspection, IntrospectionField{Key: e.keys.client(it), Field: it.Source})
		}
	}
	out.Keys = e.keys.names
	out.Cost = cost(out)
	return out, nil
}

// choose decides where each field is read and makes the visits.
func choose(s *solver, op *operation.Operation, trace *Trace) (*solver, *emitter, error) {
	s.trace = trace
	e := newEmitter(s, newKeyring(s.g, op))
	var root *operation.Selection
	root, s.contexts = bindContexts(s.g, e.keys, op)
	if len(s.contexts.bindings) > 0 {
		e.written = map[*place]map[Key][]*spot{}
	}
	if op.Kind != ast.Query {
		return s, e, planRoots(s, e, root)
	}
	sol, err := solveQuery(s, root)
	if err != nil {
		return s, e, err
	}
	e, err = draft(e, root, sol)
	return s, e, err
}

// solveQuery solves the root like any other object: each subgraph is a way to land on it.
func solveQuery(s *solver, root *operation.Selection) (*solution, error) {
	s.reach(root, root.Type, [][]*querygraph.Node{nil})
	s.trace.reached(s, root, nil)
	sol := s.solve(root, root.Type, nil)
	return sol, s.failed(sol)
}

// rootNodes lists where the root type is.
func rootNodes(g *querygraph.Graph, typeName string) []*querygraph.Node {
	var roots []*querygraph.Node
	for _, sub := range g.SG.Subgraphs {
		if n := g.Node(sub, typeName); n != nil {
			roots = append(roots, n)
		}
	}
	return roots
}

// failed turns a failed solution into the error for the client.
func (s *solver) failed(sol *solution) error {
	if s.err != nil {
		return s.err
	}
	if sol.failed == nil {
		return nil
	}
	return sol.failed.err()
}

// takeSource separates the fetch that opens a subscription's stream from those made for each event.
func takeSource(fetches []*Fetch) (*Fetch, []*Fetch) {
	source, rest := fetches[0], fetches[1:]
	for _, f := range rest {
		f.ID--
		f.Level--
		f.Deps = slices.DeleteFunc(f.Deps, func(d int) bool { return d == source.ID })
		for i := range f.Deps {
			f.Deps[i]--
		}
	}
	return source, rest
}

// cost counts requests, levels over all units, and fields.
func cost(p *Plan) Cost {
	all := p.All()
	c := Cost{Requests: len(all)}
	unit, level := -1, -1
	for _, f := range all {
		if f.Unit != unit || f.Level != level {
			c.Levels++
			unit, level = f.Unit, f.Level
		}
		if f.Root != nil {
			c.Fields += fields(f.Root)
		}
		for _, b := range f.Entities {
			c.Fields += fields(b.Entity)
		}
	}
	return c
}

func fields(w *Wire) int {
	n := len(w.Fields)
	for _, f := range w.Fields {
		if f.Child != nil {
			n += fields(f.Child)
		}
	}
	return n
}
