package generate

import (
	"fmt"
	"strings"
)

// keyFields are values of the fields argument of @key, most of them wrong.
var keyFields = []string{
	`fields: "nothing"`, `fields: ""`, `fields: "id {"`, `fields: "i: id"`, `fields: "...F"`, `fields: "id @skip(if: true)"`, `fields: "__typename id"`,
	`fields: "{ id }"`, `fields: "id id"`, `fields: ["id"]`, `fields: id`, `fields: 1`, `fields: "... on Entity0 { id }"`, `fields: "common0"`,
	`fields: "id", resolvable: false`, `fields: "id", resolvable: null`, `fields: "f0"`, `fields: "f0 { id }"`, `fields: "f1(a0: 1)"`, `fields: "f1 { __typename }"`,
	`fields: "\"id\""`, `fields: """id"""`, `fields: "id,"`, `fields: "# none"`, `fields: "id", resolvable: true`, ``, `fields: "fragment on T { id }"`,
	`fields: "f0 { ... on Entity0 { id } }"`, `fields: null`, `fields: "id($x)"`, `fields: "code"`, `fields: "id sku"`, `fields: "sku id"`, `fields: "part { v0 } id"`,
}

// selections are values for @requires and @provides.
var selections = []string{
	`fields: "nothing"`, `fields: ""`, `fields: "id"`, `fields: "id f0"`, `fields: "f0"`, `fields: "f1"`, `fields: "f0 { id }"`, `fields: "f0 { v0 }"`, `fields: "v0"`,
	`fields: "need0 @include(if: true)"`, `fields: ["need0"]`, `fields: need0`, `fields: 3`, `fields: "n: need0"`, `fields: "need0(x: $v)"`, `fields: "need0(x: 1)"`,
	`fields: "__typename"`, `fields: "need0 __typename"`, `fields: "need0 need0"`, `fields: "given0"`, `fields: "given0 { v0 }"`, `fields: "need0 { v0 }"`, `fields: "need0 {"`,
	`fields: "...X"`, `fields: "... on Entity0 { id }"`, `fields: "... on Entity1 { need0 }"`, `fields: "need0(y: 1)"`, `fields: "{ need0 }"`, `fields: "... { need0 }"`,
	`fields: "f0 { ... on Entity0 { id } ... on Value0 { v0 } }"`, `fields: "common0"`, `fields: "part { v0 }"`, `fields: "f2 f3"`, `fields: "need1 { __typename }"`,
}

var keyOperators = []Operator{
	{"odd @key", func(m *Mutation) bool {
		p, ok := m.typ("type interface", knows("key"), not(isRoot))
		if ok {
			p.typ.Add("key", pick(m.Random, keyFields))
		}
		return ok
	}},
	{"change @key", func(m *Mutation) bool {
		p, ok := m.typ("type interface", isKeyed)
		return ok && set(p.typ.Directives, "key", pick(m.Random, keyFields))
	}},
	{"@key not resolvable", func(m *Mutation) bool {
		p, ok := m.typ("type interface", isKeyed)
		return ok && set(p.typ.Directives, "key", argsOf(p.typ.Directives, "key")+", resolvable: false")
	}},
	{"@key on a root", func(m *Mutation) bool {
		p, ok := m.typ("type", isRoot)
		if ok {
			p.typ.Add("key", `fields: "id"`)
		}
		return ok
	}},
	{"delete a @key", func(m *Mutation) bool {
		p, ok := m.typ("type interface", isKeyed)
		if ok {
			p.typ.Directives = without(p.typ.Directives, "key")
		}
		return ok
	}},
	{"delete the other @keys", func(m *Mutation) bool {
		p, ok := m.typ("type", isKeyed, m.shared)
		for _, o := range m.elsewhere(place{sub: p.sub, typ: p.typ}) {
			o.typ.Directives = without(o.typ.Directives, "key")
		}
		return ok
	}},
	{"@key on the extension", func(m *Mutation) bool {
		p, ok := m.typ("type interface", isKeyed)
		if ok {
			p.sub.Types = append(p.sub.Types, &Type{Kind: p.typ.Kind, Name: p.typ.Name, Extend: true, Directives: []Directive{D("key", argsOf(p.typ.Directives, "key"))}})
			p.typ.Directives = without(p.typ.Directives, "key")
		}
		return ok
	}},
	{"key field external", func(m *Mutation) bool {
		p, ok := m.field("type", isKeyedField, not(with("external")))
		if ok {
			p.fld.Directives = append(without(p.fld.Directives, "shareable"), D("external", ""))
			p.typ.Extend = p.typ.Extend || m.Chance(60)
		}
		return ok
	}},
	{"key field with an argument", func(m *Mutation) bool {
		p, ok := m.field("type", isKeyedField)
		if ok {
			p.fld.Args = append(p.fld.Args, &Field{Name: "x", Type: "Int"})
		}
		return ok
	}},
	{"key field renamed", func(m *Mutation) bool {
		p, ok := m.field("type", isKeyedField)
		if ok {
			p.fld.Name = "renamed"
		}
		return ok
	}},
	{"key field of an abstract type", func(m *Mutation) bool {
		a, have := m.typ("interface union")
		p, ok := m.field("type", isKeyedField, func(p place) bool { return p.sub == a.sub })
		if ok && have {
			p.fld.Type = a.typ.Name
			set(p.typ.Directives, "key", fmt.Sprintf(`fields: "%s { __typename }"`, p.fld.Name))
		}
		return ok && have
	}},
}

func isKeyedField(p place) bool {
	return isKeyed(p) && strings.Contains(argsOf(p.typ.Directives, "key"), p.fld.Name)
}

var externalOperators = []Operator{
	drop("external"), drop("requires"), drop("provides"),
	add("type", "external"), add("interface", "external"), addType("type", "external"),
	add("type", "requires", selections...), add("type", "requires", selections...), add("type", "provides", selections...), add("type", "provides", selections...),
	add("interface", "requires", `fields: "id"`), add("interface", "provides", `fields: "id"`),
	{"change @requires", func(m *Mutation) bool {
		p, ok := m.field("type", with("requires"))
		return ok && set(p.fld.Directives, "requires", pick(m.Random, selections))
	}},
	{"change @provides", func(m *Mutation) bool {
		p, ok := m.field("type", with("provides"))
		return ok && set(p.fld.Directives, "provides", pick(m.Random, selections))
	}},
	{"@requires beside @external", func(m *Mutation) bool {
		p, ok := m.field("type", with("external"))
		if ok {
			p.fld.Add(pick(m.Random, []string{"requires", "provides"}), pick(m.Random, selections))
		}
		return ok
	}},
	{"external type differs", func(m *Mutation) bool {
		p, ok := m.field("type", with("external"))
		if ok {
			p.fld.Type = pick(m.Random, []string{toggleNull(p.fld.Type), "Boolean", "[" + p.fld.Type + "]"})
		}
		return ok
	}},
	{"external argument differs", func(m *Mutation) bool {
		p, ok := m.field("type", with("external"), m.shared)
		if !ok {
			return false
		}
		o := p
		for _, other := range m.elsewhere(p) {
			if other.fld != nil {
				o = other
			}
		}
		kinds := [][2]*Field{
			{nil, {Name: "y", Type: "Int"}},
			{{Name: "y", Type: "Int"}, nil},
			{{Name: "y", Type: "Int"}, {Name: "y", Type: "Int!"}},
			{{Name: "y", Type: "Int"}, {Name: "y", Type: "String"}},
			{{Name: "y", Type: "Int", Default: "1"}, {Name: "y", Type: "Int", Default: "2"}},
			{{Name: "y", Type: "Int"}, {Name: "y", Type: "Int", Default: "2"}},
			{{Name: "y", Type: "Int!"}, {Name: "y", Type: "Int"}},
		}
		pair := kinds[m.IntN(len(kinds))]
		for i, at := range []place{p, o} {
			if pair[i] != nil {
				at.fld.Args = append(at.fld.Args, pair[i])
			}
		}
		return true
	}},
	{"owner of an external field deleted", func(m *Mutation) bool {
		p, ok := m.field("type", with("external"), m.shared)
		for _, o := range m.elsewhere(p) {
			o.typ.Fields = remove(o.typ.Fields, p.fld.Name)
		}
		return ok
	}},
	{"merged directive on an external field", func(m *Mutation) bool {
		p, ok := m.field("type", with("external"))
		name := pick(m.Random, []string{"tag", "inaccessible", "deprecated", "cost", "authenticated", "requiresScopes"})
		if !ok || name != "deprecated" && !p.sub.Has(name) {
			return false
		}
		p.fld.Add(name, map[string]string{"tag": `name: "x"`, "cost": "weight: 1", "requiresScopes": `scopes: [["z"]]`}[name])
		return true
	}},
	{"fed1 extension", func(m *Mutation) bool {
		p, ok := m.typ("type interface", func(p place) bool { return p.sub.Minor == Fed1 && !p.typ.Extend })
		if ok && m.Chance(50) {
			p.typ.Add("extends", "")
		} else if ok {
			p.typ.Extend = true
		}
		return ok
	}},
	{"fed1 all external", func(m *Mutation) bool {
		p, ok := m.typ("type", func(p place) bool { return p.sub.Minor == Fed1 && !isRoot(p) })
		if ok {
			for _, f := range p.typ.Fields {
				f.Add("external", "")
			}
		}
		return ok
	}},
	{"now federation 1", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		if s.Minor == Fed1 {
			return false
		}
		s.Minor, s.Spelling, s.Schema = Fed1, map[string]string{}, nil
		for _, t := range s.Types {
			strip(&t.Directives)
			for _, f := range t.Fields {
				strip(&f.Directives)
				for _, a := range f.Args {
					strip(&a.Directives)
				}
			}
		}
		return true
	}},
	{"extend in place", func(m *Mutation) bool {
		p, ok := m.typ("type interface union enum input scalar", func(p place) bool { return !p.typ.Extend })
		if ok {
			p.typ.Extend = true
		}
		return ok
	}},
	addType("type interface", "extends"),
}

// strip leaves the directives of Federation 1.
func strip(list *[]Directive) {
	var kept []Directive
	for _, d := range *list {
		if _, federation := since[d.Name]; !federation && d.Name != "custom" || (&Subgraph{Minor: Fed1}).Has(d.Name) {
			kept = append(kept, d)
		}
	}
	*list = kept
}

func remove(list []*Field, name string) []*Field {
	var out []*Field
	for _, f := range list {
		if f.Name != name {
			out = append(out, f)
		}
	}
	return out
}
