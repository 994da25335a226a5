package pipeline

import (
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/authn"
)

const weighed = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@cost", "@listSize", "@requiresScopes"])
type Query { page(first: Int): [Item] @listSize(slicingArguments: ["first"]) all: [Item] }
type Item { name: String secret: Int @cost(weight: 4) @requiresScopes(scopes: [["s"]]) }
`

func TestCost(t *testing.T) {
	const query, three = `query($n: Int = 3) { page(first: $n) { name secret } }`, `{"n":3}`
	items := `{"data":{"page":[{"name":"a","secret":1},{"name":"b","secret":2}]}`
	for _, tt := range []struct {
		name             string
		opt              Cost
		query, variables string
		want             bool
		answer           string
		unasked          bool // no subgraph is asked
	}{
		{"no limit, not asked for", Cost{Show: true}, query, three, false, items + `}`, false},
		{"asked for and shown", Cost{Show: true}, query, three, true, items + `,"extensions":{"cost":{"actual":10,"estimated":15}}}`, false},
		{"asked for and not shown", Cost{}, query, three, true, items + `}`, false},
		{"within the limit", Cost{Limit: 15, Show: true}, query, `{}`, true, items + `,"extensions":{"cost":{"actual":10,"allowed":15,"estimated":15}}}`, false},
		{
			"beyond the limit by a variable",
			Cost{Limit: 15},
			query, `{"n":4}`, false,
			`{"errors":[{"message":"the operation costs an estimated 20, at most 15 is allowed","extensions":{"code":"LIMIT_EXCEEDED","cost":{"allowed":15,"estimated":20}}}]}`, true,
		},
		{
			"lists of nothing told",
			Cost{Limit: 9},
			`{ all { name } }`, `{}`, false,
			`{"errors":[{"message":"the operation costs an estimated 10, at most 9 is allowed","extensions":{"code":"LIMIT_EXCEEDED","cost":{"allowed":9,"estimated":10}}}]}`, true,
		},
		{"their configured size", Cost{Limit: 9, ListSize: 9}, `{ all { name } }`, `{}`, false, `{"data":{"all":[{"name":"a"},{"name":"b"}]}}`, false},
		{
			"a slicing argument that is missing",
			Cost{Limit: 100},
			`{ page { name } }`, `{}`, false,
			`{"errors":[{"message":"Query.page needs exactly one of the arguments first, 0 are given","extensions":{"code":"BAD_USER_INPUT"}}]}`, true,
		},
		{"and matters only where there is a limit", Cost{}, `{ page { name } }`, `{}`, false, `{"data":{"page":[{"name":"a"},{"name":"b"}]}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := []any{object("Item", map[string]any{"name": "a", "secret": 1}), object("Item", map[string]any{"name": "b", "secret": 2})}
			w := &world{data: map[string]any{"page": list, "all": list}}
			req := &Request{Query: tt.query, Variables: given(t, tt.variables), WantCost: tt.want}
			got, asked := w.answer(t, pipelineOver(t, w, Options{Cost: tt.opt}, map[string]string{"a": weighed}), authn.Caller{Subject: "x", Scopes: []string{"s"}}, req)
			if got != tt.answer || (asked == "") != tt.unasked {
				t.Errorf("got  %s\nwant %s\nasked %q", got, tt.answer, asked)
			}
		})
	}
}

func TestWhatIsDeniedCostsNothingInTheEnd(t *testing.T) {
	w := &world{data: map[string]any{"all": []any{object("Item", map[string]any{"name": "a", "secret": 1})}}}
	got, _ := w.answer(t, pipelineOver(t, w, Options{Cost: Cost{Show: true}}, map[string]string{"a": weighed}), authn.Caller{Subject: "x"}, &Request{Query: `{ all { name secret } }`, WantCost: true})
	if !strings.HasSuffix(got, `"extensions":{"cost":{"actual":1,"estimated":50}}}`) {
		t.Errorf("got %s", got)
	}
}
