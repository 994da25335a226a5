package pipeline

import (
	"strings"
	"testing"

	"medicore.dev/medicore/internal/principal"
)

// What was asked of one supergraph is planned over the next before that is in force, so that no request finds its plan missing.
func TestPlansAreMadeBeforeASupergraphIsInForce(t *testing.T) {
	requests := []struct {
		role             principal.Role
		query, variables string
	}{
		{principal.Billing, `{ product(id: 1) { name cost } }`, ""},
		{principal.Clinician, `{ product(id: 1) { name cost } }`, ""},
		{principal.Billing, `query Q($x: Boolean!) { product(id: 1) { name @include(if: $x) cost } }`, `{"x":true}`},
		{principal.Billing, `query Q($x: Boolean!) { product(id: 1) { name @include(if: $x) cost } }`, `{"x":false}`},
	}
	for _, tt := range []struct {
		name, sdl string
		warm      []bool // of requests
	}{
		{"the same", shop, []bool{true, true, true, true}},
		{"a field more", shop + "extend type Query { more: Int }", []bool{true, true, true, true}},
		{"a field of them is gone", strings.Replace(shop, "  name: String!\n", "", 1), []bool{false, false, false, false}},
		{"other rights", strings.Replace(shop, `cost: Int @requiresScopes(scopes: [["billing:read"]])`, `cost: Int @requiresScopes(scopes: [["user:admin"]])`, 1), []bool{false, true, false, false}}, // the second is denied as the first is
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &fetcher{answer: func(string) string {
				return `{"data":{"product":{"name":"Desk","cost":5,"__typename":"Product","id":"1"}}}`
			}}
			p := newPipeline(t, f, Options{})
			for range 2 { // plans are kept from the second time on
				for _, r := range requests {
					run(t, p, r.role, r.query, r.variables)
				}
			}
			p.seen = newSeen(1) // what was asked long ago is warmed too
			if n := p.engine.Load().plans.Len(); n != len(requests) {
				t.Fatalf("%d plans for %d requests", n, len(requests))
			}
			if err := p.Swap(composed(t, tt.sdl), f); err != nil {
				t.Fatal(err)
			}
			for i, r := range requests {
				req := &Request{Query: r.query, Variables: given(t, r.variables)}
				before := p.engine.Load().plans.Len()
				_, failed := p.Prepare(as(t, r.role), req)
				if warm := failed == nil && p.engine.Load().plans.Len() == before; warm != tt.warm[i] {
					t.Errorf("%s %s as %s: planned before: %v, want %v", r.query, r.variables, r.role, warm, tt.warm[i])
				}
			}
		})
	}
}
