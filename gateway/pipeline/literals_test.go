package pipeline

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func TestLiterals(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: zoo})
	for _, tt := range []struct{ name, query, want string }{
		{"the largest Int", `{ a { n(f: {p: 2147483647}) } }`, ""},
		{"the least Int", `{ a { n(x: -2147483648) } }`, ""},
		{"an Int beyond 32 bits", `{ a { n(f: {p: 2147483648}) } }`, "the value is no Int"},
		{"an object for a scalar", `{ a { n(x: {}) } }`, "the value is no Int"},
		{"an object for an enum", `{ a { n(f: {e: {}}) } }`, "the value is no E"},
		{"an object for one item of a list", `{ a { n(f: {l: {}}) } }`, "the value is no Int"},
		{"a list of one", `{ a { n(f: {l: 3}) } }`, ""},
		{"a variable's default", `query ($x: Int = 2147483648) { a { n(x: $x) } }`, "the value is no Int"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := parser.ParseQuery(&ast.Source{Input: tt.query})
			if err != nil {
				t.Fatal(err)
			}
			errs := validate(schema, doc, checks(true))
			if (len(errs) == 0) != (tt.want == "") || !strings.Contains(errs.Error(), tt.want) {
				t.Errorf("want %q, got %q", tt.want, errs)
			}
		})
	}
}
