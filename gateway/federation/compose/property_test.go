package compose_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// TestOrderOfSubgraphsDoesNotMatter composes each case in every order of up to four subgraphs.
func TestOrderOfSubgraphsDoesNotMatter(t *testing.T) {
	inputs := map[string][]subgraph.Source{"platform": platform(t)}
	for _, c := range readCases(t) {
		if len(c.Subgraphs) > 1 && len(c.Subgraphs) <= 4 {
			inputs[c.ID] = c.sources()
		}
	}
	for id, sources := range inputs {
		first, firstErr := compose.Compose(sources)
		for _, order := range permutations(len(sources)) {
			shuffled := make([]subgraph.Source, len(sources))
			for i, from := range order {
				shuffled[i] = sources[from]
			}
			again, err := compose.Compose(shuffled)
			if diff := cmp.Diff(first, again); diff != "" {
				t.Fatalf("%s in order %v (-first +again):\n%s", id, order, diff)
			}
			if diff := cmp.Diff(asErrors(firstErr), asErrors(err)); diff != "" {
				t.Fatalf("%s in order %v: errors (-first +again):\n%s", id, order, diff)
			}
		}
	}
}

func asErrors(err error) compose.Errors {
	var list compose.Errors
	errors.As(err, &list)
	return list
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var out [][]int
	for _, shorter := range permutations(n - 1) {
		for at := 0; at <= len(shorter); at++ {
			out = append(out, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return out
}

// TestEverySupergraphIsAValidSchema loads what Compose prints as an ordinary GraphQL schema, and as a supergraph.
func TestEverySupergraphIsAValidSchema(t *testing.T) {
	for _, c := range readCases(t) {
		result, err := compose.Compose(c.sources())
		if err != nil {
			continue
		}
		if _, err := gqlparser.LoadSchema(&ast.Source{Name: c.ID, Input: result.SupergraphSDL}); err != nil {
			t.Errorf("%s: %v\n%s", c.ID, err, result.SupergraphSDL)
		}
		if _, err := supergraph.Read(result.SupergraphSDL); err != nil {
			t.Errorf("%s: the engine cannot read its own supergraph: %v", c.ID, err)
		}
	}
}

func TestErrorsNameTheirSubgraphAndPlace(t *testing.T) {
	_, err := compose.Compose([]subgraph.Source{
		{Name: "b", SDL: "type Query {\n  t: Nope\n}"},
		{Name: "a", SDL: "type Query {\n\n  u: Missing\n}"},
	})
	list := asErrors(err)
	want := []compose.Location{{Subgraph: "a", Line: 3, Column: 6}, {Subgraph: "b", Line: 2, Column: 6}}
	var got []compose.Location
	for _, e := range list {
		got = append(got, e.Locations...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, err)
	}
}

func TestDuplicateSubgraphNamesAreRefused(t *testing.T) {
	_, err := compose.Compose([]subgraph.Source{{Name: "a", SDL: "type Query { a: Int }"}, {Name: "a", SDL: "type Query { b: Int }"}})
	if list := asErrors(err); len(list) != 1 || list[0].Code != "INVALID_SUBGRAPH_NAME" {
		t.Errorf("got %v", err)
	}
}

func TestNoSubgraphsIsAnError(t *testing.T) {
	if _, err := compose.Compose(nil); len(asErrors(err)) != 1 || asErrors(err)[0].Code != "NO_QUERIES" {
		t.Errorf("got %v", err)
	}
}

// FuzzCompose checks that no input makes Compose panic, and that its result does not depend on the order.
func FuzzCompose(f *testing.F) {
	for _, c := range readCases(f) {
		sources := c.sources()
		if len(sources) == 2 {
			f.Add(sources[0].SDL, sources[1].SDL)
		} else {
			f.Add(sources[0].SDL, "type Query { other: Int }")
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		first, firstErr := compose.Compose([]subgraph.Source{{Name: "a", SDL: a}, {Name: "b", SDL: b}})
		again, err := compose.Compose([]subgraph.Source{{Name: "b", SDL: b}, {Name: "a", SDL: a}})
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("the order matters:\n%s", diff)
		}
		if diff := cmp.Diff(asErrors(firstErr), asErrors(err)); diff != "" {
			t.Errorf("the order matters for errors:\n%s", diff)
		}
		if firstErr == nil {
			if _, err := gqlparser.LoadSchema(&ast.Source{Name: "supergraph", Input: first.SupergraphSDL}); err != nil {
				t.Errorf("supergraph is invalid: %v\n%s", err, first.SupergraphSDL)
			}
		}
	})
}

func TestRequirementsThatExplodeAreRefused(t *testing.T) {
	var sources []subgraph.Source
	for _, name := range []string{"a", "b", "c", "d"} {
		var scopes []string
		for i := range 100 {
			scopes = append(scopes, fmt.Sprintf("[%q]", fmt.Sprintf("%s%d", name, i)))
		}
		sources = append(sources, subgraph.Source{Name: name, SDL: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@shareable", "@requiresScopes"])
			type Query { t: Int @shareable @requiresScopes(scopes: [` + strings.Join(scopes, ",") + `]) }`})
	}
	_, err := compose.Compose(sources)
	if list := asErrors(err); len(list) != 1 || list[0].Code != "INVALID_GRAPHQL" {
		t.Errorf("got %v", err)
	}
}
