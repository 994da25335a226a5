package fieldset_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

func TestParsePrintsWhatItRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"fields", "id name", "id name"},
		{"commas and white space", " id,\n name ", "id name"},
		{"outer braces", "{ id }", "id"},
		{"nested", "org{id owner{id}}", "org { id owner { id } }"},
		{"arguments", `price(currency:"EUR",x:[1,2])`, `price(currency: "EUR", x: [1,2])`},
		{"inline fragments", "...on A{x} ...{y}", "... on A { x } ... { y }"},
		{"alias", "a: b", "a: b"},
		{"a comment at the end", "id # all", "id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := fieldset.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := set.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "id {", "...F", "id } query Q { id", "} {", "{ id } fragment F on T { id }", "id }"} {
		if set, err := fieldset.Parse(text); err == nil {
			t.Errorf("%q was read as %q", text, set)
		}
	}
}

func TestNormalForgetsOrderAndRepetition(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"id name", "name id"},
		{"org { id } org { name }", "org { name id }"},
		{"f(a: 1, b: 2)", "f(b: 2, a: 1)"},
		{"id id", "id"},
	} {
		if a, b := parse(t, c.a).Normal(), parse(t, c.b).Normal(); a != b {
			t.Errorf("%q is %q, %q is %q", c.a, a, c.b, b)
		}
	}
	if parse(t, "id").Normal() == parse(t, "name").Normal() {
		t.Error("different sets have the same normal form")
	}
}

func parse(t *testing.T, text string) fieldset.Set {
	t.Helper()
	set, err := fieldset.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const schemaSDL = `
type Query { t: T }
type T { id: ID! n: N u: U l: [N!]! f(a: Int): Int g(a: Int!): Int }
type N { x: Int }
type M { y: Int }
union U = N
`

func TestCheck(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: schemaSDL})
	lookup := func(name string) *ast.Definition { return schema.Types[name] }
	for _, c := range []struct {
		name, text string
		rules      fieldset.Rules
		want       fieldset.Kind
		ok         bool
	}{
		{name: "plain fields", text: "id n { x } l { x } __typename", ok: true},
		{name: "unknown field", text: "zz", want: fieldset.Invalid},
		{name: "no selection", text: "n", want: fieldset.Invalid},
		{name: "selection below a scalar", text: "id { x }", want: fieldset.Invalid},
		{name: "alias", text: "a: id", want: fieldset.Invalid},
		{name: "impossible fragment", text: "n { ... on M { y } }", want: fieldset.Invalid},
		{name: "unknown fragment", text: "... on Z { y }", want: fieldset.Invalid},
		{name: "arguments are not allowed", text: "f", want: fieldset.HasArguments},
		{name: "arguments are allowed", text: "f(a: 1) g(a: 2)", rules: fieldset.Rules{Arguments: true}, ok: true},
		{name: "a missing argument", text: "g", rules: fieldset.Rules{Arguments: true}, want: fieldset.Invalid},
		{name: "a wrong argument", text: `f(a: "x")`, rules: fieldset.Rules{Arguments: true}, want: fieldset.Invalid},
		{name: "a variable", text: "f(a: $v)", rules: fieldset.Rules{Arguments: true}, want: fieldset.Invalid},
		{name: "abstract field not allowed", text: "u { ... on N { x } }", want: fieldset.SelectAbstract},
		{name: "abstract field allowed", text: "u { ... on N { x } }", rules: fieldset.Rules{Abstract: true}, ok: true},
		{name: "directive", text: "id @skip(if: true)", want: fieldset.HasDirective},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := parse(t, c.text).Check(schema.Types["T"], lookup, c.rules)
			switch {
			case c.ok && len(problems) > 0:
				t.Errorf("got %q", problems[0].Message)
			case !c.ok && len(problems) != 1:
				t.Errorf("got %d problems, want one", len(problems))
			case !c.ok && problems[0].Kind != c.want:
				t.Errorf("got kind %d (%s), want %d", problems[0].Kind, problems[0].Message, c.want)
			}
		})
	}
}

func TestSplitContext(t *testing.T) {
	for _, c := range []struct {
		text, name, selection string
		ok                    bool
	}{
		{"$user { id }", "user", " { id }", true},
		{"$user ... on A { id }", "user", " ... on A { id }", true},
		{"{ id }", "", "", false},
		{"$user", "", "", false},
		{"$ { id }", "", "", false},
	} {
		name, selection, ok := fieldset.SplitContext(c.text)
		if name != c.name || selection != c.selection || ok != c.ok {
			t.Errorf("%q gives %q, %q, %v", c.text, name, selection, ok)
		}
	}
}

// FuzzParse checks that printing and parsing again changes nothing.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"id", "a { b(c: 1) { d } }", "... on T { x }", "x(a: \"é\\n\", b: {c: [null, true, X]})", "{ a }", "a:b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := fieldset.Parse(text)
		if err != nil {
			return
		}
		set.Normal()
		again, err := fieldset.Parse(set.String())
		if err != nil {
			t.Fatalf("%q printed as %q does not parse: %v", text, set, err)
		}
		if again.String() != set.String() {
			t.Errorf("%q printed as %q, then as %q", text, set, again)
		}
	})
}
