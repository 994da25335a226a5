package schemadiff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/schemadiff"
)

func TestCompare(t *testing.T) {
	const q = "type Query { a: Int } "
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing changed":                        {q, q, ""},
		"a type was removed":                     {q + "type T { a: Int }", q, "BREAKING TYPE_REMOVED T"},
		"a type was added":                       {q, q + "type T { a: Int }", "SAFE TYPE_ADDED T"},
		"a type changed its kind":                {q + "type T { a: Int }", q + "input T { a: Int }", "BREAKING TYPE_CHANGED_KIND T"},
		"a union lost a member":                  {q + "type T { a: Int } union U = T | Query", q + "type T { a: Int } union U = T", "BREAKING TYPE_REMOVED_FROM_UNION U"},
		"a union gained a member":                {q + "type T { a: Int } union U = T", q + "type T { a: Int } union U = T | Query", "DANGEROUS TYPE_ADDED_TO_UNION U"},
		"an enum lost a value":                   {q + "enum E { A B }", q + "enum E { A }", "BREAKING VALUE_REMOVED_FROM_ENUM E.B"},
		"an enum gained a value":                 {q + "enum E { A }", q + "enum E { A B }", "DANGEROUS VALUE_ADDED_TO_ENUM E.B"},
		"an interface is no longer implemented":  {q + "interface I { a: Int } type T implements I { a: Int }", q + "interface I { a: Int } type T { a: Int }", "BREAKING IMPLEMENTED_INTERFACE_REMOVED T"},
		"an interface is now implemented":        {q + "interface I { a: Int } type T { a: Int }", q + "interface I { a: Int } type T implements I { a: Int }", "DANGEROUS IMPLEMENTED_INTERFACE_ADDED T"},
		"a field was removed":                    {"type Query { a: Int b: Int }", q, "BREAKING FIELD_REMOVED Query.b"},
		"a field was added":                      {q, "type Query { a: Int b: Int }", "SAFE FIELD_ADDED Query.b"},
		"a field became nullable":                {"type Query { a: Int! }", q, "BREAKING FIELD_CHANGED_KIND Query.a"},
		"a field became non-null":                {q, "type Query { a: Int! }", "SAFE TYPE_CHANGED_SAFELY Query.a"},
		"a list's items became nullable":         {"type Query { a: [Int!] }", "type Query { a: [Int] }", "BREAKING FIELD_CHANGED_KIND Query.a"},
		"a required input field was added":       {q + "input I { a: Int }", q + "input I { a: Int b: Int! }", "BREAKING REQUIRED_INPUT_FIELD_ADDED I.b"},
		"an input field with default was added":  {q + "input I { a: Int }", q + "input I { a: Int b: Int! = 1 }", "DANGEROUS OPTIONAL_INPUT_FIELD_ADDED I.b"},
		"an input field became required":         {q + "input I { a: Int }", q + "input I { a: Int! }", "BREAKING FIELD_CHANGED_KIND I.a"},
		"an input field became optional":         {q + "input I { a: Int! }", q + "input I { a: Int }", "SAFE TYPE_CHANGED_SAFELY I.a"},
		"an argument was removed":                {"type Query { a(x: Int): Int }", q, "BREAKING ARG_REMOVED Query.a(x:)"},
		"a required argument was added":          {q, "type Query { a(x: Int!): Int }", "BREAKING REQUIRED_ARG_ADDED Query.a(x:)"},
		"an optional argument was added":         {q, "type Query { a(x: Int): Int }", "DANGEROUS OPTIONAL_ARG_ADDED Query.a(x:)"},
		"an argument changed its type":           {"type Query { a(x: Int): Int }", "type Query { a(x: ID): Int }", "BREAKING ARG_CHANGED_KIND Query.a(x:)"},
		"an argument changed its default":        {"type Query { a(x: Int = 1): Int }", "type Query { a(x: Int = 2): Int }", "DANGEROUS ARG_DEFAULT_VALUE_CHANGE Query.a(x:)"},
		"the order inside a default changed":     {q + "input I { a: Int b: Int } type T { a(x: I = {a: 1, b: 2}): Int }", q + "input I { a: Int b: Int } type T { a(x: I = {b: 2, a: 1}): Int }", ""},
		"a directive was removed":                {q + "directive @d on FIELD", q, "BREAKING DIRECTIVE_REMOVED @d"},
		"a directive was added":                  {q, q + "directive @d on FIELD", "SAFE DIRECTIVE_ADDED @d"},
		"a directive lost an argument":           {q + "directive @d(x: Int) on FIELD", q + "directive @d on FIELD", "BREAKING DIRECTIVE_ARG_REMOVED @d(x:)"},
		"a directive gained a required argument": {q + "directive @d on FIELD", q + "directive @d(x: Int!) on FIELD", "BREAKING REQUIRED_DIRECTIVE_ARG_ADDED @d(x:)"},
		"a directive gained an optional one":     {q + "directive @d on FIELD", q + "directive @d(x: Int) on FIELD", "SAFE OPTIONAL_DIRECTIVE_ARG_ADDED @d(x:)"},
		"a directive is no longer repeatable":    {q + "directive @d repeatable on FIELD", q + "directive @d on FIELD", "BREAKING DIRECTIVE_REPEATABLE_REMOVED @d"},
		"a directive lost a location":            {q + "directive @d on FIELD | QUERY", q + "directive @d on FIELD", "BREAKING DIRECTIVE_LOCATION_REMOVED @d"},
		"a description changed":                  {q, `"Root." ` + q, "SAFE DESCRIPTION_CHANGED Query"},
		"a field was deprecated":                 {q, "type Query { a: Int @deprecated }", "SAFE DEPRECATION_ADDED Query.a"},
		"a field is no longer deprecated":        {"type Query { a: Int @deprecated }", q, "SAFE DEPRECATION_REMOVED Query.a"},
		"the worst comes first":                  {"type Query { a: Int b: Int }", "type Query { a(x: Int): Int c: Int }", "BREAKING FIELD_REMOVED Query.b; DANGEROUS OPTIONAL_ARG_ADDED Query.a(x:); SAFE FIELD_ADDED Query.c"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for i, change := range schemadiff.Compare(load(t, c.from), load(t, c.to)) {
				if i > 0 {
					got += "; "
				}
				got += string(change.Severity) + " " + change.Kind + " " + change.Coordinate
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func load(t *testing.T, sdl string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
