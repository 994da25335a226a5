package subgraph_test

import (
	"slices"
	"testing"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

const federation2 = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@external", "@shareable", "@requires", "@extends"])
`

func load(t *testing.T, sdl string) *subgraph.Subgraph {
	t.Helper()
	s, errs := subgraph.Load(subgraph.Source{Name: "s", SDL: sdl})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return s
}

func TestMachineryOfSubgraphsIsLeftOut(t *testing.T) {
	s := load(t, federation2+`
		type Query { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
		type T @key(fields: "id") { id: ID! }
		scalar _Any
		union _Entity = T
		type _Service { sdl: String }`)
	var names []string
	for _, typ := range s.Types {
		names = append(names, typ.Name)
	}
	if !slices.Equal(names, []string{"Query", "T"}) {
		t.Errorf("types are %v", names)
	}
	if got := len(s.Type("Query").Fields); got != 1 {
		t.Errorf("Query has %d fields, want 1", got)
	}
}

func TestASubgraphWithoutQueriesHasAnEmptyQuery(t *testing.T) {
	s := load(t, federation2+`type T @key(fields: "id") { id: ID! }`)
	if q := s.Type("Query"); q == nil || len(q.Fields) != 0 {
		t.Error("Query must exist without fields")
	}
}

func TestRootTypesGetTheirDefaultNames(t *testing.T) {
	s := load(t, `schema { query: Q } type Q { self: Q list: [Q!]! } union U = Q`)
	q := s.Type("Query")
	if q == nil || s.Type("Q") != nil {
		t.Fatal("Q was not renamed")
	}
	if q.Fields[0].Type.Name() != "Query" || q.Fields[1].Type.Name() != "Query" || s.Type("U").Types[0] != "Query" {
		t.Error("a reference to Q was not renamed")
	}
}

func TestExternalFields(t *testing.T) {
	s := load(t, federation2+`
		extend type T @key(fields: "id") { id: ID! @external x: Int @external r: Int @requires(fields: "x") own: Int }
		type V @external { a: Int }`)
	typ := s.Type("T")
	for _, c := range []struct {
		field                   string
		external, fake, keyPart bool
	}{{"id", false, true, true}, {"x", true, false, false}, {"own", false, false, false}} {
		f := typ.Fields.ForName(c.field)
		if s.IsExternal(f) != c.external || s.IsFakeExternal(f) != c.fake || s.IsShareable(typ, f) != c.keyPart {
			t.Errorf("T.%s: external %v, fake %v, shareable %v", c.field, s.IsExternal(f), s.IsFakeExternal(f), s.IsShareable(typ, f))
		}
	}
	if !s.IsUsed(typ.Fields.ForName("x")) || s.IsUsed(typ.Fields.ForName("own")) {
		t.Error("x is used by @requires, own by nothing")
	}
	if !s.IsExternal(s.Type("V").Fields[0]) {
		t.Error("@external on a type makes its fields external")
	}
}

func TestUpgradeMakesSharedFieldsShareable(t *testing.T) {
	var subs []*subgraph.Subgraph
	for name, sdl := range map[string]string{
		"a": `type Query { t: T v: V } type T @key(fields: "id") { id: ID! n: Int } type V { x: Int }`,
		"b": `extend type T @key(fields: "id") { id: ID! @external n: Int m: Int } type V { x: Int }`,
	} {
		s, errs := subgraph.Load(subgraph.Source{Name: name, SDL: sdl})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		subs = append(subs, s)
	}
	upgraded, errs := subgraph.Upgrade(subs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, s := range upgraded {
		if !s.Fed2 {
			t.Errorf("%s is still a Federation 1 schema", s.Name)
		}
		if errs := s.Validate(); len(errs) > 0 {
			t.Errorf("%s is invalid after the upgrade: %v", s.Name, errs)
		}
		for _, c := range []struct{ typ, field string }{{"T", "n"}, {"V", "x"}, {"T", "id"}} {
			typ := s.Type(c.typ)
			if f := typ.Fields.ForName(c.field); !s.IsShareable(typ, f) {
				t.Errorf("%s: %s.%s is not shareable", s.Name, c.typ, c.field)
			}
		}
		if f := s.Type("T").Fields.ForName("m"); f != nil && s.IsShareable(s.Type("T"), f) {
			t.Error("T.m is in one subgraph only and must not be shareable")
		}
	}
}

func TestUpgradeLeavesItsInputUnchanged(t *testing.T) {
	s := load(t, `type Query { t: T } type T @key(fields: "id") { id: ID! }`)
	if _, errs := subgraph.Upgrade([]*subgraph.Subgraph{s}); len(errs) > 0 {
		t.Fatal(errs)
	}
	if s.Fed2 {
		t.Error("the original became a Federation 2 schema")
	}
}

// FuzzLoad checks that no SDL makes Load or Validate panic.
func FuzzLoad(f *testing.F) {
	f.Add(federation2 + `type Query { t: T } type T @key(fields: "id") { id: ID! }`)
	f.Add(`schema { query: Q } extend type Q { a: Int } directive @key on OBJECT`)
	f.Add(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: [{name: "@key", as: "@k"}]) type T @k(fields: "a { b }") { a: T }`)
	f.Add(`type Query { a(b: [Int] = [1, {c: null}]): Int } input I { i: I }`)
	f.Fuzz(func(_ *testing.T, sdl string) {
		s, _ := subgraph.Load(subgraph.Source{Name: "s", SDL: sdl})
		if s != nil {
			_ = s.Validate()
			_, _ = subgraph.Upgrade([]*subgraph.Subgraph{s})
		}
	})
}
