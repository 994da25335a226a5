package pipeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const zoo = `
type Query { a: A b: B i: I is: [I!] u: U }
interface I { n(x: Int, f: F): Int s: String i: I }
type A implements I { n(x: Int, f: F): Int s: String! i: I a: A b: B is: [I] only: Int }
type B implements I { n(x: Int, f: F): Int s: String i: I a: A b: B! is: [I!] only: String }
union U = A | B
input F { p: Int q: Int l: [Int] e: E }
enum E { ONE }
`

func TestFieldsThatCannotBeMergedAreRefused(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: zoo})
	for name, c := range map[string]struct{ query, want string }{
		"equal fields":                                       {`{ a { n n s i { s } i { n s } } a { n } }`, ""},
		"aliases of different fields":                        {`{ a { x: n x: only } }`, `Fields "x" conflict because "n" and "only" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		"differing arguments":                                {`{ a { n(x: 1) n(x: 2) } }`, `Fields "n" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
		"an argument and none":                               {`{ a { n(x: 1) n } }`, `Fields "n" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`},
		"input objects in another order":                     {`{ a { n(f: {p: 1, q: 2}) n(f: {q: 2, p: 1}) } }`, ""},
		"below fields that are merged":                       {`{ a { i { x: n } } a { i { x: s } } }`, `Fields "a" conflict because subfields "i" conflict because subfields "x" conflict because "n" and "s" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		"in a fragment":                                      {`{ a { ...P x: only } } fragment P on I { x: n }`, `Fields "x" conflict because "n" and "only" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		"of two object types":                                {`{ i { ... on A { x: n(x: 1) } ... on B { x: n(x: 2) } } }`, ""},
		"of two object types and other shapes":               {`{ i { ... on A { only } ... on B { only } } }`, `Fields "only" conflict because they return conflicting types "Int" and "String". Use different aliases on the fields to fetch both if this was intentional.`},
		"null or not below two object types":                 {`{ u { ... on A { x: a { s } } ... on B { x: b { s } } } }`, `Fields "x" conflict because they return conflicting types "A" and "B!". Use different aliases on the fields to fetch both if this was intentional.`},
		"shapes below two object types":                      {`{ u { ... on A { x: i { y: n } } ... on B { x: a { y: s } } } }`, `Fields "x" conflict because subfields "y" conflict because they return conflicting types "Int" and "String!". Use different aliases on the fields to fetch both if this was intentional.`},
		"the type's name beside a String that is never null": {`{ u { ... on B { x: __typename } ... on A { x: s } } }`, ""},
		"the type's name beside a list of another object":    {`{ u { ... on A { x: __typename } ... on B { x: is { n } } } }`, ""},
		"the type's name, and shapes behind it":              {`{ u { ... on A { x: __typename ... on A { y: __typename } } ... on A { y: only } ... on B { y: only } } }`, `Fields "y" conflict because "__typename" and "only" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		"the type's name beside a field of the same object":  {`{ a { x: __typename x: s } }`, `Fields "x" conflict because "__typename" and "s" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
		"of an interface and an object type":                 {`{ i { x: n ... on A { x: only } } }`, `Fields "x" conflict because "n" and "only" are different fields. Use different aliases on the fields to fetch both if this was intentional.`},
	} {
		t.Run(name, func(t *testing.T) {
			f := checkOverlap(schema, valid(t, schema, c.query))
			got := ""
			if f != nil {
				got = f.Errors[0].Message
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// valid is a document that fits the schema but for what checkOverlap checks.
func valid(t *testing.T, schema *ast.Schema, query string) *ast.QueryDocument {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validate(schema, doc, checks(true)); len(errs) > 0 {
		t.Fatalf("%s: %v", query, errs)
	}
	return doc
}

// The rule of gqlparser compares all fields with each other, as the specification is written.
func TestFieldsAreMergedAsIfAllPairsWereCompared(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: zoo})
	pairs := []validator.Rule{{Name: "pairs", RuleFunc: rules.OverlappingFieldsCanBeMergedRule.RuleFunc}}
	refused := 0
	for seed := range uint64(3000) {
		g := &documents{rand.New(rand.NewPCG(seed, 0)), schema, 0} //nolint:gosec // not secret
		query := "{ " + g.set("Query", 4) + "}"
		for i := range 3 {
			g.from = i + 1
			query += fmt.Sprintf(" fragment F%d on %s { %s}", i, fragmentTypes[i], g.set(fragmentTypes[i], 2))
		}
		query += " query Uses { i { ...F0 ...F1 ...F2 } }"
		query = strings.Replace(query, "{ ", "query Main { ", 1)
		doc := valid(t, schema, query)
		want := len(validate(schema, doc, pairs)) > 0
		if got := checkOverlap(schema, doc) != nil; got != want {
			t.Fatalf("seed %d: refused: %v, by pairs: %v\n%s", seed, got, want, query)
		}
		if want {
			refused++
		}
	}
	if refused < 300 || refused > 2700 {
		t.Errorf("%d of 3000 documents are refused: the test shows little", refused)
	}
}

var fragmentTypes = []string{"I", "A", "B"}

// documents makes selections.
type documents struct {
	*rand.Rand
	schema *ast.Schema
	from   int // the first fragment that may be spread
}

func (g *documents) set(typ string, depth int) string {
	def := g.schema.Types[typ]
	var b strings.Builder
	for range 1 + g.IntN(3) {
		if kind := g.IntN(6); def.Name != "Query" && kind == 0 {
			on := fragmentTypes[g.IntN(3)]
			if def.Kind != ast.Object || on == "I" || on == typ {
				fmt.Fprintf(&b, "... on %s { %s} ", on, g.set(on, depth))
				continue
			}
		} else if def.Name != "Query" && kind == 1 && g.from < 3 {
			i := g.from + g.IntN(3-g.from)
			if on := fragmentTypes[i]; def.Kind != ast.Object || on == "I" || on == typ {
				fmt.Fprintf(&b, "...F%d ", i)
				continue
			}
		}
		if def.Kind == ast.Union {
			b.WriteString("__typename ")
			continue
		}
		var fields ast.FieldList
		for _, f := range def.Fields {
			if !strings.HasPrefix(f.Name, "__") && (depth > 0 || g.schema.Types[f.Type.Name()].IsLeafType()) {
				fields = append(fields, f)
			}
		}
		f := fields[g.IntN(len(fields))]
		if g.IntN(12) == 0 {
			b.WriteString([]string{"x", "y", "s", "i"}[g.IntN(4)] + ": ")
		}
		b.WriteString(f.Name)
		if len(f.Arguments) > 0 && g.IntN(12) == 0 {
			b.WriteString([]string{"(x: 1)", "(x: 2)", "(f: {p: 1})", "(f: {p: 1, q: 2})"}[g.IntN(4)])
		}
		b.WriteString(" ")
		if sub := g.schema.Types[f.Type.Name()]; !sub.IsLeafType() {
			fmt.Fprintf(&b, "{ %s} ", g.set(sub.Name, depth-1))
		}
	}
	return b.String()
}

func TestCheckingOverlapIsBounded(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: zoo})
	nested := "{ a { ...F0 } } fragment F20 on A { n }"
	for i := range 20 {
		nested += fmt.Sprintf(" fragment F%d on A { a { ...F%d } x: a { ...F%d } }", i, i+1, i+1)
	}
	levels := ""
	for range 5 {
		levels = "i { " + strings.Repeat("... on A { i { n } } ... on B { i { s } } ", 10) + levels + "} " + levels + strings.Repeat("i { n } ", 50)
	}
	for name, query := range map[string]string{
		"one field ten thousand times":       "{ a { " + strings.Repeat("n ", 10_000) + "} }",
		"equal objects":                      "{ " + strings.Repeat("a { i { n s } } ", 2_000) + "}",
		"different fields of one name":       "{ a { " + strings.Repeat("x: n x: s ", 3_000) + "} }",
		"fragments nested in each other":     nested,
		"objects beside an interface, often": "{ " + levels + "}",
	} {
		t.Run(name, func(t *testing.T) {
			doc := valid(t, schema, query)
			start := time.Now()
			if f := checkOverlap(schema, doc); f != nil && len(f.Errors) > maxErrors {
				t.Errorf("%d errors", len(f.Errors))
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
