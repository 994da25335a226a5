package plan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
)

// header is the part that all generated supergraphs share.
func header(subgraphs int) string {
	var b strings.Builder
	b.WriteString("schema @link(url: \"https://specs.apollo.dev/link/v1.0\") @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) { query: Query }\nenum join__Graph {\n")
	for i := range subgraphs {
		fmt.Fprintf(&b, "  S%d @join__graph(name: \"s%d\", url: \"http://s%d\")\n", i, i, i)
	}
	b.WriteString("}\n")
	return b.String()
}

// manyKeys has one entity with ten key fields; each subgraph knows it by three of them and one pair, and adds a field.
func manyKeys(subgraphs int) string {
	var b, fields strings.Builder
	b.WriteString(header(subgraphs))
	in := map[int][]string{}
	b.WriteString("type T")
	for s := range subgraphs {
		g := fmt.Sprintf("S%d", s)
		keys := []int{s % 10, (s + 3) % 10, (s + 7) % 10}
		for _, k := range keys {
			fmt.Fprintf(&b, " @join__type(graph: %s, key: \"k%d\")", g, k)
			in[k] = append(in[k], g)
		}
		fmt.Fprintf(&b, " @join__type(graph: %s, key: \"k%d k%d\")", g, s%10, (s+3)%10)
		fmt.Fprintf(&fields, "  f%d: Int @join__field(graph: %s)\n  next%d: T @join__field(graph: %s)\n", s, g, s, g)
	}
	for k := range 10 {
		fmt.Fprintf(&fields, "  k%d: ID!", k)
		for _, g := range in[k] {
			fmt.Fprintf(&fields, " @join__field(graph: %s)", g)
		}
		fields.WriteByte('\n')
	}
	b.WriteString(" {\n" + fields.String() + "}\ntype Query")
	for s := range subgraphs {
		fmt.Fprintf(&b, " @join__type(graph: S%d)", s)
	}
	b.WriteString(" { t: T @join__field(graph: S0) }\n")
	return b.String()
}

// wideInterface has an interface with many implementations, whose fields are spread over four subgraphs.
func wideInterface(implementations int) string {
	var b strings.Builder
	b.WriteString(header(4))
	b.WriteString("interface I @join__type(graph: S0) @join__type(graph: S1) @join__type(graph: S2) @join__type(graph: S3) {\n  id: ID!\n")
	for s := range 4 {
		fmt.Fprintf(&b, "  f%d: Int @join__field(graph: S%d)\n  rel%d: I @join__field(graph: S%d)\n", s, s, s, s)
	}
	b.WriteString("}\n")
	for i := range implementations {
		fmt.Fprintf(&b, "type X%d implements I", i)
		for s := range 4 {
			fmt.Fprintf(&b, " @join__implements(graph: S%d, interface: \"I\") @join__type(graph: S%d, key: \"id\")", s, s)
		}
		b.WriteString(" { id: ID!")
		for s := range 4 {
			fmt.Fprintf(&b, " f%d: Int @join__field(graph: S%d) rel%d: I @join__field(graph: S%d)", s, s, s, s)
		}
		b.WriteString(" }\n")
	}
	b.WriteString("type Query @join__type(graph: S0) @join__type(graph: S1) @join__type(graph: S2) @join__type(graph: S3) { i: I @join__field(graph: S0) }\n")
	return b.String()
}

// valueTypes nests a value type that every subgraph shares; each leaf is in two of them.
func valueTypes(subgraphs int) string {
	var b strings.Builder
	b.WriteString(header(subgraphs))
	all := ""
	for s := range subgraphs {
		all += fmt.Sprintf(" @join__type(graph: S%d)", s)
	}
	b.WriteString("type V" + all + " {\n  v: V\n")
	for s := range subgraphs {
		fmt.Fprintf(&b, "  f%d: Int @join__field(graph: S%d) @join__field(graph: S%d)\n", s, s, (s+1)%subgraphs)
	}
	b.WriteString("}\ntype Query" + all + " { v: V }\n")
	return b.String()
}

func nest(open, leaf string, depth int) string {
	return strings.Repeat(open+" { ", depth) + leaf + strings.Repeat(" }", depth)
}

// Units are counted, not time: they are the same on every machine. BenchmarkPlan measures the time.
func TestHardOperationsEndWithinTheirBudget(t *testing.T) {
	for _, h := range hardOperations() {
		t.Run(h.name, func(t *testing.T) {
			sg := read(t, h.sdl)
			op := prepareHard(t, sg, h.operation)
			trace, err := plan.NewPlanner(sg).Trace(context.Background(), op)
			if err != nil {
				t.Fatal(err)
			}
			p := trace.Plan
			t.Logf("%d units, %+v", trace.Units, p.Cost)
			if p.Cost.Requests > h.requests {
				t.Errorf("%d requests, want at most %d", p.Cost.Requests, h.requests)
			}
			if trace.Units > h.units {
				t.Errorf("%d units of work, want at most %d", trace.Units, h.units)
			}
			check(t, sg, op, p)
			for range 2 {
				again, err := plan.NewPlanner(sg).Plan(context.Background(), op)
				if err != nil || encode(t, again) != encode(t, p) {
					t.Fatalf("planned again, it differs (%v)", err)
				}
			}
		})
	}
}

// What would take more work than an operation may ends with an error, before it takes much memory or time.
func TestHostileOperationsAreTooComplex(t *testing.T) {
	var aliases strings.Builder
	for i := range 9_000 {
		fmt.Fprintf(&aliases, "a%d: rel1 { f2 } ", i)
	}
	for name, c := range map[string]struct{ sdl, operation string }{
		"9,000 aliases, each of 200 implementations": {wideInterface(200), "{ i { " + aliases.String() + "} }"},
	} {
		t.Run(name, func(t *testing.T) {
			sg := read(t, c.sdl)
			op := prepareHard(t, sg, c.operation)
			start := time.Now()
			_, err := plan.NewPlanner(sg).Plan(context.Background(), op)
			t.Logf("after %v", time.Since(start))
			if !errors.Is(err, plan.ErrTooComplex) {
				t.Errorf("got %v, want ErrTooComplex", err)
			}
		})
	}
}

func TestFragmentBombIsRefusedUnexpanded(t *testing.T) {
	sg := read(t, manyKeys(3))
	var b strings.Builder
	b.WriteString("{ t { ...F0 } }\n")
	for i := range 60 {
		fmt.Fprintf(&b, "fragment F%d on T { a%d: f0 ...F%d b: next0 { ...F%d } }\n", i, i, i+1, i+1)
	}
	b.WriteString("fragment F60 on T { f1 }\n")
	doc, err := parser.ParseQuery(&ast.Source{Input: b.String()})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if !errors.Is(err, operation.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("refusing took %v", took)
	}
}

func TestCancellationEndsPlanningWithAnError(t *testing.T) {
	sg := read(t, manyKeys(3))
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), "{ t { f0 f1 f2 } }", nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plan.NewPlanner(sg).Plan(ctx, op); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
