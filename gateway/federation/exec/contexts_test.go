package exec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// owners sets up a service in which each of n owners has a currency of its own and the same item.
func owners(t *testing.T, n int, price string) (*supergraph.Supergraph, *services) {
	t.Helper()
	src := subgraph.Source{Name: "a", SDL: link + `
		type Query { owners: [Owner!]! }
		type Owner @key(fields: "id") @context(name: "owner") { id: ID! currency: String item: Item }
		type Item @key(fields: "id") { id: ID! name: String price(in: String @fromContext(field: "$owner { currency }")): String }`}
	list := []any{}
	for i := range n {
		list = append(list, map[string]any{"id": fmt.Sprint(i), "currency": fmt.Sprintf("C%d", i), "item": map[string]any{"id": "x"}})
	}
	data, err := json.Marshal(map[string]any{"Query": map[string]any{"owners": list}, "Item": []any{map[string]any{"id": "x", "price": price}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newService(src, string(data))
	if err != nil {
		t.Fatal(err)
	}
	res, err := compose.Compose([]subgraph.Source{src})
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(res.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	return sg, &services{all: map[string]*service{"a": s}}
}

func prices(t *testing.T, n int, price string) (answer string, requests int) {
	t.Helper()
	sg, f := owners(t, n, price)
	got, _ := respond(t, sg, f, "{ owners { item { price } } }", "", nil)
	b, err := json.Marshal(got[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b), len(f.asked)
}

func TestManyValuesOfAContextAreAskedInSeveralRequests(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 2, 100: 2, 101: 3, 250: 4} {
		answer, requests := prices(t, n, "=in {$in}")
		if requests != want {
			t.Errorf("%d values took %d requests, want %d", n, requests, want)
		}
		for i := range n {
			if !strings.Contains(answer, fmt.Sprintf(`"in \"C%d\""`, i)) {
				t.Errorf("of %d prices that in C%d is missing", n, i)
			}
		}
		if strings.Contains(answer, "errors") {
			t.Errorf("%d values: %s", n, answer[:min(len(answer), 500)])
		}
	}
}

func TestAnErrorUnderOneValueOfAContextIsReportedThere(t *testing.T) {
	answer, _ := prices(t, 3, "!no price")
	for i := range 3 {
		if !strings.Contains(answer, fmt.Sprintf(`"path":["owners",%d,"item","price"]`, i)) {
			t.Errorf("no error for owner %d in %s", i, answer)
		}
	}
}
