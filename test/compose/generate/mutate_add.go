package generate

import (
	"fmt"
	"slices"
)

// pair picks two subgraphs that have the directives.
func (m *Mutation) pair(directives ...string) (a, b *Subgraph, ok bool) {
	a = m.sub(directives...)
	rest := slices.DeleteFunc(slices.Clone(m.Subgraphs), func(s *Subgraph) bool {
		return s == a || slices.ContainsFunc(directives, func(d string) bool { return !s.Has(d) })
	})
	if a == nil || len(rest) == 0 {
		return nil, nil, false
	}
	return a, pick(m.Random, rest), true
}

func object(name string, fields ...*Field) *Type {
	return &Type{Kind: "type", Name: name, Fields: fields}
}

func keyed(name string, fields ...*Field) *Type {
	t := object(name, append([]*Field{{Name: "id", Type: "ID!"}}, fields...)...)
	t.Add("key", `fields: "id"`)
	return t
}

func marked(name, typ, directive, args string) *Field {
	return &Field{Name: name, Type: typ, Directives: []Directive{D(directive, args)}}
}

// query adds a root field.
func (s *Subgraph) query(f *Field) {
	t := s.Type("Query")
	if t == nil {
		t = object("Query")
		s.Types = append(s.Types, t)
	}
	t.Fields = append(t.Fields, f)
}

// unlike adds a type to two subgraphs, with differences, and a field of a root type with an argument of it.
func unlike(kind string, a, b *Subgraph, fields [2][]*Field) {
	for i, s := range []*Subgraph{a, b} {
		s.Types = append(s.Types, &Type{Kind: kind, Name: "Unlike", Fields: fields[i]})
	}
	a.query(&Field{Name: "takesUnlike", Type: "Int", Args: []*Field{{Name: "x", Type: "Unlike"}}})
}

// addOperators add small schemas that show what the deformation of others seldom does.
var addOperators = []Operator{
	{"enum of input without shared values", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			unlike("enum", a, b, [2][]*Field{{{Name: "A"}}, {{Name: "B"}}})
		}
		return ok
	}},
	{"input field with different defaults", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			value := func() string { return pick(m.Random, []string{"1", "2", "", "1.0", "null"}) }
			unlike("input", a, b, [2][]*Field{{{Name: "i", Type: "Int", Default: value()}}, {{Name: "i", Type: pick(m.Random, []string{"Int", "Int!"}), Default: value()}}})
		}
		return ok
	}},
	{"one input is @oneOf", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			unlike("input", a, b, [2][]*Field{{{Name: "i", Type: "Int"}}, {{Name: "i", Type: "Int"}}})
			a.Type("Unlike").Add("oneOf", "")
			if !slices.Contains(a.Directives, oneOf) {
				a.Directives = append(a.Directives, oneOf)
			}
		}
		return ok
	}},
	{"interface field without implementation", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			for i, s := range []*Subgraph{a, b} {
				fields := []*Field{{Name: "x", Type: "Int"}, {Name: "y", Type: "Int"}}[:i+1]
				s.Types = append(s.Types, &Type{Kind: "interface", Name: "Partly", Fields: fields})
				s.Types = append(s.Types, &Type{Kind: "type", Name: "Part" + s.Name, Implements: []string{"Partly"}, Fields: cloneFields(fields)})
				s.query(&Field{Name: "part" + s.Name, Type: "Part" + s.Name})
			}
		}
		return ok
	}},
	{"directive in a field set", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		t := keyed("Conditional", marked("need", "Int", "external", ""), marked("reads", "Int", "requires", pick(m.Random, []string{`fields: "need @skip(if: true)"`, `fields: "need"`})))
		t.Add("key", pick(m.Random, []string{`fields: "id @include(if: true)"`, `fields: "id @nothing"`}))
		s.Types = append(s.Types, t)
		return true
	}},
	{"key of an interface in an old version", func(m *Mutation) bool {
		s := m.sub("shareable")
		if s == nil || s.Has("interfaceObject") {
			return false
		}
		s.Types = append(s.Types, &Type{Kind: "interface", Name: "Old", Fields: []*Field{{Name: "id", Type: "ID!"}}, Directives: []Directive{D("key", `fields: "id"`)}})
		return true
	}},
	{"federation 1 type of unused externals", func(m *Mutation) bool {
		for _, s := range m.Subgraphs {
			if s.Minor == Fed1 {
				s.Types = append(s.Types, object("Unused", marked("x", "Int", "external", "")))
				if m.Chance(70) {
					s.query(&Field{Name: "unused", Type: "Unused"})
				}
				return true
			}
		}
		return false
	}},
	{"shared field with an argument", func(m *Mutation) bool {
		a, b, ok := m.pair("shareable")
		if ok {
			for _, s := range []*Subgraph{a, b} {
				f := marked("argued", "Int", "shareable", "")
				f.Args = []*Field{{Name: "x", Type: pick(m.Random, []string{"Int", "Int!", "[Int]", "[Int!]"}), Default: pick(m.Random, []string{"", "", "1"})}}
				s.query(f)
			}
		}
		return ok
	}},
	{"@provides on an interface", func(m *Mutation) bool {
		s := m.sub("provides")
		s.Types = append(s.Types, &Type{Kind: "interface", Name: "Gives", Fields: []*Field{marked("given", "Given", "provides", pick(m.Random, []string{`fields: "x"`, `fields: "y"`, `fields: "x @skip(if: true)"`}))}}, object("Given", marked("x", "Int", "external", ""), &Field{Name: "y", Type: "Int"}))
		s.query(&Field{Name: "gives", Type: "Gives"})
		return true
	}},
	{"directive in @provides", func(m *Mutation) bool {
		s := m.sub("provides")
		s.Types = append(s.Types, object("Given", marked("x", "Int", "external", ""), &Field{Name: "y", Type: "Int"}))
		s.query(marked("gives", "Given", "provides", pick(m.Random, []string{`fields: "x @skip(if: true)"`, `fields: "x @nothing"`, `fields: "x y @skip(if: true)"`})))
		return true
	}},
	{"own version of the link specification", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		s.Schema = append([]string{fmt.Sprintf(`@link(url: "https://specs.apollo.dev/link/v%s")`, pick(m.Random, []string{"1.0", "1.1", "2.0"}))}, s.Schema...)
		if m.Chance(50) {
			s.Directives = append(s.Directives, "directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA", "scalar link__Import", "enum link__Purpose { SECURITY EXECUTION }")
		}
		return true
	}},
	{"composed directive of another name", func(m *Mutation) bool {
		a, b, ok := m.pair("composeDirective")
		if ok {
			a.Imports = append(a.Imports, `"@composeDirective"`)
			a.Schema = append(a.Schema, `@link(url: "https://example.com/named/v1.0", import: ["@named"])`, `@composeDirective(name: "@named")`)
			a.Directives = append(a.Directives, "directive @named"+pick(m.Random, []string{"", "(x: Int @inaccessible)", "(x: Int)"})+" on FIELD_DEFINITION | OBJECT")
			a.Imports = append(a.Imports, `"@inaccessible"`)
			b.Schema = append(b.Schema, fmt.Sprintf(`@link(url: "https://example.com/named/v1.0"%s)`, pick(m.Random, []string{`, import: [{name: "@named", as: "@other"}]`, `, as: "n"`, ""})))
		}
		return ok
	}},
	{"context of two types", func(m *Mutation) bool {
		s := m.sub("context")
		if s == nil {
			return false
		}
		one, two := keyed("ContextOne", &Field{Name: "p", Type: "String"}, &Field{Name: "reads", Type: "Reads"}), keyed("ContextTwo", &Field{Name: "p", Type: pick(m.Random, []string{"String", "String!", "Int"})}, &Field{Name: "reads", Type: "Reads"})
		one.Add("context", `name: "pair"`)
		if m.Chance(70) {
			two.Add("context", `name: "pair"`)
		}
		selection := pick(m.Random, []string{"$pair { p }", "$pair ... on ContextOne { p } ... on ContextTwo { p }", "$pair ... on ContextOne { p }", "$pair { reads { id } }"})
		reads := keyed("Reads", &Field{Name: "f", Type: "Int", Args: []*Field{{Name: "p", Type: "String", Directives: []Directive{D("fromContext", fmt.Sprintf("field: %q", selection))}}}})
		s.Types = append(s.Types, one, two, reads)
		s.query(&Field{Name: "one", Type: "ContextOne"})
		s.query(&Field{Name: "two", Type: "ContextTwo"})
		return true
	}},
}

// reachOperators aim at what the subgraphs can answer together.
var reachOperators = []Operator{
	{"no key in common", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			a.Types = append(a.Types, keyed("Split", &Field{Name: "x", Type: "Int"}))
			other := object("Split", &Field{Name: "code", Type: "Int"}, &Field{Name: "y", Type: "Int"})
			other.Add("key", `fields: "code"`)
			if m.Chance(30) {
				f := &Field{Name: "id", Type: "ID!"}
				share(b, other, f)
				other.Fields = append(other.Fields, f)
			}
			b.Types = append(b.Types, other)
			pick(m.Random, []*Subgraph{a, b}).query(&Field{Name: "split", Type: pick(m.Random, []string{"Split", "[Split]"})})
		}
		return ok
	}},
	{"shared union of different members", func(m *Mutation) bool {
		a, b, ok := m.pair("shareable")
		if ok {
			for _, s := range []*Subgraph{a, b} {
				members := some(m.Random, []string{"MemberOne", "MemberTwo", "MemberThree"})
				s.Types = append(s.Types, &Type{Kind: "union", Name: "Members", Members: members})
				for _, name := range members {
					t := keyed(name, marked("x", "Int", "shareable", ""))
					if m.Chance(30) {
						t.Directives = nil
						t.Add("shareable", "")
						t.Fields[1].Directives = nil
					}
					s.Types = append(s.Types, t)
				}
				s.query(marked("members", "Members", "shareable", ""))
			}
		}
		return ok
	}},
	{"mutual @requires", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			a.Types = append(a.Types, keyed("Mutual", marked("x", "Int", "requires", `fields: "y"`), marked("y", "Int", "external", "")))
			b.Types = append(b.Types, keyed("Mutual", marked("y", "Int", "requires", `fields: "x"`), marked("x", "Int", "external", "")))
			a.query(&Field{Name: "mutual", Type: "Mutual"})
		}
		return ok
	}},
	{"requirement behind another key", func(m *Mutation) bool {
		a, b, ok := m.pair()
		if ok {
			first := keyed("Behind", marked("need", "Int", "external", ""), marked("got", "Int", "requires", `fields: "need"`))
			if m.Chance(30) {
				first.Directives = nil
			}
			second := keyed("Behind", &Field{Name: "need", Type: "Int"})
			if m.Chance(40) {
				set(second.Directives, "key", `fields: "id", resolvable: false`)
			}
			a.Types, b.Types = append(a.Types, first), append(b.Types, second)
			pick(m.Random, []*Subgraph{a, b}).query(&Field{Name: "behind", Type: "Behind"})
		}
		return ok
	}},
	{"mutation that one subgraph cannot finish", func(m *Mutation) bool {
		a, b, ok := m.pair("shareable")
		if ok {
			for _, s := range []*Subgraph{a, b} {
				s.Types = append(s.Types, object("Outcome", &Field{Name: "of" + s.Name, Type: "Int"}))
				root := s.Type(pick(m.Random, []string{"Mutation", "Query"}))
				if root == nil {
					root = object("Mutation")
					s.Types = append(s.Types, root)
				}
				root.Fields = append(root.Fields, marked("outcome", "Outcome", "shareable", ""))
			}
		}
		return ok
	}},
	{"interface object without its interface's key", func(m *Mutation) bool {
		a, b, ok := m.pair("interfaceObject")
		if ok {
			itf := &Type{Kind: "interface", Name: "Stood", Fields: []*Field{{Name: "id", Type: "ID!"}}}
			itf.Add("key", pick(m.Random, []string{`fields: "id"`, `fields: "id", resolvable: false`}))
			if m.Chance(40) {
				itf.Directives = nil
			}
			impl := keyed("Standing")
			impl.Implements = []string{"Stood"}
			a.Types = append(a.Types, itf, impl)
			stand := keyed("Stood", &Field{Name: "added", Type: "Int"})
			stand.Add("interfaceObject", "")
			b.Types = append(b.Types, stand)
			pick(m.Random, []*Subgraph{a, b}).query(&Field{Name: "stood", Type: "Stood"})
		}
		return ok
	}},
}
