package generate

import (
	"fmt"
	"slices"
	"strings"
)

var rootOperators = []Operator{
	{"roots deleted", func(m *Mutation) bool {
		for _, s := range m.Subgraphs {
			s.Types = slices.DeleteFunc(s.Types, func(t *Type) bool { return t.Name == "Query" })
		}
		return true
	}},
	{"root renamed", func(m *Mutation) bool {
		s := pick(m.Random, m.Subgraphs)
		if s.Minor == Fed1 {
			return false
		}
		for _, name := range []string{"Query", "Mutation", "Subscription"} {
			s.Roots[name] = "My" + name
		}
		if m.Chance(60) {
			s.Types = append(s.Types, &Type{Kind: pick(m.Random, []string{"type", "interface"}), Name: pick(m.Random, []string{"Query", "Mutation", "Subscription"}) + "X", Fields: []*Field{{Name: "x", Type: "Int"}}})
			t := s.Types[len(s.Types)-1]
			s.Directives = append(s.Directives, fmt.Sprintf("%s %s { x: Int }", t.Kind, strings.TrimSuffix(t.Name, "X")))
		}
		return true
	}},
	{"shared root field", func(m *Mutation) bool {
		name := pick(m.Random, []string{"Query", "Mutation", "Subscription"})
		n := 0
		for _, s := range m.Subgraphs {
			if m.Chance(70) {
				t := s.Type(name)
				if t == nil {
					t = &Type{Kind: "type", Name: name}
					s.Types = append(s.Types, t)
				}
				f := &Field{Name: "every", Type: "Int"}
				if s.Has("shareable") && m.Chance(80) {
					f.Add("shareable", "")
				}
				t.Fields = append(t.Fields, f)
				n++
			}
		}
		return n > 0
	}},
	{"field returns Query", func(m *Mutation) bool {
		p, ok := m.typ("type", not(isRoot))
		if ok {
			root := "Query"
			if as := p.sub.Roots["Query"]; as != "" {
				root = as
			}
			p.typ.Fields = append(p.typ.Fields, &Field{Name: "back" + p.sub.Name, Type: root})
		}
		return ok
	}},
}

var overrides = []string{
	`from: "a"`, `from: "b"`, `from: "c"`, `from: "nobody"`, `from: ""`, `from: "a", label: "percent(10)"`, `from: "b", label: "percent(101)"`, `from: "a", label: "1x"`, `from: "b", label: ""`,
	`from: "a", label: "percent(0.123456789)"`, `from: "b", label: "some-Label:1/2.3"`, `from: "b", label: "ünder"`, `from: "a", label: "percent(-1)"`, `from: "a", label: "percent(1.)"`, `from: "b", label: null`,
}

var overrideOperators = []Operator{
	add("type", "override", overrides...), add("type", "override", overrides...), add("interface", "override", overrides...), drop("override"),
	{"override of a shared field", func(m *Mutation) bool {
		p, ok := m.field("type", knows("override"), m.shared, not(with("override")))
		if ok {
			o := pick(m.Random, m.elsewhere(p))
			args := fmt.Sprintf("from: %q", o.sub.Name)
			if p.sub.Minor >= 7 && m.Chance(40) {
				args += `, label: "percent(7)"`
			}
			p.fld.Add("override", args)
			if o.fld != nil && o.sub.Has("override") && m.Chance(15) {
				o.fld.Add("override", fmt.Sprintf("from: %q", p.sub.Name))
			}
			if o.fld != nil && m.Chance(15) {
				o.fld.Add(pick(m.Random, []string{"requires", "provides", "external"}), map[bool]string{true: `fields: "id"`}[m.Chance(90)])
			}
		}
		return ok
	}},
}

var interfaceOperators = []Operator{
	addType("type", "interfaceObject"), dropType("interfaceObject"), addType("interface", "key", keyFields...), addType("interface", "shareable"),
	{"implementation beside its interface object", func(m *Mutation) bool {
		p, ok := m.typ("type", with("interfaceObject"))
		if ok {
			for _, s := range m.Subgraphs {
				for _, t := range s.Types {
					if slices.Contains(t.Implements, p.typ.Name) && p.sub.Type(t.Name) == nil && m.Chance(60) {
						p.sub.Types = append(p.sub.Types, &Type{Kind: "type", Name: t.Name, Directives: []Directive{D("key", `fields: "id"`)}, Fields: []*Field{{Name: "id", Type: "ID!"}}})
					}
				}
			}
		}
		return ok
	}},
	{"interface becomes its object", func(m *Mutation) bool {
		p, ok := m.typ("interface", knows("interfaceObject"))
		if ok {
			p.typ.Kind = "type"
			p.typ.Add("interfaceObject", "")
			if !isKeyed(p) {
				p.typ.Add("key", `fields: "id"`)
			}
			if m.Chance(70) {
				p.sub.Types = slices.DeleteFunc(p.sub.Types, func(t *Type) bool { return slices.Contains(t.Implements, p.typ.Name) })
			}
		}
		return ok
	}},
	{"new implementation", func(m *Mutation) bool {
		p, ok := m.typ("interface")
		if ok {
			p.sub.Types = append(p.sub.Types, &Type{Kind: "type", Name: "New", Implements: []string{p.typ.Name}, Fields: cloneFields(p.typ.Fields)})
			if m.Chance(60) {
				p.sub.Types[len(p.sub.Types)-1].Add("key", `fields: "id"`)
			}
		}
		return ok
	}},
	{"field of the interface object elsewhere", func(m *Mutation) bool {
		p, ok := m.typ("type", with("interfaceObject"))
		if !ok {
			return false
		}
		for _, s := range m.Subgraphs {
			for _, t := range s.Types {
				if slices.Contains(t.Implements, p.typ.Name) || t.Name == p.typ.Name && s != p.sub {
					f := &Field{Name: p.typ.Fields[len(p.typ.Fields)-1].Name, Type: "Int"}
					if t.Field(f.Name) == nil && m.Chance(60) {
						if t.Kind == "type" && m.Chance(70) {
							share(s, t, f)
						}
						t.Fields = append(t.Fields, f)
					}
				}
			}
		}
		return true
	}},
}

var inaccessibleOperators = []Operator{
	addType("type interface", "inaccessible"), addType("union", "inaccessible"), addType("enum", "inaccessible"), addType("input", "inaccessible"), addType("scalar", "inaccessible"),
	add("type", "inaccessible"), add("interface", "inaccessible"), add("input", "inaccessible"), add("enum", "inaccessible"),
	{"hide everything of a type", func(m *Mutation) bool {
		p, ok := m.typ("type interface input enum", knows("inaccessible"))
		if ok {
			for _, f := range p.typ.Fields {
				if !f.Has("inaccessible") {
					f.Add("inaccessible", "")
				}
			}
		}
		return ok
	}},
	{"hide a type and its fields", func(m *Mutation) bool {
		p, ok := m.typ("type interface union enum input scalar", knows("inaccessible"), not(with("inaccessible")))
		if ok {
			p.typ.Add("inaccessible", "")
			for _, t := range p.sub.Types {
				for _, f := range t.Fields {
					if base(f.Type) == p.typ.Name && !f.Has("inaccessible") {
						f.Add("inaccessible", "")
					}
				}
			}
		}
		return ok
	}},
	{"hide the members of a union", func(m *Mutation) bool {
		p, ok := m.typ("union", knows("inaccessible"))
		if ok {
			for _, name := range p.typ.Members {
				if t := p.sub.Type(name); t != nil && !t.Has("inaccessible") {
					t.Add("inaccessible", "")
				}
			}
		}
		return ok
	}},
	{"hide an argument", func(m *Mutation) bool {
		_, a, ok := m.argument(knows("inaccessible"))
		if ok && !a.Has("inaccessible") {
			a.Add("inaccessible", "")
		}
		return ok
	}},
	{"hide the query root", func(m *Mutation) bool {
		p, ok := m.typ("type", isRoot, knows("inaccessible"), not(with("inaccessible")))
		if ok {
			p.typ.Add("inaccessible", "")
		}
		return ok
	}},
	{"default uses something hidden", func(m *Mutation) bool {
		p, ok := m.typ("enum input", knows("inaccessible"))
		if !ok {
			return false
		}
		f := pick(m.Random, p.typ.Fields)
		if f == nil {
			return false
		}
		if !f.Has("inaccessible") {
			f.Add("inaccessible", "")
		}
		value := f.Name
		if p.typ.Kind == "input" {
			value = "{" + f.Name + ": null}"
		}
		if q := p.sub.Type("Query"); q != nil {
			q.Fields = append(q.Fields, &Field{Name: "defaulted", Type: "Int", Args: []*Field{{Name: "x", Type: p.typ.Name, Default: value}}})
		}
		return true
	}},
	{"hide an element of the machinery", func(m *Mutation) bool {
		s := m.sub("inaccessible")
		if s == nil || s.Minor == Fed1 {
			return false
		}
		s.Imports = append(s.Imports, `"@inaccessible"`)
		s.Directives = append(s.Directives, pick(m.Random, []string{
			"scalar federation__FieldSet @inaccessible", "scalar _Any @inaccessible", "directive @hides(x: Int @inaccessible) on OBJECT", "directive @hides(x: Int! @inaccessible) on FIELD", "scalar Int @inaccessible",
			"enum link__Purpose @inaccessible { SECURITY EXECUTION }", "directive @hides(x: Int @inaccessible) on FIELD | OBJECT",
		}))
		return true
	}},
}
