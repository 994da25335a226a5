package schemadiff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/schemadiff"
	subgraphs "medicore.dev/medicore/gateway/federation/subgraph"
)

func TestCompare(t *testing.T) {
	const q = "type Query { a: Int } "
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing changed":                                  {q, q, ""},
		"a type was removed":                               {q + "type T { a: Int }", q, "BREAKING TYPE_REMOVED T"},
		"a type was added":                                 {q, q + "type T { a: Int }", "SAFE TYPE_ADDED T"},
		"a type changed its kind":                          {q + "type T { a: Int }", q + "input T { a: Int }", "BREAKING TYPE_CHANGED_KIND T"},
		"a union lost a member":                            {q + "type T { a: Int } union U = T | Query", q + "type T { a: Int } union U = T", "BREAKING TYPE_REMOVED_FROM_UNION U"},
		"a union gained a member":                          {q + "type T { a: Int } union U = T", q + "type T { a: Int } union U = T | Query", "DANGEROUS TYPE_ADDED_TO_UNION U"},
		"an enum lost a value":                             {q + "enum E { A B }", q + "enum E { A }", "BREAKING VALUE_REMOVED_FROM_ENUM E.B"},
		"an enum gained a value":                           {q + "enum E { A }", q + "enum E { A B }", "DANGEROUS VALUE_ADDED_TO_ENUM E.B"},
		"an interface is no longer implemented":            {q + "interface I { a: Int } type T implements I { a: Int }", q + "interface I { a: Int } type T { a: Int }", "BREAKING IMPLEMENTED_INTERFACE_REMOVED T"},
		"an interface is now implemented":                  {q + "interface I { a: Int } type T { a: Int }", q + "interface I { a: Int } type T implements I { a: Int }", "DANGEROUS IMPLEMENTED_INTERFACE_ADDED T"},
		"a field was removed":                              {"type Query { a: Int b: Int }", q, "BREAKING FIELD_REMOVED Query.b"},
		"a field was added":                                {q, "type Query { a: Int b: Int }", "SAFE FIELD_ADDED Query.b"},
		"a field became nullable":                          {"type Query { a: Int! }", q, "BREAKING FIELD_CHANGED_KIND Query.a"},
		"a field became non-null":                          {q, "type Query { a: Int! }", "SAFE FIELD_CHANGED_KIND_SAFE Query.a"},
		"a list's items became nullable":                   {"type Query { a: [Int!] }", "type Query { a: [Int] }", "BREAKING FIELD_CHANGED_KIND Query.a"},
		"a required input field was added":                 {q + "input I { a: Int }", q + "input I { a: Int b: Int! }", "BREAKING REQUIRED_INPUT_FIELD_ADDED I.b"},
		"an input field with default was added":            {q + "input I { a: Int }", q + "input I { a: Int b: Int! = 1 }", "DANGEROUS OPTIONAL_INPUT_FIELD_ADDED I.b"},
		"an input field became required":                   {q + "input I { a: Int }", q + "input I { a: Int! }", "BREAKING FIELD_CHANGED_KIND I.a"},
		"an input field became optional":                   {q + "input I { a: Int! }", q + "input I { a: Int }", "SAFE FIELD_CHANGED_KIND_SAFE I.a"},
		"an argument was removed":                          {"type Query { a(x: Int): Int }", q, "BREAKING ARG_REMOVED Query.a(x:)"},
		"a required argument was added":                    {q, "type Query { a(x: Int!): Int }", "BREAKING REQUIRED_ARG_ADDED Query.a(x:)"},
		"an optional argument was added":                   {q, "type Query { a(x: Int): Int }", "DANGEROUS OPTIONAL_ARG_ADDED Query.a(x:)"},
		"an argument changed its type":                     {"type Query { a(x: Int): Int }", "type Query { a(x: ID): Int }", "BREAKING ARG_CHANGED_KIND Query.a(x:)"},
		"an argument changed its default":                  {"type Query { a(x: Int = 1): Int }", "type Query { a(x: Int = 2): Int }", "DANGEROUS ARG_DEFAULT_VALUE_CHANGE Query.a(x:)"},
		"the order inside a default changed":               {q + "input I { a: Int b: Int } type T { a(x: I = {a: 1, b: 2}): Int }", q + "input I { a: Int b: Int } type T { a(x: I = {b: 2, a: 1}): Int }", ""},
		"a directive was removed":                          {q + "directive @d on FIELD", q, "BREAKING DIRECTIVE_REMOVED @d"},
		"a directive was added":                            {q, q + "directive @d on FIELD", "SAFE DIRECTIVE_ADDED @d"},
		"a directive lost an argument":                     {q + "directive @d(x: Int) on FIELD", q + "directive @d on FIELD", "BREAKING DIRECTIVE_ARG_REMOVED @d(x:)"},
		"a directive gained a required argument":           {q + "directive @d on FIELD", q + "directive @d(x: Int!) on FIELD", "BREAKING REQUIRED_DIRECTIVE_ARG_ADDED @d(x:)"},
		"a directive gained an optional one":               {q + "directive @d on FIELD", q + "directive @d(x: Int) on FIELD", "SAFE OPTIONAL_DIRECTIVE_ARG_ADDED @d(x:)"},
		"a directive is no longer repeatable":              {q + "directive @d repeatable on FIELD", q + "directive @d on FIELD", "BREAKING DIRECTIVE_REPEATABLE_REMOVED @d"},
		"a directive lost a location":                      {q + "directive @d on FIELD | QUERY", q + "directive @d on FIELD", "BREAKING DIRECTIVE_LOCATION_REMOVED @d"},
		"a description changed":                            {q, `"Root." ` + q, "SAFE DESCRIPTION_CHANGED Query"},
		"a field was deprecated":                           {q, "type Query { a: Int @deprecated }", "SAFE DEPRECATION_ADDED Query.a"},
		"a field is no longer deprecated":                  {"type Query { a: Int @deprecated }", q, "SAFE DEPRECATION_REMOVED Query.a"},
		"a list became non-null":                           {"type Query { a: [Int] }", "type Query { a: [Int!]! }", "SAFE FIELD_CHANGED_KIND_SAFE Query.a"},
		"a field became a list":                            {q, "type Query { a: [Int] }", "BREAKING FIELD_CHANGED_KIND Query.a"},
		"a non-null list became a nullable one":            {"type Query { a: [Int!]! }", "type Query { a: [Int!] }", "BREAKING FIELD_CHANGED_KIND Query.a"},
		"an argument's list takes null items":              {"type Query { a(x: [Int!]): Int }", "type Query { a(x: [Int]): Int }", "SAFE ARG_CHANGED_KIND_SAFE Query.a(x:)"},
		"an argument's list takes no null items":           {"type Query { a(x: [Int]): Int }", "type Query { a(x: [Int!]): Int }", "BREAKING ARG_CHANGED_KIND Query.a(x:)"},
		"an argument became a list":                        {"type Query { a(x: Int): Int }", "type Query { a(x: [Int]): Int }", "BREAKING ARG_CHANGED_KIND Query.a(x:)"},
		"an argument became optional":                      {"type Query { a(x: Int!): Int }", "type Query { a(x: Int): Int }", "SAFE ARG_CHANGED_KIND_SAFE Query.a(x:)"},
		"an argument of an interface was removed":          {q + "interface I { a(x: Int): Int }", q + "interface I { a: Int }", "BREAKING ARG_REMOVED I.a(x:)"},
		"a required argument with default was added":       {q, "type Query { a(x: Int! = 1): Int }", "DANGEROUS OPTIONAL_ARG_ADDED Query.a(x:)"},
		"an argument got a default":                        {"type Query { a(x: Int): Int }", "type Query { a(x: Int = 1): Int }", "SAFE ARG_DEFAULT_VALUE_ADDED Query.a(x:)"},
		"an argument lost its default":                     {"type Query { a(x: Int = 1): Int }", "type Query { a(x: Int): Int }", "DANGEROUS ARG_DEFAULT_VALUE_CHANGE Query.a(x:)"},
		"a required argument lost its default":             {"type Query { a(x: Int! = 1): Int }", "type Query { a(x: Int!): Int }", "BREAKING ARG_DEFAULT_VALUE_CHANGE Query.a(x:)"},
		"an argument got a type with a null mark less":     {"type Query { a(x: Int! = 1): Int }", "type Query { a(x: Int = 2): Int }", "DANGEROUS ARG_DEFAULT_VALUE_CHANGE Query.a(x:); SAFE ARG_CHANGED_KIND_SAFE Query.a(x:)"},
		"an argument was deprecated":                       {"type Query { a(x: Int): Int }", "type Query { a(x: Int @deprecated): Int }", "SAFE DEPRECATION_ADDED Query.a(x:)"},
		"an argument's description changed":                {"type Query { a(x: Int): Int }", `type Query { a("X." x: Int): Int }`, "SAFE DESCRIPTION_CHANGED Query.a(x:)"},
		"a default is written as a list":                   {"type Query { a(x: [Int] = 1): Int }", "type Query { a(x: [Int] = [1]): Int }", ""},
		"a default is written as another number":           {"type Query { a(x: Float = 1): Int }", "type Query { a(x: Float = 1.0): Int }", ""},
		"a default is written as a block string":           {`type Query { a(x: String = "b"): Int }`, `type Query { a(x: String = """b"""): Int }`, ""},
		"an ID's default is written as a string":           {"type Query { a(x: ID = 1): Int }", `type Query { a(x: ID = "1"): Int }`, ""},
		"a default spells out the default of a field":      {q + "input I { a: Int = 1 } type T { a(x: I = {}): Int }", q + "input I { a: Int = 1 } type T { a(x: I = {a: 1}): Int }", ""},
		"a default turned null":                            {"type Query { a(x: Int = 1): Int }", "type Query { a(x: Int = null): Int }", "DANGEROUS ARG_DEFAULT_VALUE_CHANGE Query.a(x:)"},
		"an input field was removed":                       {q + "input I { a: Int b: Int }", q + "input I { a: Int }", "BREAKING FIELD_REMOVED I.b"},
		"an optional input field was added":                {q + "input I { a: Int }", q + "input I { a: Int b: Int }", "DANGEROUS OPTIONAL_INPUT_FIELD_ADDED I.b"},
		"an input field changed its default":               {q + "input I { a: Int = 1 }", q + "input I { a: Int = 2 }", "DANGEROUS INPUT_FIELD_DEFAULT_VALUE_CHANGE I.a"},
		"a required input field lost its default":          {q + "input I { a: Int! = 1 }", q + "input I { a: Int! }", "BREAKING INPUT_FIELD_DEFAULT_VALUE_CHANGE I.a"},
		"an input field got a default":                     {q + "input I { a: Int }", q + "input I { a: Int = 2 }", "SAFE INPUT_FIELD_DEFAULT_VALUE_ADDED I.a"},
		"an input field was deprecated":                    {q + "input I { a: Int }", q + "input I { a: Int @deprecated }", "SAFE DEPRECATION_ADDED I.a"},
		"only one field of an input may now be given":      {q + "input I { a: Int b: Int }", q + "input I @oneOf { a: Int b: Int }", "BREAKING ONE_OF_ADDED I"},
		"more than one field of an input may be given":     {q + "input I @oneOf { a: Int b: Int }", q + "input I { a: Int b: Int }", "SAFE ONE_OF_REMOVED I"},
		"the reason of a deprecation changed":              {`type Query { a: Int @deprecated(reason: "x") }`, `type Query { a: Int @deprecated(reason: "y") }`, "SAFE DEPRECATION_REASON_CHANGED Query.a"},
		"the default reason of a deprecation is spelt out": {"type Query { a: Int @deprecated }", `type Query { a: Int @deprecated(reason: "No longer supported") }`, ""},
		"an enum value was deprecated":                     {q + "enum E { A }", q + "enum E { A @deprecated }", "SAFE DEPRECATION_ADDED E.A"},
		"a scalar's specification changed":                 {q + "scalar S", q + `scalar S @specifiedBy(url: "https://s")`, "SAFE SPECIFIED_BY_URL_CHANGED S"},
		"an interface implements another no more":          {q + "interface J { a: Int } interface I implements J { a: Int }", q + "interface J { a: Int } interface I { a: Int }", "BREAKING IMPLEMENTED_INTERFACE_REMOVED I"},
		"a directive is now repeatable":                    {q + "directive @d on FIELD", q + "directive @d repeatable on FIELD", "SAFE DIRECTIVE_REPEATABLE_ADDED @d"},
		"a directive gained a location":                    {q + "directive @d on FIELD", q + "directive @d on FIELD | QUERY", "SAFE DIRECTIVE_LOCATION_ADDED @d"},
		"a directive's argument changed its type":          {q + "directive @d(x: Int) on FIELD", q + "directive @d(x: ID) on FIELD", "BREAKING DIRECTIVE_ARG_CHANGED_KIND @d(x:)"},
		"a directive's argument became optional":           {q + "directive @d(x: Int!) on FIELD", q + "directive @d(x: Int) on FIELD", "SAFE DIRECTIVE_ARG_CHANGED_KIND_SAFE @d(x:)"},
		"a directive's argument changed its default":       {q + "directive @d(x: Int = 1) on FIELD", q + "directive @d(x: Int = 2) on FIELD", "DANGEROUS DIRECTIVE_ARG_DEFAULT_VALUE_CHANGE @d(x:)"},
		"a directive's description changed":                {q + "directive @d on FIELD", q + `"D." directive @d on FIELD`, "SAFE DESCRIPTION_CHANGED @d"},
		"mutations are now possible":                       {q + "type M { a: Int }", "schema { query: Query mutation: M } " + q + "type M { a: Int }", "SAFE SCHEMA_MUTATION_TYPE_ADDED M"},
		"mutations are no longer possible":                 {"schema { query: Query mutation: M } " + q + "type M { a: Int }", "schema { query: Query } " + q + "type M { a: Int }", "BREAKING SCHEMA_MUTATION_TYPE_REMOVED M"},
		"the query type is another":                        {"schema { query: Query } " + q + "type R { a: Int }", "schema { query: R } " + q + "type R { a: Int }", "BREAKING SCHEMA_QUERY_TYPE_CHANGED Query"},
		"the worst comes first":                            {"type Query { a: Int b: Int }", "type Query { a(x: Int): Int c: Int }", "BREAKING FIELD_REMOVED Query.b; DANGEROUS OPTIONAL_ARG_ADDED Query.a(x:); SAFE FIELD_ADDED Query.c"},
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

// What tools print beside the schema is no change: built-in types and directives, and directives of the type system.
func TestReadTakesASupergraphOrAnAPISchema(t *testing.T) {
	const subgraph = `
		extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@inaccessible", "@tag"])
		directive @live(every: Int = 1) on QUERY
		type Query { t: T hidden: Int @inaccessible }
		type T @key(fields: "id") { id: ID! name(upper: Boolean! = false): String @deprecated size: Float @tag(name: "x") }`
	composed, err := compose.Compose([]subgraphs.Source{{Name: "one", URL: "http://one", SDL: subgraph}})
	if err != nil {
		t.Fatal(err)
	}
	super, err := schemadiff.Read("supergraph.graphql", composed.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	api, err := schemadiff.Read("api.graphql", `
		directive @live(every: Int = 1) on QUERY
		directive @constraint(max: Int) on FIELD_DEFINITION
		directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
		directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ENUM_VALUE
		scalar String
		"mentions join__Graph and https://specs.apollo.dev/join/v0.5"
		type Query { t: T }
		type T { id: ID! name(upper: Boolean! = false): String @deprecated size: Float @constraint(max: 3) }`)
	if err != nil {
		t.Fatal(err)
	}
	if got := schemadiff.Compare(super, api); len(got) != 1 || got[0].Kind != "DESCRIPTION_CHANGED" {
		t.Errorf("changes %v, want that of Query's description", got)
	}
	for name, sdl := range map[string]string{
		"no GraphQL":                "type",
		"an unknown type":           "type Query { a: Nothing }",
		"a Federation 1 supergraph": `schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query } type Query { a: Int }`,
	} {
		if _, err := schemadiff.Read("old.graphql", sdl); err == nil || !strings.Contains(err.Error(), "old.graphql") {
			t.Errorf("%s: error %v, want one that names the file", name, err)
		}
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
