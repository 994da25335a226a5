package cost_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/cost"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

const library = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@cost", {name: "@listSize", as: "@size"}])
type Query {
  book: Book
  books: [Book]
  five: [Book] @size(assumedSize: 5)
  page(first: Int, last: Int, from: Int = 4): [Book!]! @size(assumedSize: 8, slicingArguments: ["first", "last"])
  loose(first: Int, last: Int): [Book] @size(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 7)
  usual(first: Int = 3): [Book] @size(slicingArguments: ["first"])
  connection(first: Int): Connection @size(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])
  slow: Int @cost(weight: 20)
  map: Map
  shade: Shade
  days: [Day] @size(assumedSize: 2)
  grid: [[Book]] @size(assumedSize: 3)
  thing: Thing
  any: Any
  anys: [Any] @size(assumedSize: 2)
  find(text: String @cost(weight: 3), filter: Filter, filters: [Filter!] @cost(weight: 4), shade: Shade, days: [Day]): Book
  cheap: Book @cost(weight: -5)
}
type Mutation { add(filter: Filter): Book }
type Book implements Thing { title: String author: Author pages(first: Int): [Page] @size(slicingArguments: ["first"], assumedSize: 6, requireOneSlicingArgument: false) label: Int @cost(weight: 2) }
type Author { name: String books: [Book] }
type Page { text: String }
type Connection { edges: [Edge] nodes: [Book] total: Int }
type Edge { node: Book }
type Map implements Thing @cost(weight: 7) { label: Int @cost(weight: 3) sheets: [Int] }
interface Thing { label: Int }
union Any = Book | Map
enum Shade @cost(weight: 2) { LIGHT DARK }
scalar Day @cost(weight: 4)
input Filter { text: String shade: Shade words: [String] @cost(weight: 6) and: Filter within: [Filter] }
`

func estimator(t *testing.T) cost.Estimator {
	t.Helper()
	result, err := compose.Compose([]subgraph.Source{{Name: "library", URL: "http://library", SDL: library}})
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	return cost.Estimator{Supergraph: sg, ListSize: 10}
}

func prepare(t *testing.T, e cost.Estimator, query string) *operation.Operation {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(e.Supergraph.API(), query, rules.NewDefaultRules())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	p, err := operation.Prepare(e.Supergraph.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := p.Specialise(nil)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func TestEstimate(t *testing.T) {
	e := estimator(t)
	for _, tt := range []struct {
		name, query string
		variables   map[string]any
		want        int64
		violations  []string
	}{
		{"an object is 1, scalars are free", `{ book { title } }`, nil, 1, nil},
		{"objects in objects", `{ book { author { name } } }`, nil, 1 + 1, nil},
		{"a list of nothing told is the default", `{ books { title } }`, nil, 10 * 1, nil},
		{"lists in lists multiply", `{ books { author { books { title } } } }`, nil, 10 * (1 + 1*(1+10*1)), nil},
		{"an assumed size", `{ five { author { name } } }`, nil, 5 * (1 + 1), nil},
		{"a slicing argument beats it", `{ page(first: 3) { title } }`, nil, 3 * 1, nil},
		{"a slicing argument of a variable", `query($n: Int) { page(first: $n) { title } }`, map[string]any{"n": int64(20)}, 20 * 1, nil},
		{"one below zero is an empty list", `{ page(first: -3) { title } }`, nil, 0, nil},
		{"another argument does not count", `{ page(last: 2, from: 9) { title } }`, nil, 2 * 1, nil},
		{"none where one is needed", `{ page { title } }`, nil, 8 * 1, []string{"Query.page needs exactly one of the arguments first, last, 0 are given"}},
		{"null is none", `{ page(first: null) { title } }`, nil, 8 * 1, []string{"Query.page needs exactly one of the arguments first, last, 0 are given"}},
		{"a variable that is not given is none", `query($n: Int) { page(first: $n) { title } }`, nil, 8 * 1, []string{"Query.page needs exactly one of the arguments first, last, 0 are given"}},
		{"two where one is needed", `{ page(first: 2, last: 30) { title } }`, nil, 30 * 1, []string{"Query.page needs exactly one of the arguments first, last, 2 are given"}},
		{"none where none is needed", `{ loose { title } }`, nil, 7 * 1, nil},
		{"the largest of several", `{ loose(first: 2, last: 5) { title } }`, nil, 5 * 1, nil},
		{"a default is given", `{ usual { title } }`, nil, 3 * 1, nil},
		{"an argument beats its default", `{ usual(first: 1) { title } }`, nil, 1 * 1, nil},
		// the connection 1; 4 edges of 1 with a node of 1; 4 nodes of 1
		{"sized fields", `{ connection(first: 4) { edges { node { title } } nodes { title } total } }`, nil, 1 + 4*(1+1) + 4*1, nil},
		{"a sized field under an alias", `{ connection(first: 4) { e: edges { node { title } } } }`, nil, 1 + 4*(1+1), nil},
		{"a field's weight", `{ slow }`, nil, 20, nil},
		{"a field's weight beats its type's", `{ cheap { author { name } } }`, nil, 0, nil}, // -5 + 1, not below 0
		{"a type's weight", `{ map { sheets } }`, nil, 7, nil},
		{"an enum's weight", `{ shade }`, nil, 2, nil},
		{"a scalar's weight, in a list", `{ days }`, nil, 2 * 4, nil},
		{"a list of lists: only the outer one is told of", `{ grid { title } }`, nil, 3 * 10 * 1, nil},
		// a thing may be a Map, 7; its label may be a Map's, 3
		{"an abstract type is the dearest of its types", `{ thing { label } }`, nil, 7 + 3, nil},
		{"fields of fragments add up", `{ any { __typename ... on Book { label } ... on Map { label } } }`, nil, 7 + 2 + 3, nil},
		{"in lists", `{ anys { ... on Book { author { name } } } }`, nil, 2 * (7 + 1), nil},
		{"equal fields are one", `{ book { title } ...B } fragment B on Query { book { author { name } } }`, nil, 1 + 1, nil},
		{"what is skipped is free", `{ book @skip(if: true) { title } slow @include(if: false) }`, nil, 0, nil},
		{"introspection is free", `{ __typename __type(name: "Book") { fields { name } } }`, nil, 0, nil},
		{"an argument's weight", `{ find(text: "x") { title } }`, nil, 1 + 3, nil},
		{"null weighs nothing", `{ find(text: null) { title } }`, nil, 1, nil},
		{"an enum as argument", `{ find(shade: DARK) { title } }`, nil, 1 + 2, nil},
		{"scalars as arguments", `{ find(days: ["a", "b"]) { title } }`, nil, 1 + 4 + 4, nil},
		// the book 1; the filter 1 with a text 0, a shade 2, words 6, and a filter of 1 in it
		{"an input object and its fields", `{ find(filter: {text: "a", shade: DARK, words: ["a", "b"], and: {}}) { title } }`, nil, 1 + (1 + 0 + 2 + 6 + 1), nil},
		// the book 1; the argument 4, two filters of 1, in one of them a list of two
		{"a list of input objects", `{ find(filters: [{}, {within: [{}, {}]}]) { title } }`, nil, 1 + 4 + 1 + (1 + 1 + 1), nil},
		{"an input object of a variable", `query($f: Filter) { find(filter: $f) { title } }`, map[string]any{"f": map[string]any{"shade": "DARK"}}, 1 + 1 + 2, nil},
		{"arguments count once for each object above", `{ five { pages(first: 2) { text } } }`, nil, 5 * (1 + 2*1), nil},
		{"a mutation", `mutation { add(filter: {}) { title } }`, nil, 10 + 1 + 1, nil},
		{"what cannot be counted any more", `{ page(first: 2000000000) { pages(first: 2000000000) { text } } }`, nil, cost.Most, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := e.Estimate(prepare(t, e, tt.query), tt.variables)
			if diff := cmp.Diff(cost.Estimate{Cost: tt.want, Violations: tt.violations}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestActual(t *testing.T) {
	e := estimator(t)
	for _, tt := range []struct {
		name, query, data string
		want              int64
	}{
		{"an object", `{ book { title } }`, `{"book":{"title":"x"}}`, 1},
		{"nothing", `{ book { title } slow }`, `{"book":null,"slow":null}`, 0},
		{"data as a whole is null", `{ page(first: 1) { title } }`, `null`, 0},
		{"as many as there are", `{ books { author { name } } }`, `{"books":[{"author":{"name":"x"}},{"author":null},null]}`, 2 + 1},
		{"lists of lists", `{ grid { title } }`, `{"grid":[[{"title":"x"},{"title":"y"}],[],null]}`, 2},
		{"weights of fields, types and arguments", `{ slow m: map { sheets } find(text: "x") { title } days }`, `{"slow":1,"m":{"sheets":[1,2]},"find":null,"days":["a","b","c"]}`, 20 + 7 + 3 + 3*4},
		// the runtime types are not asked for, so each is the dearest, a Map of 7 with a label of 3
		{"members of a union", `{ anys { ... on Book { label } ... on Map { label } } }`, `{"anys":[{"label":1},{"label":2}]}`, 2 * (7 + 3)},
		{"a mutation", `mutation { add { title } }`, `{"add":{"title":"x"}}`, 10 + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op := prepare(t, e, tt.query)
			if got := e.Actual(op, nil, []byte(tt.data)); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestASupergraphWithoutWeightsIsCountedByItsTypes(t *testing.T) {
	result, err := compose.Compose([]subgraph.Source{{Name: "a", URL: "http://a", SDL: "type Query { t: [T] } type T { x: Int }"}})
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil || strings.Contains(result.SupergraphSDL, "/cost/") {
		t.Fatal(err)
	}
	e := cost.Estimator{Supergraph: sg, ListSize: 4}
	if got := e.Estimate(prepare(t, e, `{ t { x } }`), nil).Cost; got != 4 {
		t.Errorf("got %d, want 4", got)
	}
}
