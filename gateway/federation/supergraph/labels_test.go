package supergraph_test

import (
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

func TestLabelsThatCanMatterToTypes(t *testing.T) {
	moved := func(label string) string {
		return `@join__field(graph: A, overrideLabel: "` + label + `", usedOverridden: true) @join__field(graph: B, override: "a", overrideLabel: "` + label + `")`
	}
	sg, err := supergraph.Read(secured + `
		type Query @join__type(graph: A) @join__type(graph: B) { t: T @join__field(graph: A) u: U @join__field(graph: A) plain: Plain @join__field(graph: A) }
		type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! own: Int ` + moved("own") + ` r: Int @join__field(graph: B, requires: "n { x }") n: N @join__field(graph: A) @join__field(graph: B, external: true) }
		type N @join__type(graph: A) @join__type(graph: B) { x: Int ` + moved("required") + ` k: K @join__field(graph: A) }
		type K @join__type(graph: A, key: "k") @join__type(graph: B, key: "k") { k: Int ` + moved("key") + ` p: Plain @join__field(graph: A) }
		interface I @join__type(graph: A) { i: Int }
		type U implements I @join__type(graph: A, key: "id k { k }") @join__type(graph: B, key: "id") @join__implements(graph: A, interface: "I") { id: ID! i: Int ` + moved("member") + ` k: K @join__field(graph: A) }
		type Plain @join__type(graph: A) { a: Int }`)
	if err != nil {
		t.Fatal(err)
	}
	for types, want := range map[string]string{"Query": "", "Plain": "", "T": "own required", "N": "required", "K": "key", "I": "key member", "U": "key member", "T Query I": "key member own required"} {
		if got := strings.Join(sg.Labels(strings.Fields(types)), " "); got != want {
			t.Errorf("%s: %q, want %q", types, got, want)
		}
	}
}
