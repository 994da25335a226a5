package federation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/bench/world"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// allocations are those that each stage makes for one operation of each shape of the benchmark. They may be a twentieth and
// 2 more, since pools and memory that grows depend on what ran before. Who makes them fewer writes that down here.
var allocations = map[string]struct{ normalise, plan, execute float64 }{
	"deep":         {436, 2843, 74},
	"wide":         {61, 370, 36},
	"pass-through": {61, 215, 15},
	"large":        {61, 291, 26},
	"mutation":     {112, 773, 51},
	"cold":         {114, 655, 50},
}

// stages are those of one operation, each with what it needs from the one before.
type stages struct {
	sg       *supergraph.Supergraph
	document *ast.QueryDocument
	planner  *plan.Planner
	op       *operation.Operation
	plan     *plan.Plan
	executor *exec.Executor
	input    exec.Input
}

func newStages(t testing.TB, shape world.Shape) *stages {
	t.Helper()
	sdl, err := world.Compose(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &stages{}
	if s.sg, err = supergraph.Read(sdl); err != nil {
		t.Fatal(err)
	}
	req := shape.Request(0)
	document, errs := gqlparser.LoadQueryWithRules(s.sg.API(), req.Query, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	s.document = document
	_, parts, err := world.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	s.planner = plan.NewPlanner(s.sg)
	s.op = s.normalise(t)
	s.plan = s.plans(t)
	s.executor = exec.New(&memory{world: world.New(), parts: parts, answers: map[string]*exec.Response{}}, exec.Options{})
	values := exec.VariableMap{}
	for name, v := range req.Variables {
		values[name], _ = json.Marshal(v)
	}
	s.input.Variables = values
	return s
}

func (s *stages) normalise(t testing.TB) *operation.Operation {
	pre, err := operation.Prepare(s.sg.API(), s.document, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// plans plans anew: a planner keeps what it knows of the supergraph, but no plan.
func (s *stages) plans(t testing.TB) *plan.Plan {
	p, err := s.planner.Plan(context.Background(), s.op)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// execute includes projection, but no more than a look-up for the subgraphs.
func (s *stages) execute(t testing.TB) {
	if r := s.executor.Execute(context.Background(), s.plan, s.input); len(r.Errors) > 0 || bytes.Equal(r.Data, []byte("null")) {
		t.Fatal(r.Errors)
	}
}

// memory answers as the subgraphs do and remembers it.
type memory struct {
	exec.Fetcher
	world *world.World
	parts map[string]*ast.Schema

	mu      sync.Mutex
	answers map[string]*exec.Response // by the request's body
}

func (m *memory) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if have := m.answers[string(req.Body)]; have != nil {
		return have, nil
	}
	r, err := world.ParseRequest(req.Body)
	if err != nil {
		return nil, err
	}
	body, err := m.world.Execute(m.parts[req.Subgraph], r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Subgraph, err)
	}
	m.answers[string(req.Body)] = &exec.Response{Body: body}
	return m.answers[string(req.Body)], nil
}

func each(t testing.TB, run func(name string, s *stages)) {
	for _, shape := range world.Shapes() {
		if _, ok := allocations[shape.Name]; ok {
			run(shape.Name, newStages(t, shape))
		}
	}
}

func TestStagesAllocateNoMoreThanTheyDid(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates and empties pools")
	}
	each(t, func(name string, s *stages) {
		want := allocations[name]
		for _, stage := range []struct {
			name string
			want float64
			run  func()
		}{
			{"normalise", want.normalise, func() { s.normalise(t) }},
			{"plan", want.plan, func() { s.plans(t) }},
			{"execute", want.execute, func() { s.execute(t) }},
		} {
			got := testing.AllocsPerRun(200, stage.run)
			if got > stage.want*1.05+2 {
				t.Errorf("%s: %s allocates %.0f times, at the most %.0f were allowed", name, stage.name, got, stage.want)
			}
			t.Logf("%s: %s allocates %.0f times of %.0f", name, stage.name, got, stage.want)
		}
	})
}

func BenchmarkNormalise(b *testing.B) {
	each(b, func(name string, s *stages) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.normalise(b)
			}
		})
	})
}

// BenchmarkPlan plans cold.
func BenchmarkPlan(b *testing.B) {
	each(b, func(name string, s *stages) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.plans(b)
			}
		})
	})
}

func BenchmarkExecute(b *testing.B) {
	each(b, func(name string, s *stages) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.execute(b)
			}
		})
	})
}
