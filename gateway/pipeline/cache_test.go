package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestACacheHoldsSoManyEntriesOfSoMuchWeight(t *testing.T) {
	c, err := newCache[string, int](3, 100)
	if err != nil {
		t.Fatal(err)
	}
	add := func(key string, weight int) { c.Add(key, weight, weight) }
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { add("a", 10); add("b", 20); add("c", 30) }, "a b c"},
		{func() { add("d", 40) }, "b c d"},
		{func() { c.Get("b"); add("e", 31) }, "d b e"},
		{func() { add("e", 80) }, "b e"},
		{func() { add("b", 21) }, "b"},
		{func() { add("f", 1000) }, "f"},
		{func() { add("g", 1) }, "g"},
		{func() { c.Purge(); add("h", 50); add("i", 50) }, "h i"},
	} {
		step.do()
		if got := strings.Join(c.Keys(), " "); got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
	}
	if v, ok := c.Get("i"); !ok || v != 50 || c.weight != 100 {
		t.Error(v, ok, c.weight)
	}
}

// A document of a few KB has a plan of many MB where it asks a wide interface often.
func TestPlansOfLargeOperationsLeaveTheCache(t *testing.T) {
	sdl := "type Query { "
	var types []string
	for i := range 60 {
		sdl += fmt.Sprintf("w%d: W ", i)
	}
	sdl += "} interface W { id: ID! } "
	fragment := ""
	for i := range 100 {
		types = append(types, fmt.Sprintf("type T%d implements W { id: ID! f%d: Int g: String }", i, i))
		fragment += fmt.Sprintf("... on T%d { f%d g } ", i, i)
	}
	p := New(Options{})
	if err := p.Swap(composed(t, sdl+strings.Join(types, " ")), &fetcher{}); err != nil {
		t.Fatal(err)
	}
	e := p.engine.Load()
	for i := range 20 {
		query := "{ "
		for r := range 60 {
			query += fmt.Sprintf("w%d { ...F } ", r)
		}
		query = fmt.Sprintf("%s} fragment F on W { %s x%d: id }", query, fragment, i)
		p.seen.again(query) // so that it is kept
		if _, failed := p.Prepare(t.Context(), &Request{Query: query}); failed != nil {
			t.Fatal(failed.Errors)
		}
		for what, weight := range map[string][2]int{"documents": {e.documents.weight, documentBytes}, "operations": {e.asked.weight, askedBytes}, "plans": {e.plans.weight, planBytes}} {
			if weight[0] > weight[1] {
				t.Fatalf("%d bytes of %s", weight[0], what)
			}
		}
	}
	if n := e.plans.Len(); n < 2 || n > 18 {
		t.Errorf("%d plans are kept", n)
	}
	if keys := e.documents.Keys(); !slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, "x0: id") }) {
		t.Errorf("small documents leave the cache: %d are kept", len(keys))
	}
}

func TestDocumentsAreWeighedByTheirTokens(t *testing.T) {
	weights := map[string]int{}
	for name, text := range map[string]string{"short": "{ a { bc, d_1 } }", "one string": `{ a(b: "` + strings.Repeat("x", 1000) + `") }`, "many fields": "{ " + strings.Repeat("a ", 1000) + "}"} {
		weights[name] = documentWeight(text, 500)
	}
	want := map[string]int{"short": 2*17 + 300*7, "one string": 2*1012 + 300*10, "many fields": 2*2003 + 300*500}
	if diff := cmp.Diff(want, weights); diff != "" {
		t.Error(diff)
	}
}
