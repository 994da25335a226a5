package plan_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// hard is an operation that is much work to plan.
type hard struct {
	name, sdl, operation string
	requests, units      int // at most
}

func hardOperations() []hard {
	var aliases, leaves, many, wide, fragments strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&aliases, "a%d: t { f%d next0 { f%d next1 { f%d } } } ", i, i%8, (i+1)%8, (i+2)%8)
	}
	for s := range 10 {
		fmt.Fprintf(&leaves, "f%d ", s)
	}
	for s := range 20 {
		fmt.Fprintf(&many, "f%d ", s)
	}
	for i := range 10_000 {
		fmt.Fprintf(&wide, "a%d: f%d ", i, i%8)
	}
	for i := range 200 {
		fmt.Fprintf(&fragments, "... on X%d { f%d a%d: rel%d { f%d ... on X%d { f%d } } } ", i, i%4, i, i%4, (i+1)%4, (i+7)%200, (i+2)%4)
	}
	var required, nullable strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&required, "a%d: r%d ", i, i%12)
		fmt.Fprintf(&nullable, "a%d: t { f%d next { f%d } } ", i, i%4, (i+1)%4)
	}
	return []hard{
		{"3,000 fields with requirements of 12 depths", chains(12), "{ t { " + required.String() + "} }", 13, 200_000},
		{"3,000 objects with keys that may be null", nullableKeys(4), "{ " + nullable.String() + "}", 10, 200_000},
		{"2,000 aliases over 8 subgraphs, 3 levels each", manyKeys(8), "{ " + aliases.String() + "}", 24, 200_000},
		{"10,000 fields", manyKeys(8), "{ t { " + wide.String() + "} }", 16, 200_000},
		{"50 levels over 8 subgraphs", manyKeys(8), "{ t " + strings.Repeat("{ f1 next0 { f2 next1 ", 25) + "{ f3 }" + strings.Repeat("} }", 25) + " }", 120, 200_000},
		{"20 subgraphs with 3 single and one composite key each", manyKeys(20), "{ t { " + many.String() + "next5 { " + many.String() + "next9 { " + many.String() + "} } } }", 60, 200_000},
		{"an interface with 200 implementations, exploded at 3 levels", wideInterface(200), "{ i { f1 rel1 { f2 rel2 { f3 } } } }", 4, 200_000},
		{"200 fragments on an interface with 200 implementations", wideInterface(200), "{ i { " + fragments.String() + "} }", 16, 400_000},
		{"value types 10 deep in 10 subgraphs, each leaf in two", valueTypes(10), "{ " + nest("v { "+leaves.String()+"v", leaves.String(), 5) + strings.Repeat(" }", 5) + " }", 5, 200_000},
	}
}

// chains has fields of which each requires the one before, alternating between two subgraphs.
func chains(depth int) string {
	var b strings.Builder
	b.WriteString(header(2) + "type Query @join__type(graph: S0) @join__type(graph: S1) { t: T @join__field(graph: S0) }\n")
	b.WriteString("type T @join__type(graph: S0, key: \"id\") @join__type(graph: S1, key: \"id\") {\n  id: ID!\n  r0: Int @join__field(graph: S0) @join__field(graph: S1, external: true)\n")
	for i := 1; i < depth; i++ {
		fmt.Fprintf(&b, "  r%d: Int @join__field(graph: S%d, requires: \"r%d\") @join__field(graph: S%d, external: true)\n", i, i%2, i-1, 1-i%2)
	}
	b.WriteString("}\n")
	return b.String()
}

// nullableKeys has an entity that every subgraph knows by three keys, all of which may be null.
func nullableKeys(subgraphs int) string {
	var b strings.Builder
	b.WriteString(header(subgraphs) + "type Query")
	for s := range subgraphs {
		fmt.Fprintf(&b, " @join__type(graph: S%d)", s)
	}
	b.WriteString(" { t: T @join__field(graph: S0) }\ntype T")
	for s := range subgraphs {
		for _, k := range []int{s % 3, (s + 1) % 3, (s + 2) % 3} {
			fmt.Fprintf(&b, " @join__type(graph: S%d, key: \"k%d\")", s, k)
		}
	}
	b.WriteString(" { k0: ID k1: ID k2: ID @join__field(graph: S1) @join__field(graph: S2) @join__field(graph: S3)")
	for s := range subgraphs {
		fmt.Fprintf(&b, " f%d: Int @join__field(graph: S%d)", s, s)
	}
	b.WriteString(" next: T @join__field(graph: S0) }\n")
	return b.String()
}

// prepareHard normalises an operation of our own without validating it first, which takes longer than all the rest.
func prepareHard(t testing.TB, sg *supergraph.Supergraph, text string) *operation.Operation {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// BenchmarkPlan plans with a planner that knows the supergraph but not the operation.
func BenchmarkPlan(b *testing.B) {
	for _, h := range hardOperations() {
		b.Run(h.name, func(b *testing.B) {
			sg := read(b, h.sdl)
			op := prepareHard(b, sg, h.operation)
			p := plan.NewPlanner(sg)
			for b.Loop() {
				if _, err := p.Plan(context.Background(), op); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNormalise prepares the same operations.
func BenchmarkNormalise(b *testing.B) {
	for _, h := range hardOperations() {
		b.Run(h.name, func(b *testing.B) {
			sg := read(b, h.sdl)
			for b.Loop() {
				prepareHard(b, sg, h.operation)
			}
		})
	}
}
