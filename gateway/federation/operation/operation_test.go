package operation_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/internal/golden"
)

const schemaText = `
interface Node { id: ID! }
interface Named implements Node { id: ID! name(short: Boolean = false, in: In): String }
type User implements Named & Node { id: ID! name(short: Boolean = false, in: In): String friends(first: Int): [User!]! pet: Pet }
type Team implements Named & Node { id: ID! name(short: Boolean = false, in: In): String members: [User!]! }
type Cat { lives: Int owner: User }
type Dog { barks: Boolean owner: User }
union Pet = Cat | Dog
input In { a: Int b: [String!] }
type Query { me: User node(id: ID!): Node named: [Named] pets: [Pet!]! }
type Mutation { rename(id: ID!): User }
`

var schema = gqlparser.MustLoadSchema(&ast.Source{Name: "schema", Input: schemaText})

func prepare(t testing.TB, text string) *operation.Prepared {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, text, nil)
	if len(errs) > 0 {
		t.Fatalf("invalid: %v", errs)
	}
	p, err := operation.Prepare(schema, doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func specialise(t testing.TB, p *operation.Prepared, values map[string]bool, labels ...string) *operation.Operation {
	t.Helper()
	op, err := p.Specialise(values, labels...)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func TestSpecialise(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		op, err := prepare(t, c.Input("operation.graphql")).SpecialiseDeferred(map[string]bool{"on": true, "off": false})
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"normalised": operation.Print(op)}
	})
}

func TestDeferIsIgnoredUnlessItIsAskedFor(t *testing.T) {
	with := specialise(t, prepare(t, `{ me { id ... @defer(label: "x") { name } } }`), nil)
	without := specialise(t, prepare(t, `{ me { id ... { name } } }`), nil)
	if with.Hash != without.Hash || with.Deferred {
		t.Errorf("%s\n%s", operation.Print(with), operation.Print(without))
	}
}

func TestConditionsListsTheVariablesOfSkipIncludeAndDefer(t *testing.T) {
	p := prepare(t, `query($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Int, $e: Boolean) {
		me @include(if: $b) { ...F id @skip(if: true) friends(first: $d) { id } }
	}
	fragment F on User { ... @skip(if: $a) { id } pet { ... on Cat @include(if: $c) { lives } ... @defer(if: $e) { __typename } __typename } }`)
	if diff := cmp.Diff([]string{"a", "b", "c", "e"}, p.Conditions()); diff != "" {
		t.Error(diff)
	}
}

func TestEqualOperationsHaveOneHash(t *testing.T) {
	spellings := []string{
		`{ me { id name(short: true, in: {a: 1, b: ["x"]}) } }`,
		`query { me { id name(in: {b: ["x"], a: 1}, short: true) } }`,
		`query Named { me { id } me { name(short: true, in: {a: 1, b: ["x"]}) } }`,
		`{ me { ...F } } fragment F on User { id name(short: true, in: {a: 1, b: ["""x"""]}) }`,
		`{ me { ... on Node { id } ... on Named { name(short: true, in: {a: 1, b: ["x"]}) } } }`,
		`{ me { ... { id } name(short: true, in: {a: 1, b: ["x"]}) id } }`,
		`{ ... on Query { me { id: id name: name(short: true, in: {a: 1, b: ["x"]}) } } }`,
		`{ me { id @include(if: true) name(short: true, in: {a: 1, b: ["x"]}) pet @skip(if: true) { __typename } } }`,
		`{ me { id id ... on User { ... on User { name(short: true, in: {a: 1, b: ["x"]}) } } } me { id } }`,
		"{ me { # comment\n id, name(short: true, in: {a: 1, b: [\"\\u0078\"]}) } }",
	}
	want := specialise(t, prepare(t, spellings[0]), nil).Hash
	for _, s := range spellings[1:] {
		if op := specialise(t, prepare(t, s), nil); op.Hash != want {
			t.Errorf("%s\nis normalised to %s", s, operation.Print(op))
		}
	}
	for _, other := range []string{
		`{ me { name(short: true, in: {a: 1, b: ["x"]}) id } }`,
		`{ me { id name(short: false, in: {a: 1, b: ["x"]}) } }`,
		`{ me { id n: name(short: true, in: {a: 1, b: ["x"]}) } }`,
	} {
		if specialise(t, prepare(t, other), nil).Hash == want {
			t.Errorf("%s has the same hash", other)
		}
	}
	if specialise(t, prepare(t, spellings[0]), nil, "label").Hash == want {
		t.Error("an override label does not change the hash")
	}
}

func TestIntrospectionIsPartOfTheHash(t *testing.T) {
	text := `query($v: Boolean!) { __schema { ...S } } fragment S on __Schema { queryType { name @include(if: $v) kind } }`
	p := prepare(t, text)
	if specialise(t, p, map[string]bool{"v": true}).Hash == specialise(t, p, nil).Hash {
		t.Error("a condition below __schema does not change the hash")
	}
}

func TestPrepareRefuses(t *testing.T) {
	deep := strings.Repeat("friends(first: 1) { ", 120) + "id" + strings.Repeat(" }", 120)
	for _, c := range []struct{ name, text, operation, want string }{
		{"an unknown operation name", `query A { me { id } }`, "B", `document has no operation "B"`},
		{"several operations and no name", `query A { me { id } } query B { me { id } }`, "", "document has 2 operations: name the one to run"},
		{"too deep an operation", "{ me { " + deep + " } }", "", "operation too large: deeper than 100 levels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, errs := gqlparser.LoadQueryWithRules(schema, c.text, nil)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			_, err := operation.Prepare(schema, doc, c.operation, operation.Limits{})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestTooManySelectionsAreRefused(t *testing.T) {
	doc, errs := gqlparser.LoadQueryWithRules(schema, `{ me { ...A } } fragment A on User { ...B x: friends { ...B } } fragment B on User { id n: name }`, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if _, err := operation.Prepare(schema, doc, "", operation.Limits{Selections: 8}); !errors.Is(err, operation.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := operation.Prepare(schema, doc, "", operation.Limits{Selections: 9}); err != nil {
		t.Errorf("got %v, want 9 selections to be allowed", err)
	}
}

// A valid operation is normalised without a panic, and normalising its hash is stable.
func FuzzSpecialise(f *testing.F) {
	f.Add(`{ me { id ... on Named { name } } named { ...F } } fragment F on Node { id ... on Team { members { id } } }`, true)
	f.Add(`query($on: Boolean!) { pets { ... on Cat @skip(if: $on) { lives } ... on Dog { owner { pet { __typename } } } } }`, false)
	f.Add(`{ __schema { types { name } } __typename node(id: "\u0000\n") { id } }`, true)
	f.Fuzz(func(t *testing.T, text string, on bool) {
		doc, errs := gqlparser.LoadQueryWithRules(schema, text, nil)
		if len(errs) > 0 {
			return
		}
		for _, def := range doc.Operations {
			p, err := operation.Prepare(schema, doc, def.Name, operation.Limits{})
			if err != nil {
				continue
			}
			values := map[string]bool{}
			for _, c := range p.Conditions() {
				values[c] = on
			}
			a, b := specialise(t, p, values), specialise(t, p, values)
			if a.Hash != b.Hash || operation.Print(a) != operation.Print(b) {
				t.Errorf("normalised twice, it differs:\n%s\n%s", operation.Print(a), operation.Print(b))
			}
		}
	})
}
