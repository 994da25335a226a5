package plan_test

import (
	"errors"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/plan"
)

// contextual has a field whose argument comes from a Box, and two ways to its object.
const contextual = `schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
	@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY) { query: Query mutation: Mutation }
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
type Query @join__type(graph: A) { box: Box item: Item holder: Holder }
type Mutation @join__type(graph: A) @context(name: "a__c") { size: Int item: Item pack: Box }
union Holder @join__type(graph: A) @join__unionMember(graph: A, member: "Box") @join__unionMember(graph: A, member: "Bag") = Box | Bag
type Box @join__type(graph: A) @context(name: "a__c") { size: Int item: Item }
type Bag @join__type(graph: A) { item: Item }
type Item @join__type(graph: A, key: "id") {
	id: ID!
	fits: String @join__field(graph: A, contextArguments: [{context: "a__c", name: "size", type: "Int", selection: " { size }"}])
}`

func TestAContextThatNoAncestorSetsCannotBeUsed(t *testing.T) {
	sg := read(t, contextual)
	for _, c := range []struct {
		name, operation string
		at              string // where planning fails, "" if it does not
	}{
		{"set above", "{ box { item { fits } } }", ""},
		{"not set", "{ item { fits } }", "Item.fits at item.fits"},
		{"set by some types only", "{ holder { ... on Box { item { fits } } ... on Bag { item { fits } } } }", "Item.fits at holder.item.fits"},
		{"asked below those that set it", "{ holder { ... on Box { item { fits } } ... on Bag { item { id } } } }", ""},
		{"set below a mutation's field", "mutation { pack { item { fits } } }", ""},
		{"set by a root type of which another field would have to be run", "mutation { item { fits } }", "Item.fits at item.fits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := planOperation(t, sg, c.operation, nil)
			switch {
			case c.at == "" && err != nil:
				t.Error(err)
			case c.at != "" && (!errors.Is(err, plan.ErrUnsatisfiable) || !strings.Contains(err.Error(), c.at)):
				t.Errorf("got %v, want a failure of %s", err, c.at)
			}
		})
	}
}
