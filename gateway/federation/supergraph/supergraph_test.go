package supergraph_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/formatter"

	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/internal/golden"
)

func TestRead(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		sg, err := supergraph.Read(c.Input("supergraph.graphql"))
		if err != nil {
			return map[string]string{"error": err.Error() + "\n"}
		}
		var api bytes.Buffer
		formatter.NewFormatter(&api).FormatSchema(sg.API())
		return map[string]string{"model": model(sg), "api.graphql": api.String()}
	})
}

// model prints what each subgraph declares: one line for a type, one for each of its fields.
func model(sg *supergraph.Supergraph) string {
	var b strings.Builder
	for _, sub := range sg.Subgraphs {
		fmt.Fprintf(&b, "%s %s %s\n", sub.Name, sub.Graph, sub.URL)
		for _, name := range slices.Sorted(maps.Keys(sub.Types)) {
			t := sub.Types[name]
			fmt.Fprintf(&b, "  %s %s", t.Kind, name)
			if t.InterfaceObject {
				b.WriteString(" interfaceObject")
			}
			if len(t.Members) > 0 {
				fmt.Fprintf(&b, " members %v", t.Members)
			}
			for _, k := range t.Keys {
				fmt.Fprintf(&b, " key(%s)", k.Fields)
				if !k.Resolvable {
					b.WriteString(" unresolvable")
				}
			}
			if len(t.Values) > 0 {
				fmt.Fprintf(&b, " values %v", t.Values)
			}
			b.WriteByte('\n')
			for _, f := range t.Fields {
				fmt.Fprintf(&b, "    %s: %s", f.Name, f.Type)
				if f.External {
					b.WriteString(" external")
				}
				if f.Requires != "" {
					fmt.Fprintf(&b, " requires(%s)", f.Requires)
				}
				if f.Provides != "" {
					fmt.Fprintf(&b, " provides(%s)", f.Provides)
				}
				if f.Override.Label != "" {
					fmt.Fprintf(&b, " when(%s)=%v", f.Override.Label, f.Override.When)
				}
				for _, c := range f.Contexts {
					fmt.Fprintf(&b, " context(%s %s: %s = %s)", c.Context, c.Name, c.Type, strings.Join(strings.Fields(c.Selection), " "))
				}
				b.WriteByte('\n')
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sg.Schema.Types)) {
		if r := sg.TypeAuth(name); !r.None() {
			fmt.Fprintf(&b, "auth %s %v\n", name, r)
		}
		for _, f := range sg.Schema.Types[name].Fields {
			if r := sg.FieldAuth(name, f.Name); !r.None() {
				fmt.Fprintf(&b, "auth %s.%s %v\n", name, f.Name, r)
			}
		}
	}
	return b.String()
}

func TestReadRefuses(t *testing.T) {
	const link = `schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)`
	for _, c := range []struct{ name, sdl, want string }{
		{"text that is no SDL", "type {", "parse supergraph"},
		{"a plain schema", "type Query { a: Int }", "its schema has no @link"},
		{"a supergraph of Federation 1", `schema @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }`, "compose it again with Federation 2"},
		{"an old join version", `schema @link(url: "https://specs.apollo.dev/join/v0.2") { query: Query }`, "UNSUPPORTED_LINKED_FEATURE: join v0.2"},
		{"an unknown feature that matters for security", link + ` @link(url: "https://example.com/lock/v1.0", for: SECURITY) { query: Query }`, "UNSUPPORTED_LINKED_FEATURE"},
		{"no subgraph", link + ` { query: Query }`, "lists no subgraph"},
		{"an unknown graph", link + ` { query: Query } enum join__Graph { A @join__graph(name: "a", url: "") } type Query @join__type(graph: B) { a: Int }`, `unknown graph "B"`},
		{"a type of no subgraph", link + ` { query: Query } enum join__Graph { A @join__graph(name: "a", url: "") } type Query { a: Int }`, "is in no subgraph"},
		{"a key that is no field set", link + ` { query: Query } enum join__Graph { A @join__graph(name: "a", url: "") } type Query @join__type(graph: A, key: "a {") { a: Int }`, "key of Query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := supergraph.Read(c.sdl)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// Read never panics on broken input.
func FuzzRead(f *testing.F) {
	f.Add(`schema @link(url: "https://specs.apollo.dev/join/v0.5") { query: Query } enum join__Graph { A @join__graph(name: "a", url: "") } type Query @join__type(graph: A, key: "a") { a: Int @join__field(graph: A, requires: "b", type: "[Int!]", contextArguments: [{context: "c", name: "n", type: "Int", selection: "{ a }"}]) }`)
	f.Add(`schema @link(url: "https://specs.apollo.dev/join/v0.3", import: [{name: "@x"}, 1, null], as: 3) { query: Query }`)
	f.Add(secured + `type Query @join__type(graph: A) @authenticated { a: Int @requiresScopes(scopes: [["a", null], "b", 1]) @rule(policies: null) @join__field(graph: A, override: "b", overrideLabel: "percent(1)", requires: "b { c }", contextArguments: [{context: "c", name: "n", type: "Int", selection: "... on X { a }"}]) }`)
	f.Add(secured + `extend schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"]) type Query @join__type(graph: A) { a(n: Int @cost(weight: "x")): [Int] @listSize(assumedSize: [1], slicingArguments: "n", sizedFields: [null]) @cost }`)
	f.Fuzz(func(t *testing.T, sdl string) {
		sg, err := supergraph.Read(sdl)
		if err == nil && sg.API() == nil {
			t.Error("neither an error nor an API schema")
		}
	})
}
