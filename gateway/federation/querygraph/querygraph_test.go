package querygraph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// build reads a supergraph whose header names the subgraphs A, B, C and D, and makes its graph.
func build(t *testing.T, types string, labels ...string) *querygraph.Graph {
	t.Helper()
	sg, err := supergraph.Read(`schema @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) { query: Query }
		enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") C @join__graph(name: "c", url: "") D @join__graph(name: "d", url: "") }
		type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) @join__type(graph: D) { t: T @join__field(graph: A) }` + types)
	if err != nil {
		t.Fatal(err)
	}
	g, err := querygraph.Build(sg, labels)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// have prints for each field of T, entered in the named subgraph, the stage at which it can be had.
func have(t *testing.T, g *querygraph.Graph, from string, fields ...string) string {
	t.Helper()
	sys := g.System("T", []*querygraph.Node{g.Node(g.SG.Subgraph(from), "T")})
	var out []string
	for _, f := range fields {
		set, err := g.ParseFieldSet(f, "T")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range set.Paths() {
			stage := "-"
			if fact := sys.Have(p); fact.Known {
				stage = fmt.Sprint(fact.Stage)
			}
			out = append(out, p.String()+"="+stage)
		}
	}
	return strings.Join(out, " ")
}

func TestHave(t *testing.T) {
	for _, c := range []struct {
		name, types, from string
		fields            []string
		want              string
	}{
		{
			"a chain of keys",
			`type T @join__type(graph: A, key: "k1") @join__type(graph: B, key: "k1") @join__type(graph: B, key: "k2") @join__type(graph: C, key: "k2") {
				k1: ID! @join__field(graph: A) @join__field(graph: B) k2: ID! @join__field(graph: B) @join__field(graph: C) c: Int @join__field(graph: C) }`,
			"a",
			[]string{"k1", "k2", "c"},
			"k1=0 k2=1 c=2",
		},
		{
			"a key that is plain at the source and external at the target",
			`type T @join__type(graph: A, key: "k1") @join__type(graph: B, key: "k2") {
				k1: ID! @join__field(graph: A) k2: ID! @join__field(graph: A) @join__field(graph: B, external: true) b: Int @join__field(graph: B) }`,
			"a",
			[]string{"b"},
			"b=1",
		},
		{
			"a key that is not resolvable does not land",
			`type T @join__type(graph: A, key: "k") @join__type(graph: B, key: "k", resolvable: false) {
				k: ID! a: Int @join__field(graph: A) b: Int @join__field(graph: B) }`,
			"a",
			[]string{"a", "b"},
			"a=0 b=-",
		},
		{
			"a requirement that leads through the subgraph that asks for it",
			`type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! f: Int @join__field(graph: A, requires: "x") ref: R @join__field(graph: B)
				x: Int @join__field(graph: A, external: true) @join__field(graph: B, requires: "ref { n }") }
			type R @join__type(graph: A, key: "rid") @join__type(graph: B, key: "rid") {
				rid: ID! n: Int @join__field(graph: A) @join__field(graph: B, external: true) }`,
			"a",
			[]string{"ref { n }", "x", "f"},
			"ref.n=2 x=3 f=4",
		},
		{
			"two fields that require each other never settle",
			`type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! a: Int @join__field(graph: A, requires: "b") @join__field(graph: B, external: true)
				b: Int @join__field(graph: B, requires: "a") @join__field(graph: A, external: true) }`,
			"a",
			[]string{"id", "a", "b"},
			"id=0 a=- b=-",
		},
		{
			"two keys that need each other never land",
			`type T @join__type(graph: A, key: "k") @join__type(graph: B, key: "x") @join__type(graph: C, key: "y") {
				k: ID! @join__field(graph: A) x: ID! @join__field(graph: C) @join__field(graph: B, external: true) y: ID! @join__field(graph: B) @join__field(graph: C, external: true) }`,
			"a",
			[]string{"x", "y"},
			"x=- y=-",
		},
		{
			"a key through a list whose elements another subgraph completes",
			`type T @join__type(graph: A) @join__type(graph: C, key: "items { id p }") { items: [R!]! price: Int @join__field(graph: C) }
			type R @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id p") {
				id: ID! p: ID! @join__field(graph: B) @join__field(graph: C) }`,
			"a",
			[]string{"items { id p }", "price"},
			"items.id=0 items.p=1 price=2",
		},
		{
			"an interface field owned elsewhere is had from every implementation",
			`type T @join__type(graph: A, key: "id") { id: ID! i: I }
			interface I @join__type(graph: A) @join__type(graph: B) { id: ID! n: Int @join__field(graph: B) }
			type X implements I @join__implements(graph: A, interface: "I") @join__implements(graph: B, interface: "I") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! n: Int @join__field(graph: B) x: Int @join__field(graph: A) }
			type Y implements I @join__implements(graph: A, interface: "I") @join__implements(graph: B, interface: "I") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! n: Int @join__field(graph: B) }`,
			"a",
			[]string{"i { id n ... on X { x } }"},
			"i.id=0 i.n=1 i.x<X>=0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, have(t, build(t, c.types), c.from, c.fields...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOverrideLabelsDecideEdges(t *testing.T) {
	const types = `type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
		id: ID! f: Int @join__field(graph: A, overrideLabel: "l") @join__field(graph: B, override: "a", overrideLabel: "l") }`
	if got := have(t, build(t, types), "a", "f"); got != "f=0" {
		t.Errorf("label off: %s", got)
	}
	if got := have(t, build(t, types, "l"), "a", "f"); got != "f=1" {
		t.Errorf("label on: %s", got)
	}
}

func TestProvidedFieldsAreReadOnlyOnTheirPath(t *testing.T) {
	g := build(t, `type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
		id: ID! self: T @join__field(graph: A, provides: "n") other: T @join__field(graph: A) n: Int @join__field(graph: A, external: true) @join__field(graph: B) }`)
	if diff := cmp.Diff("self.n=0 other.n=1 self.self.n=0 self.other.n=1", have(t, g, "a", "self { n } other { n } self { self { n } other { n } }")); diff != "" {
		t.Error(diff)
	}
}

func TestKeysThatCannotBeNullArePreferred(t *testing.T) {
	g := build(t, `type T @join__type(graph: A) @join__type(graph: B, key: "maybe") @join__type(graph: B, key: "sure") {
		maybe: ID sure: ID! b: Int @join__field(graph: B) }`)
	sys := g.System("T", []*querygraph.Node{g.Node(g.SG.Subgraph("a"), "T")})
	if got := sys.Land(g.Node(g.SG.Subgraph("b"), "T")).Rule.Landing.Key.String(); got != "sure" {
		t.Errorf("landed by %q", got)
	}
}

// Facts do not depend on the order in which they are asked for.
func TestOrderOfQuestionsDoesNotMatter(t *testing.T) {
	const types = `type T @join__type(graph: A, key: "a") @join__type(graph: B, key: "a") @join__type(graph: B, key: "b") @join__type(graph: C, key: "b") @join__type(graph: D, key: "c d") {
		a: ID! @join__field(graph: A) @join__field(graph: B) b: ID! @join__field(graph: B) @join__field(graph: C) c: ID! @join__field(graph: C) @join__field(graph: D)
		d: ID! @join__field(graph: B) @join__field(graph: D) e: Int @join__field(graph: D, requires: "b") }`
	fields := []string{"a", "b", "c", "d", "e"}
	want := strings.Split(have(t, build(t, types), "a", fields...), " ")
	slices.Reverse(fields)
	got := strings.Split(have(t, build(t, types), "a", fields...), " ")
	slices.Reverse(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
