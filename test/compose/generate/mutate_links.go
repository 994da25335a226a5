package generate

import (
	"fmt"
	"slices"
	"strings"
)

const federation = "https://specs.apollo.dev/federation/"

// links are applications of @link beside the one to federation.
var links = []string{
	`@link(url: "` + federation + `v2.3")`, `@link(url: "` + federation + `v2.99", as: "other")`, `@link(url: "https://specs.apollo.dev/link/v1.0")`,
	`@link(url: "https://specs.apollo.dev/link/v1.0", import: ["Import"])`, `@link(url: "https://specs.apollo.dev/link/v1.1")`, `@link(url: "nope")`, `@link(url: "https://example.com/")`,
	`@link(url: "https://example.com/thing/v1.0")`, `@link(url: "https://example.com/thing/v1.0", as: "a__b")`, `@link(url: "https://example.com/thing/v1.0", as: "b_")`,
	`@link(url: "https://example.com/thing/v1.0", import: ["@key"])`, `@link(url: "https://example.com/thing/v1.0", as: "federation")`, `@link(url: "https://example.com/thing/1.0")`,
	`@link(url: "https://example.com/thing/v1.0/")`, `@link(url: "https://example.com/thing/v1.0", import: [1])`, `@link(url: "https://example.com/thing/v1.0", import: [{as: "@x"}])`,
	`@link(url: "https://example.com/thing/v1.0", import: [{name: "@x", as: "y"}])`, `@link(url: "https://example.com/thing/v1.0", import: [{name: "@x", as: "@y", more: 1}])`,
	`@link(url: "https://example.com/thing/v1.0", import: ["@x", {name: "@x", as: "@y"}])`, `@link(url: "https://example.com/thing/v1.0", import: ["@x", "@x"])`,
	`@link(url: "https://example.com/thing/v1.0") @link(url: "https://example.com/thing/v1.1")`, `@link(url: "https://specs.apollo.dev/tag/v0.3")`,
	`@link(url: "https://specs.apollo.dev/tag/v0.3", import: ["@tag"])`, `@link(url: "https://specs.apollo.dev/inaccessible/v0.2")`, `@link(url: "https://specs.apollo.dev/inaccessible/v0.1", for: SECURITY)`,
	`@link(url: "https://specs.apollo.dev/tag/v0.9")`, `@link(url: "https://specs.apollo.dev/authenticated/v0.1")`, `@link(url: "https://specs.apollo.dev/policy/v0.1", as: "pol")`,
	`@link(url: "https://specs.apollo.dev/requiresScopes/v0.1")`, `@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"])`, `@link(url: "https://specs.apollo.dev/context/v0.1")`,
	`@link(url: "https://specs.apollo.dev/join/v0.3")`, `@link(url: "https://specs.apollo.dev/core/v0.2")`, `@link(url: "https://user:pw@example.com/thing/v1.0?q#f")`, `@link(as: "x")`,
	`@link(url: "https://specs.apollo.dev/cacheTag/v0.1")`, `@link(url: "https://specs.apollo.dev/connect/v0.1")`, `@link(url: "https://example.com/v1.0")`, `@link(url: "https://example.com/1thing/v1.0")`,
	`@link(url: "https://example.com/my-thing/v1.0")`, `@link(url: null)`, `@link(url: "https://example.com/thing/v01.0")`, `@link(url: "https://example.com/thing/v1.0", for: EXECUTION)`,
	`@link(url: "` + federation + `v3.0")`, `@link(url: "http://specs.apollo.dev/federation/v2.3", as: "f")`, `@core(feature: "https://specs.apollo.dev/core/v0.2")`,
}

// imports are elements imported from federation, most of them wrongly.
var imports = []string{
	`"@nope"`, `"key"`, `"FieldSet"`, `"@FieldSet"`, `{name: "@key", as: "k"}`, `{name: "@key", as: "@other"}`, `{name: "@key"}`, `{as: "@key"}`, `"@tag"`, `"@key"`, `{name: "@tag", as: "@t"}`,
	`"@cost"`, `"@context"`, `"@composeDirective"`, `"@interfaceObject"`, `"@policy"`, `"@cacheTag"`, `{name: "FieldSet", as: "Set"}`, `{name: "@tag", as: "@inaccessible"}`, `1`, `null`, `"Scope"`, `["@key"]`,
	`{name: "@key", as: "@key"}`, `{name: "@shareable", as: "@tag"}`, `{name: "@key", as: "@a__b"}`, `{name: "@external", as: "@federation__external"}`, `"@"`, `""`, `"@connect"`,
}

// definitions are definitions of federation's own elements.
var definitions = []string{
	`directive @key(fields: String!) on OBJECT`, `directive @key(fields: String) repeatable on OBJECT`, `directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE`,
	`directive @key(fields: federation__FieldSet!, resolvable: Boolean = false) repeatable on OBJECT | INTERFACE`, `directive @key(fields: String!, more: Int) repeatable on OBJECT`, `directive @key repeatable on OBJECT`,
	`directive @key(fields: String!) repeatable on OBJECT | FIELD_DEFINITION`, `directive @shareable on FIELD_DEFINITION`, `directive @shareable repeatable on FIELD_DEFINITION | OBJECT`, `directive @shareable(x: Int) on OBJECT`,
	`directive @external on FIELD_DEFINITION`, `directive @external(reason: Int) on OBJECT | FIELD_DEFINITION`, `directive @tag(name: String!) repeatable on FIELD_DEFINITION`, `directive @tag(name: String) repeatable on OBJECT`,
	`directive @tag(name: String!) on FIELD_DEFINITION`, `directive @tag(name: String!, more: Int) repeatable on OBJECT`, `directive @inaccessible on FIELD_DEFINITION`, `directive @inaccessible(x: Int) on OBJECT`,
	`directive @inaccessible on FIELD_DEFINITION | QUERY`, `directive @override(from: String!, label: String) on FIELD_DEFINITION`, `directive @requires(fields: Int!) on FIELD_DEFINITION`, `directive @provides(fields: [String!]!) on FIELD_DEFINITION`,
	`type federation__FieldSet { x: Int }`, `scalar _Any`, `type _Any { a: Int }`, `union _Entity = Query`, `type _Service { sdl: String }`, `type _Service { other: Int }`, `enum link__Purpose { SECURITY EXECUTION }`, `enum link__Purpose { OTHER }`,
	`scalar link__Import`, `directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA`, `directive @link(url: String, import: [link__Import]) repeatable on SCHEMA`,
	`directive @link(url: String!, other: Int) repeatable on SCHEMA`, `scalar _FieldSet`, `scalar FieldSet`, `directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ENUM_VALUE`,
	`directive @deprecated(why: String) on FIELD_DEFINITION`, `directive @specifiedBy(url: String!) on SCALAR`, `directive @oneOf on INPUT_OBJECT`, `scalar Int`, `directive @extends on OBJECT | INTERFACE`, `directive @composeDirective(name: String!) repeatable on SCHEMA`,
	`directive @interfaceObject on OBJECT`, `directive @authenticated on FIELD_DEFINITION`, `directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION`, `directive @policy(policies: [[String!]!]!) on OBJECT`,
	`directive @cost(weight: Int!) on FIELD_DEFINITION`, `directive @listSize(assumedSize: Int) on FIELD_DEFINITION`, `directive @skip(if: Boolean!) on FIELD`, `directive @defer(label: String) on FIELD`, `extend type Query { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }`,
	`directive @client on FIELD`, `directive @client(note: Int!) repeatable on FIELD | MUTATION`, `directive @client(note: String = "x") on FRAGMENT_SPREAD`, `directive @client(note: Int, more: String!) on FIELD | FIELD_DEFINITION`, `directive @client(note: Enum0) on FIELD`,
}

var linkOperators = []Operator{
	{"odd link", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		s.Schema = append(s.Schema, pick(m.Random, links))
		return true
	}},
	{"odd link first", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		if s.Minor == Fed1 || s.NoLink {
			return false
		}
		p := &printer{sub: s, used: map[string]bool{}}
		for _, t := range s.Types {
			p.typ(t)
		}
		s.Schema = append([]string{pick(m.Random, links), p.link()}, s.Schema...)
		s.NoLink = true
		return true
	}},
	{"odd import", func(m *Mutation) bool {
		s := m.sub("shareable")
		if s == nil {
			return false
		}
		s.Imports = append(s.Imports, pick(m.Random, imports))
		return true
	}},
	{"another version", func(m *Mutation) bool {
		s := m.sub("shareable")
		if s == nil {
			return false
		}
		s.Minor = pick(m.Random, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 99})
		return true
	}},
	{"renamed link to federation", func(m *Mutation) bool {
		s := m.sub("shareable")
		if s == nil || s.NoLink {
			return false
		}
		s.NoLink = true
		as := pick(m.Random, []string{"fed", "f__d", "federation", "key"})
		s.Schema = append(s.Schema, fmt.Sprintf(`@link(url: "%sv2.%d", as: %q)`, federation, s.Minor, as))
		for name := range since {
			s.Spelling[name] = as + "__" + name
		}
		return true
	}},
	{"prefixed name", func(m *Mutation) bool {
		s := m.sub("shareable")
		if s == nil {
			return false
		}
		name := pick(m.Random, []string{"tag", "inaccessible", "key", "cost", "authenticated", "shareable", "requiresScopes", "context", "fromContext", "policy", "listSize", "composeDirective"})
		s.Spelling[name] = pick(m.Random, []string{"federation__" + name, "other" + name, "a__" + name})
		return true
	}},
	{"directive too new", func(m *Mutation) bool {
		p, ok := m.field("type", func(p place) bool { return p.sub.Minor < 8 })
		name := pick(m.Random, []string{"cost", "authenticated", "policy", "inaccessible", "shareable", "nothing"})
		if ok && !p.sub.Has(name) {
			p.fld.Add(name, map[string]string{"cost": "weight: 1", "policy": `policies: [["a"]]`}[name])
		}
		return ok
	}},
	{"subgraph name", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		s.Name = pick(m.Random, []string{"_", "1x", "b_1", "foo-a", "foo_a", "Ünï", "a b", "__x", "A", "x.y", "b_1_"})
		return true
	}},
}

var directiveOperators = []Operator{
	{"own definition", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		s.Directives = append(s.Directives, pick(m.Random, definitions))
		return true
	}},
	{"executable directive deleted", func(m *Mutation) bool {
		for _, s := range m.Subgraphs {
			if i := slices.IndexFunc(s.Directives, func(d string) bool { return strings.Contains(d, "@client") }); i >= 0 {
				s.Directives = slices.Delete(s.Directives, i, i+1)
				return true
			}
		}
		return false
	}},
	{"executable directive differs", func(m *Mutation) bool {
		done := false
		for _, s := range m.Subgraphs {
			s.Directives = slices.DeleteFunc(slices.Clone(s.Directives), func(d string) bool { return strings.Contains(d, "@client") })
			if m.Chance(90) {
				s.Directives = append(s.Directives, "directive @client"+
					pick(m.Random, []string{"", "", "(note: Int)", "(note: Int!)", "(note: Int = 1)", "(note: Int, more: Int)", "(note: Int, hidden: Int @deprecated)"})+
					pick(m.Random, []string{" ", " ", " repeatable "})+
					pick(m.Random, []string{"on FIELD", "on FIELD", "on QUERY", "on FIELD | QUERY", "on OBJECT", "on FIELD | OBJECT"}))
				done = true
			}
		}
		return done
	}},
	{"undefined directive", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum")
		if ok {
			p.fld.Add("undefined", "")
		}
		return ok
	}},
	{"repeated directive", func(m *Mutation) bool {
		p, ok := m.field("type interface", func(p place) bool { return len(p.fld.Directives) > 0 })
		if ok {
			p.fld.Directives = append(p.fld.Directives, p.fld.Directives[0])
		}
		return ok
	}},
	{"wrong argument of a directive", func(m *Mutation) bool {
		p, ok := m.field("type interface", func(p place) bool { return len(p.fld.Directives) > 0 })
		if ok {
			d := pick(m.Random, p.fld.Directives)
			set(p.fld.Directives, d.Name, pick(m.Random, []string{"", "nothing: 1", "fields: 1", "from: null", "name: 3", "reason: 1"}))
		}
		return ok
	}},
	addType("type interface union enum input scalar", "tag", `name: "a"`, `name: "b"`), add("type interface enum input", "tag", `name: "a"`, `name: "b"`, `name: "a b"`),
	{"add @oneOf", func(m *Mutation) bool {
		p, ok := m.typ("input", not(with("oneOf")))
		if ok {
			p.typ.Add("oneOf", "")
			if !slices.Contains(p.sub.Directives, oneOf) {
				p.sub.Directives = append(p.sub.Directives, oneOf)
			}
		}
		return ok
	}},
	{"undefined type", func(m *Mutation) bool {
		p, ok := m.field("type interface input")
		if ok {
			p.fld.Type = pick(m.Random, []string{"Nothing", "Query", "Input0", "Entity0", "Enum0", "Value0!", "Scalar0"})
		}
		return ok
	}},
	{"odd field name", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum")
		if ok {
			p.fld.Name = pick(m.Random, []string{"__x", "true", "id", "f0", p.typ.Fields[0].Name})
		}
		return ok
	}},
	{"no fields", func(m *Mutation) bool {
		p, ok := m.typ("type interface input enum")
		if ok {
			p.typ.Fields = nil
		}
		return ok
	}},
	{"defined twice", func(m *Mutation) bool {
		p, ok := m.typ("type interface input enum scalar union")
		if ok {
			p.sub.Types = append(p.sub.Types, p.typ.clone())
		}
		return ok
	}},
}
