//go:build e2e

package monolith

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"medicore.dev/medicore/test/monolith/generate"
	"medicore.dev/medicore/test/monolith/operations"
	"medicore.dev/medicore/test/monolith/world"
)

var (
	supergraphs = flag.Int("supergraphs", 200, "how many supergraphs to generate")
	perGraph    = flag.Int("operations", 100, "how many operations to execute over each")
	seed        = flag.Uint64("seed", 1, "of what is generated")
	only        = flag.Int("only", -1, "the number of the one supergraph")
	workers     = flag.Int("workers", 2, "Node processes")
	shrink      = flag.String("shrink", "", "folder that takes the smallest cases that fail")
	most        = flag.Int("most", 3, "how many cases of a kind are shrunk")
)

// run is what the supergraphs gave so far.
type run struct {
	mu       sync.Mutex
	composed int
	refused  map[string][]uint64 // supergraphs that do not compose, by what the composer says
	executed int
	faults   []fault
	coverage Coverage
	requests int
	levels   int
	fields   int
	problems []string // of the test itself
}

// fault is an operation that was not answered as it should.
type fault struct {
	name  string
	graph uint64
	c     *Case
	kind  string
	text  string
}

// Operations over generated supergraphs give what they give over one schema that has all the data.
func TestFederationEqualsMonolith(t *testing.T) {
	r := &run{refused: map[string][]uint64{}, coverage: Coverage{}}
	numbers := make(chan uint64)
	go func() {
		defer close(numbers)
		for n := range *supergraphs {
			if *only < 0 || n == *only {
				numbers <- uint64(n)
			}
		}
	}()
	var running sync.WaitGroup
	for range *workers {
		running.Go(func() {
			oracle, err := NewOracle("node")
			if err != nil {
				t.Error(err)
				for range numbers { // nobody else takes them
				}
				return
			}
			defer oracle.Close()
			for n := range numbers {
				r.supergraph(t, oracle, n)
			}
		})
	}
	running.Wait()
	r.report(t)
}

func (r *run) supergraph(t *testing.T, oracle *Oracle, n uint64) {
	f := generate.New(*seed, n)
	engine, err := NewEngine(f.Subgraphs, f.World)
	if errors.Is(err, ErrCompose) {
		r.mu.Lock()
		defer r.mu.Unlock()
		text, _, _ := strings.Cut(err.Error(), "\n")
		r.refused[text] = append(r.refused[text], n)
		return
	}
	if err == nil {
		err = sameSchema(f.Schema, engine.Supergraph.API())
	}
	if err == nil {
		err = oracle.Load(f.Schema, f.World)
	}
	if err != nil {
		r.problem("supergraph %d: %v", n, err)
		return
	}
	r.mu.Lock()
	r.composed++
	r.mu.Unlock()
	labels := rand.New(rand.NewPCG(*seed, n))
	for i := range uint64(*perGraph) {
		name := fmt.Sprintf("supergraph %d, operation %d", n, i)
		c := &Case{Subgraphs: f.Subgraphs, Schema: f.Schema, World: f.World}
		for _, label := range f.Labels {
			if labels.IntN(2) == 0 {
				c.Labels = append(c.Labels, label)
			}
		}
		if err := r.operate(t, oracle, engine, c, n, i, name); err != nil {
			r.problem("%s: %v\n%s", name, err, c.Operation)
		}
	}
}

func (r *run) operate(t *testing.T, oracle *Oracle, engine *Engine, c *Case, n, i uint64, name string) error {
	op, err := operations.New(engine.Supergraph.API(), *seed<<32+n, i)
	if err != nil {
		return err
	}
	c.Operation, c.Variables = op.Text, op.Variables
	want, err := oracle.Execute(op.Text, op.Variables)
	if err != nil {
		return err
	}
	got, err := engine.Execute(t.Context(), c)
	if err != nil {
		return err
	}
	text := got.differences(want)
	var parts map[string]bool
	if text == "" && i%3 == 0 {
		if text, parts, err = deferred(t, engine, c, want, n, i); err != nil {
			return err
		}
	}
	used := operations.Features(engine.Supergraph.API(), op.Text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.executed++
	r.coverage.Add(got.Touched, want.Used, used, parts)
	if got.Plan != nil {
		r.requests += got.Plan.Cost.Requests
		r.levels += got.Plan.Cost.Levels
		r.fields += got.Plan.Cost.Fields
	}
	if text != "" {
		r.faults = append(r.faults, fault{name: name, graph: n, c: c, kind: kind(text), text: text + "\n" + strings.Join(got.Messages, "\n")})
	}
	return nil
}

// deferred executes the operation with some fragments deferred, and tells how all parts together differ from the whole. The
// case has that operation then.
func deferred(t *testing.T, engine *Engine, c *Case, want *Answer, n, i uint64) (failure string, used map[string]bool, err error) {
	text, err := operations.Defer(engine.Supergraph.API(), c.Operation, *seed<<32+n, i)
	if err != nil || text == "" {
		return "", nil, err
	}
	whole := c.Operation
	c.Operation = text
	if failure, used, err = engine.CompareDeferred(t.Context(), c, want); failure == "" {
		c.Operation = whole
	}
	return failure, used, err
}

func (r *run) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *run) report(t *testing.T) {
	slices.Sort(r.problems)
	for i, p := range r.problems {
		if i < 10 {
			t.Error(p)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(r.refused)) {
		slices.Sort(r.refused[text])
		t.Errorf("%d sets do not compose, the first is %d: %s", len(r.refused[text]), r.refused[text][0], text)
	}
	byKind := map[string][]fault{}
	for _, f := range r.faults {
		byKind[f.kind] = append(byKind[f.kind], f)
	}
	for _, k := range slices.Sorted(maps.Keys(byKind)) {
		list := byKind[k]
		slices.SortFunc(list, func(a, b fault) int {
			return cmp.Or(len(a.c.Operation)-len(b.c.Operation), strings.Compare(a.name, b.name))
		})
		t.Errorf("%d operations fail by %q; the smallest is %s:\n%s\n%v %v\n%s", len(list), k, list[0].name, list[0].c.Operation, world.Canonical(list[0].c.Variables), list[0].c.Labels, list[0].text)
		if *shrink != "" {
			for _, f := range list[:min(len(list), *most)] {
				save(t, f)
			}
		}
	}
	t.Logf("operations that used each feature:\n%s", r.coverage)
	if never := r.coverage.Never(); len(never) > 0 && r.executed >= 20000 {
		t.Errorf("never generated: %s", strings.Join(never, ", "))
	}
	t.Logf("%d of %d supergraphs, %d operations, %d fail, %d problems; plans: %d requests, %d levels, %d fields, cost %d", r.composed, *supergraphs, r.executed,
		len(r.faults), len(r.problems), r.requests, r.levels, r.fields, 1000*r.requests+700*r.levels+r.fields)
}

// save shrinks a case and writes it.
func save(t *testing.T, f fault) {
	oracle, err := NewOracle("node")
	if err != nil {
		t.Error(err)
		return
	}
	defer oracle.Close()
	small := Shrink(f.c, f.kind == "rejected", func(c *Case) bool {
		again, want, err := Examine(t.Context(), oracle, c)
		return err == nil && kind(again) == f.kind && !slices.Contains(want.Errors, "") // which is of a request that is not valid
	})
	failure, want, err := Examine(t.Context(), oracle, small)
	if err != nil {
		t.Errorf("%s: %v", f.name, err)
		return
	}
	text, err := small.Format(f.name+"\n"+failure, want)
	if err != nil {
		t.Error(err)
		return
	}
	name := fmt.Sprintf("%s-%d-%s.txtar", strings.ReplaceAll(strings.Trim(f.kind, ":"), " ", "-"), *seed, strings.NewReplacer("supergraph ", "", ", operation ", "-").Replace(f.name))
	if err := os.WriteFile(filepath.Join(*shrink, name), text, 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("%s:\n%s", name, text)
}
