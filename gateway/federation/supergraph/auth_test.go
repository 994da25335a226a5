package supergraph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

// secured is the head of a supergraph of subgraphs a and b that links all that protects and contexts.
const secured = `
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", import: [{name: "@policy", as: "@rule"}], for: SECURITY)
  @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)
{ query: Query }
enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
`

func TestWhatIsReadForAResolverMustBeDemandedByTheField(t *testing.T) {
	const violation = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS: "
	entity := func(own, read string) string {
		return `type Query @join__type(graph: A) { t: T }
			type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! x: Int @join__field(graph: A) @join__field(graph: B, external: true) ` + read + `
				r: Int @join__field(graph: B, requires: "x") ` + own + ` }`
	}
	nested := func(own, typ, field string) string {
		return `type Query @join__type(graph: A) { t: T }
			interface N @join__type(graph: A) @join__type(graph: B) { y: Int }
			type M implements N @join__type(graph: A) @join__type(graph: B) @join__implements(graph: A, interface: "N") @join__implements(graph: B, interface: "N") ` + typ + ` { y: Int z: Int ` + field + ` }
			type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
				id: ID! x: N @join__field(graph: A) @join__field(graph: B, external: true)
				r: Int @join__field(graph: B, requires: "x { ... on M { z } }") ` + own + ` }`
	}
	contextual := func(own, typ, field string) string {
		return `type Query @join__type(graph: A) { u: U }
			type U @join__type(graph: A, key: "id") @context(name: "a__c") ` + typ + ` { id: ID! p: String ` + field + ` t: T }
			type T @join__type(graph: A, key: "id") { id: ID!
				f: Int @join__field(graph: A, contextArguments: [{context: "a__c", name: "a", type: "String", selection: " { p }"}]) ` + own + ` }`
	}
	object := func(own, read string) string {
		return `type Query @join__type(graph: A) { i: I }
			interface I @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {
				id: ID! x: Int @join__field(graph: A) @join__field(graph: B, external: true)
				r: Int @join__field(graph: B, requires: "x") ` + own + ` }
			type X implements I @join__type(graph: A, key: "id") @join__implements(graph: A, interface: "I") { id: ID! x: Int ` + read + ` r: Int @join__field }`
	}
	for _, tt := range []struct{ name, types, want string }{
		{"nothing is demanded", entity("", ""), ""},
		{"a caller is", entity("@authenticated", "@authenticated"), ""},
		{"a caller is not", entity("", "@authenticated"), violation + `[b] field "T.r" reads "T.x" through @requires but does not demand its authorisation: apply that to it too and compose the supergraph again`},
		{"a scope is no caller", entity(`@requiresScopes(scopes: [["a"]])`, "@authenticated"), `reads "T.x"`},
		{"more scopes than needed", entity(`@requiresScopes(scopes: [["a", "z"]])`, `@requiresScopes(scopes: [["a"], ["b"]])`), ""},
		{"an alternative that does not do", entity(`@requiresScopes(scopes: [["a"], ["b"]])`, `@requiresScopes(scopes: [["a"]])`), `reads "T.x"`},
		{"a policy under another name of its directive", entity("", `@rule(policies: [["p"]])`), `reads "T.x"`},
		{"the directive of the default name is none", entity("", `@policy(policies: [["p"]])`), ""},
		{"a type inside", nested("", `@requiresScopes(scopes: [["a"]])`, ""), `reads "N"`},
		{"a type inside that is demanded", nested(`@requiresScopes(scopes: [["a"]])`, `@requiresScopes(scopes: [["a"]])`, ""), ""},
		{"a field inside a fragment", nested("", "", "@authenticated"), `reads "M.z"`},
		{"a value of a context", contextual("", "", "@authenticated"), `field "T.f" reads "U.p" through @fromContext`},
		{"the type that sets a context", contextual("", "@authenticated", ""), `field "T.f" reads "U" through @fromContext`},
		{"both are demanded", contextual("@authenticated", "@authenticated", "@authenticated"), ""},
		{"through an interface object", object("", "@authenticated"), `[b] field "I.r" reads "I.x"`},
		{"demanded through an interface object", object("@authenticated", "@authenticated"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := supergraph.Read(secured + tt.types)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), violation)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAllViolationsAreTold(t *testing.T) {
	_, err := supergraph.Read(secured + `type Query @join__type(graph: A) { t: T }
		type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
			id: ID! x: Int @authenticated @join__field(graph: A) @join__field(graph: B, external: true)
			r: Int @join__field(graph: B, requires: "x") s: Int @join__field(graph: B, requires: "x") }`)
	if err == nil || strings.Count(err.Error(), "MISSING_TRANSITIVE_AUTH_REQUIREMENTS") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestRequirementsArePropagatedWhereTheComposerDidNot(t *testing.T) {
	sg, err := supergraph.Read(secured + `
		type Query @join__type(graph: A) { i: I j: J o: O }
		interface I @join__type(graph: A) { x: Int }
		interface J @join__type(graph: A) { x: Int y: Int }
		type X implements I & J @join__type(graph: A) @join__implements(graph: A, interface: "I") @join__implements(graph: A, interface: "J") @authenticated { x: Int @requiresScopes(scopes: [["a"]]) y: Int }
		type Y implements I @join__type(graph: A) @join__implements(graph: A, interface: "I") { x: Int @requiresScopes(scopes: [["b"], ["c"]]) }
		interface O @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) { id: ID! own: Int @join__field(graph: A) far: Int @join__field(graph: B) @rule(policies: [["p"]]) }
		interface P @join__type(graph: A) { far: Int }
		type Z implements O & P @join__type(graph: A, key: "id") @join__implements(graph: A, interface: "O") @join__implements(graph: A, interface: "P") { id: ID! own: Int @join__field(graph: A) far: Int @join__field }`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range []string{"I", "I.x", "J", "J.x", "J.y", "Y", "O", "O.own", "O.far", "Z.far", "P.far"} {
		typeName, field, isField := strings.Cut(c, ".")
		r := sg.TypeAuth(typeName)
		if isField {
			r = sg.FieldAuth(typeName, field)
		}
		if !r.None() {
			got[c] = fmt.Sprint(r.Authenticated, r.Scopes, r.Policies)
		}
	}
	want := map[string]string{
		"I": "true [] []", "I.x": "false [[a b] [a c]] []", "J": "true [] []", "J.x": "false [[a]] []",
		"O.far": "false [] [[p]]", "Z.far": "false [] [[p]]", "P.far": "false [] [[p]]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
