package generate

import (
	"fmt"
	"slices"
)

// composed are arguments of @composeDirective, most of them wrong.
var composed = []string{
	`name: "@custom"`, `name: "custom"`, `name: "@nothing"`, `name: "@tag"`, `name: "@key"`, `name: null`, `name: ""`, `name: "@"`, `name: "@inaccessible"`, `name: "@link"`, `name: "@deprecated"`, `name: "@mine"`, ``, `name: "@authenticated"`,
	`name: "@thing__x"`, `name: "@client"`,
}

var composeOperators = []Operator{
	{"odd @composeDirective", func(m *Mutation) bool {
		s := m.sub("composeDirective")
		if s == nil {
			return false
		}
		s.Imports = append(s.Imports, `"@composeDirective"`)
		s.Schema = append(s.Schema, "@composeDirective("+pick(m.Random, composed)+")")
		if s.Schema[len(s.Schema)-1] == "@composeDirective()" {
			s.Schema[len(s.Schema)-1] = "@composeDirective"
		}
		return true
	}},
	{"composed directive", func(m *Mutation) bool {
		name := pick(m.Random, []string{"@mine", "@mine", "@mine", "@yours"})
		for _, s := range m.Subgraphs {
			if s.Minor < 1 || m.Chance(30) {
				continue
			}
			local := pick(m.Random, []string{"@mine", "@mine", "@mine", name})
			imported := fmt.Sprintf("%q", local)
			if local != "@mine" {
				imported = fmt.Sprintf(`{name: "@mine", as: %q}`, local)
			}
			spec := pick(m.Random, []string{"example.com/mine/v1.0", "example.com/mine/v1.0", "example.com/mine/v1.2", "example.com/mine/v2.0", "example.org/other/v1.0"})
			s.Schema = append(s.Schema, fmt.Sprintf(`@link(url: "https://%s", import: [%s])`, spec, imported))
			if m.Chance(85) {
				s.Directives = append(s.Directives, "directive "+local+pick(m.Random, []string{"(x: Int)", "(x: Int = 1)", "(x: Int!)"})+pick(m.Random, []string{" ", " repeatable "})+"on FIELD_DEFINITION | OBJECT | ENUM | SCHEMA")
			}
			if m.Chance(75) {
				s.Imports = append(s.Imports, `"@composeDirective"`)
				s.Schema = append(s.Schema, fmt.Sprintf("@composeDirective(name: %q)", local))
			}
			for _, t := range s.Types {
				for _, f := range t.Fields {
					if t.Kind == "type" && m.Chance(10) {
						f.Directives = append(f.Directives, D(local[1:], fmt.Sprintf("x: %d", m.IntN(2))))
					}
				}
			}
		}
		return true
	}},
	{"custom directive not composed", func(m *Mutation) bool {
		p, ok := m.field("type")
		if ok {
			p.sub.Directives = append(p.sub.Directives, "directive @local(x: Int) repeatable on FIELD_DEFINITION")
			p.fld.Add("local", "x: 1")
		}
		return ok
	}},
}

var authOperators = []Operator{
	add("type", "authenticated"), add("interface", "authenticated"), addType("type", "authenticated"), addType("interface", "authenticated"), addType("scalar enum", "authenticated"),
	add("type", "requiresScopes", "scopes: "+scopes[0], "scopes: "+scopes[1], "scopes: "+scopes[2], "scopes: "+scopes[3]), addType("type", "requiresScopes", "scopes: "+scopes[1]), addType("interface", "requiresScopes", "scopes: "+scopes[1]),
	add("type", "policy", "policies: "+scopes[0], "policies: "+scopes[1], "policies: "+scopes[2], "policies: "+scopes[4]), addType("type", "policy", "policies: "+scopes[3]), drop("authenticated"), drop("requiresScopes"), drop("policy"),
	{"auth on a required field", func(m *Mutation) bool {
		p, ok := m.field("type", func(p place) bool {
			return p.sub.Has("policy") && len(p.fld.Name) == 5 && p.fld.Name[:4] == "need" && !p.fld.Has("external")
		})
		if !ok {
			return false
		}
		p.fld.Add("requiresScopes", "scopes: "+pick(m.Random, scopes))
		for _, s := range m.Subgraphs {
			if f := s.Type(p.typ.Name).Field("reader" + p.fld.Name[4:]); f != nil && s.Has("requiresScopes") && m.Chance(70) {
				f.Directives = append(without(f.Directives, "requiresScopes"), D("requiresScopes", "scopes: "+pick(m.Random, scopes)))
			}
		}
		return true
	}},
	{"auth differs between subgraphs", func(m *Mutation) bool {
		p, ok := m.field("type", m.shared, knows("policy"))
		if ok {
			for _, o := range append(m.elsewhere(p), p) {
				if o.fld != nil && o.sub.Has("policy") && !o.fld.Has("external") {
					name, argument := "requiresScopes", "scopes: "
					if m.Chance(30) {
						name, argument = "policy", "policies: "
					}
					o.fld.Directives = append(without(o.fld.Directives, name), D(name, argument+pick(m.Random, scopes)))
				}
			}
		}
		return ok
	}},
}

var fromContexts = []string{
	`field: "$ctx { prop }"`, `field: "$ctx { id }"`, `field: "$other { prop }"`, `field: "$ctx"`, `field: "{ prop }"`, `field: "$ctx { prop id }"`, `field: "$ctx { p: prop }"`, `field: "$ctx { nothing }"`, `field: "$ctx { inner { id } }"`, `field: null`,
	`field: "$ctx { inner }"`, `field: "$ctx { prop @skip(if: true) }"`, `field: "$ctx ... on Outera { prop }"`, `field: "$ctx ... on Outera { prop } ... on Entity0 { id }"`, `field: "$ctx { ... on Outera { prop } }"`, `field: ""`, `field: "$ctx {prop}"`, `field: "$ctx prop"`,
	`field: "$ctx $ctx { prop }"`, `field: "ctx { prop }"`, `field: "$ctx{ prop }"`, `field: "$ctx { ...F }"`, ``,
}

var contextOperators = []Operator{
	addType("type interface union", "context", `name: "ctx"`, `name: "ctx"`, `name: "a_b"`, `name: "1a"`, `name: ""`, `name: "other"`, `name: "_"`),
	{"@context without its name", func(m *Mutation) bool {
		p, ok := m.typ("type", with("context"))
		return ok && set(p.typ.Directives, "context", pick(m.Random, []string{`name: "other"`, `name: "c_t"`, "", `name: ""`, `name: "ctx2"`}))
	}},
	{"change @fromContext", func(m *Mutation) bool {
		p, ok := m.field("type", func(p place) bool { return len(p.fld.Args) > 0 && p.fld.Args[0].Has("fromContext") })
		if ok {
			a := p.fld.Args[0]
			if m.Chance(60) {
				set(a.Directives, "fromContext", pick(m.Random, fromContexts))
			} else {
				a.Type = pick(m.Random, []string{"String!", "ID", "Int", "[String]", "String"})
				a.Default = pick(m.Random, []string{"", "", `"x"`})
			}
		}
		return ok
	}},
	{"@fromContext anywhere", func(m *Mutation) bool {
		_, a, ok := m.argument(knows("fromContext"))
		if ok {
			a.Add("fromContext", pick(m.Random, fromContexts))
		}
		return ok
	}},
	{"contextual in some subgraphs", func(m *Mutation) bool {
		p, ok := m.field("type", func(p place) bool { return len(p.fld.Args) > 0 && p.fld.Args[0].Has("fromContext") })
		if !ok {
			return false
		}
		for _, s := range m.Subgraphs {
			if s == p.sub || s.Minor == Fed1 || s.Type(p.typ.Name) != nil {
				continue
			}
			args := []*Field{{Name: "given", Type: pick(m.Random, []string{"String", "String!", "Int"}), Default: pick(m.Random, []string{"", `"x"`})}}
			if m.Chance(20) {
				args = nil
			}
			s.Types = append(s.Types, &Type{Kind: "type", Name: p.typ.Name, Directives: []Directive{D("key", `fields: "id"`)}, Fields: []*Field{{Name: "id", Type: "ID!"}, {Name: "reads", Type: "Int", Args: args, Directives: []Directive{D("shareable", "")}}}})
			share(p.sub, p.typ, p.fld)
			return true
		}
		return false
	}},
	{"context type without its key", func(m *Mutation) bool {
		p, ok := m.typ("type", func(p place) bool {
			return len(p.typ.Name) > 5 && (p.typ.Name[:5] == "Inner" || p.typ.Name[:5] == "Outer")
		})
		if ok {
			p.typ.Directives = without(p.typ.Directives, "key")
			if m.Chance(40) {
				p.typ.Add("key", `fields: "id", resolvable: false`)
			}
		}
		return ok
	}},
}

var costs = []string{
	"assumedSize: 10", "assumedSize: -1", "assumedSize: 0", `slicingArguments: ["a0"]`, `slicingArguments: ["nothing"]`, `slicingArguments: []`, `sizedFields: ["v0"]`, `sizedFields: ["nothing"]`, `sizedFields: ["id"]`, `sizedFields: []`,
	`assumedSize: 5, slicingArguments: ["a0", "a1"], requireOneSlicingArgument: false`, `sizedFields: ["f0", "f1"], assumedSize: 2`, `slicingArguments: ["a0.i0"]`, ``, `assumedSize: null`,
}

var costOperators = []Operator{
	add("type", "cost", "weight: 1", "weight: 7", "weight: -3"), add("interface", "cost", "weight: 1"), addType("type", "cost", "weight: 5"), addType("enum scalar", "cost", "weight: 4", "weight: 6"), add("input", "cost", "weight: 2"),
	add("type", "listSize", costs...), add("type", "listSize", costs...), add("interface", "listSize", costs...),
	{"costs differ between subgraphs", func(m *Mutation) bool {
		p, ok := m.field("type input", m.shared, knows("cost"))
		if ok {
			for _, o := range append(m.elsewhere(p), p) {
				if o.fld != nil && o.sub.Has("cost") && !o.fld.Has("external") {
					o.fld.Directives = append(without(o.fld.Directives, "cost"), D("cost", fmt.Sprintf("weight: %d", m.IntN(4))))
					if len(o.fld.Type) > 0 && o.fld.Type[0] == '[' && o.typ.Kind == "type" {
						o.fld.Directives = append(without(o.fld.Directives, "listSize"), D("listSize", pick(m.Random, costs)))
					}
				}
			}
		}
		return ok
	}},
	{"listSize on a list with a sized field", func(m *Mutation) bool {
		p, ok := m.field("type", knows("listSize"), func(p place) bool {
			return !slices.Contains([]string{"Int", "String"}, base(p.fld.Type)) && p.sub.Type(base(p.fld.Type)) != nil
		})
		if ok {
			t := p.sub.Type(base(p.fld.Type))
			if len(t.Fields) > 0 {
				p.fld.Directives = append(without(p.fld.Directives, "listSize"), D("listSize", fmt.Sprintf("assumedSize: 3, sizedFields: [%q]", pick(m.Random, t.Fields).Name)))
			}
		}
		return ok
	}},
}
