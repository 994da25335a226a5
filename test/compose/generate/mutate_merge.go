package generate

import (
	"fmt"
	"slices"
	"strings"
)

// mergeOperators make the declarations of one element differ between subgraphs.
var mergeOperators = []Operator{
	drop("shareable"), dropType("shareable"), add("type", "shareable"), addType("type", "shareable"), add("interface", "shareable"),
	{"declare a field elsewhere", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum", func(p place) bool { return m.shared(place{sub: p.sub, typ: p.typ}) && !p.fld.Has("external") })
		if ok {
			for _, o := range m.elsewhere(p) {
				if o.fld == nil {
					c := &Field{Name: p.fld.Name, Type: p.fld.Type, Default: p.fld.Default, Args: cloneFields(p.fld.Args)}
					if p.typ.Kind == "type" && o.sub.Has("shareable") && m.Chance(70) {
						share(o.sub, o.typ, c)
						share(p.sub, p.typ, p.fld)
					}
					o.typ.Fields = append(o.typ.Fields, c)
				}
			}
		}
		return ok
	}},
	{"field type differs", func(m *Mutation) bool {
		p, ok := m.field("type interface input", m.shared)
		if ok {
			p.fld.Type = pick(m.Random, []string{toggleNull(p.fld.Type), toggleNull(p.fld.Type), toggleNull(p.fld.Type), "Int", "String", "[" + p.fld.Type + "]", "[" + p.fld.Type + "!]!"})
		}
		return ok
	}},
	{"shared field of related types", func(m *Mutation) bool {
		itf, ok := m.typ("interface union")
		if !ok {
			return false
		}
		var types []string
		types = append(types, itf.typ.Name)
		types = append(types, itf.typ.Members...)
		for _, t := range itf.sub.Types {
			if slices.Contains(t.Implements, itf.typ.Name) {
				types = append(types, t.Name)
			}
		}
		for _, s := range m.Subgraphs {
			f := &Field{Name: "related", Type: pick(m.Random, types)}
			if q := s.Type("Query"); q != nil && s.Type(f.Type) != nil && q.Field("related") == nil {
				share(s, q, f)
				q.Fields = append(q.Fields, f)
			}
		}
		return true
	}},
	{"argument type differs", func(m *Mutation) bool {
		_, a, ok := m.argument(m.shared)
		if ok {
			a.Type = pick(m.Random, []string{toggleNull(a.Type), toggleNull(a.Type), "Int", "String", "[" + a.Type + "]"})
		}
		return ok
	}},
	{"default differs", func(m *Mutation) bool {
		_, a, ok := m.argument(m.shared)
		if in, have := m.field("input", m.shared); have && m.Chance(40) {
			a, ok = in.fld, true
		}
		if ok {
			a.Default = pick(m.Random, []string{"", "null", "1", "2", `"p"`, "[1]", "{}", "1.0", "V0", "true", "V9"})
		}
		return ok
	}},
	{"argument in one subgraph only", func(m *Mutation) bool {
		p, ok := m.field("type interface", m.shared)
		if ok {
			p.fld.Args = append(p.fld.Args, &Field{Name: "only", Type: pick(m.Random, []string{"Int", "Int!", "String"}), Default: pick(m.Random, []string{"", "", "1"})})
		}
		return ok
	}},
	{"argument deleted", func(m *Mutation) bool {
		p, a, ok := m.argument()
		if ok {
			p.fld.Args = remove(p.fld.Args, a.Name)
		}
		return ok
	}},
	{"new argument everywhere", func(m *Mutation) bool {
		p, ok := m.field("type interface", m.shared)
		if ok {
			types, values := []string{"Int", "Int", "Int!", "Float", "String", "ID"}, []string{"", "", "1", "2", "1.0", `"1"`}
			for _, o := range append(m.elsewhere(p), p) {
				if o.fld != nil {
					o.fld.Args = append(o.fld.Args, &Field{Name: "every", Type: pick(m.Random, types), Default: pick(m.Random, values), Description: pick(m.Random, []string{"", "one", "two"})})
				}
			}
		}
		return ok
	}},
	{"field deleted", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum", func(p place) bool { return len(p.typ.Fields) > 1 })
		if ok {
			p.typ.Fields = remove(p.typ.Fields, p.fld.Name)
		}
		return ok
	}},
	{"field deleted elsewhere", func(m *Mutation) bool {
		p, ok := m.field("input enum interface", m.shared)
		for _, o := range m.elsewhere(p) {
			o.typ.Fields = remove(o.typ.Fields, p.fld.Name)
		}
		return ok
	}},
	{"other fields only", func(m *Mutation) bool {
		p, ok := m.typ("input enum", m.shared)
		if ok {
			for _, f := range p.typ.Fields {
				f.Name += "x"
			}
		}
		return ok
	}},
	{"new value", func(m *Mutation) bool {
		p, ok := m.typ("enum")
		if ok {
			p.typ.Fields = append(p.typ.Fields, &Field{Name: "V9"})
		}
		return ok
	}},
	{"new input field", func(m *Mutation) bool {
		p, ok := m.typ("input")
		if ok {
			f := &Field{Name: "i9", Type: pick(m.Random, []string{"Int", "Int!", "String", p.typ.Name, p.typ.Name + "!"}), Default: pick(m.Random, []string{"", "", "1"})}
			if p.sub.Has("inaccessible") && m.Chance(20) {
				f.Add("inaccessible", "")
			}
			p.typ.Fields = append(p.typ.Fields, f)
		}
		return ok
	}},
	{"member deleted", func(m *Mutation) bool {
		p, ok := m.typ("union", func(p place) bool { return len(p.typ.Members) > 1 })
		if ok {
			p.typ.Members = slices.DeleteFunc(slices.Clone(p.typ.Members), func(string) bool { return m.Chance(50) })
		}
		return ok
	}},
	{"another kind", func(m *Mutation) bool {
		p, ok := m.typ("type interface input enum scalar", m.shared, not(isRoot))
		if ok {
			*p.typ = Type{Kind: pick(m.Random, []string{"scalar", "enum", "input", "type", "interface"}), Name: p.typ.Name, Fields: []*Field{{Name: "x", Type: "Int"}}}
			switch p.typ.Kind {
			case "scalar":
				p.typ.Fields = nil
			case "enum":
				p.typ.Fields[0].Type = ""
			}
		}
		return ok
	}},
	{"type deleted", func(m *Mutation) bool {
		p, ok := m.typ("type interface union enum input scalar")
		if ok {
			p.sub.Types = slices.DeleteFunc(p.sub.Types, func(t *Type) bool { return t == p.typ })
		}
		return ok
	}},
	{"descriptions differ", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum", m.shared)
		if ok {
			for _, o := range append(m.elsewhere(p), p) {
				o.typ.Description = pick(m.Random, []string{"", "one", "two", "three"})
				if o.fld != nil {
					o.fld.Description = pick(m.Random, []string{"", "one", "two", "three"})
				}
			}
		}
		return ok
	}},
	{"deprecations differ", func(m *Mutation) bool {
		p, ok := m.field("type interface input enum", m.shared)
		if ok {
			for _, o := range append(m.elsewhere(p), p) {
				if o.fld != nil && m.Chance(70) && !o.fld.Has("deprecated") {
					o.fld.Add("deprecated", pick(m.Random, []string{"", `reason: "one"`, `reason: "two"`, `reason: null`}))
				}
			}
		}
		return ok
	}},
	{"interface not implemented here", func(m *Mutation) bool {
		p, ok := m.typ("type", func(p place) bool { return len(p.typ.Implements) > 0 })
		if ok {
			p.typ.Implements = nil
		}
		return ok
	}},
	{"new interface field", func(m *Mutation) bool {
		p, ok := m.typ("interface")
		if !ok {
			return false
		}
		p.typ.Fields = append(p.typ.Fields, &Field{Name: "newly", Type: "Int"})
		for _, t := range p.sub.Types {
			if slices.Contains(t.Implements, p.typ.Name) && m.Chance(85) {
				t.Fields = append(t.Fields, &Field{Name: "newly", Type: pick(m.Random, []string{"Int", "Int!"})})
			}
		}
		return true
	}},
	{"interface of an interface", func(m *Mutation) bool {
		p, ok := m.typ("interface", func(p place) bool { return len(p.typ.Fields) > 0 })
		if ok {
			parent := &Type{Kind: "interface", Name: "Parent", Fields: cloneFields(p.typ.Fields[:1])}
			parent.Fields[0].Directives = nil
			p.sub.Types = append(p.sub.Types, parent)
			for _, t := range p.sub.Types {
				if t == p.typ || slices.Contains(t.Implements, p.typ.Name) && m.Chance(90) {
					t.Implements = append(slices.Clone(t.Implements), "Parent")
				}
			}
		}
		return ok
	}},
	{"value type no longer shared", func(m *Mutation) bool {
		p, ok := m.typ("type", not(isKeyed), m.shared, not(isRoot))
		if ok {
			p.typ.Fields = append(p.typ.Fields, &Field{Name: "private" + p.sub.Name, Type: "Int"})
		}
		return ok
	}},
	{"specifiedBy differs", func(m *Mutation) bool {
		p, ok := m.typ("scalar")
		if ok {
			p.typ.Directives = append(without(p.typ.Directives, "specifiedBy"), D("specifiedBy", fmt.Sprintf("url: %q", "https://"+p.sub.Name)))
		}
		return ok
	}},
	{"name of its own", func(m *Mutation) bool {
		p, ok := m.typ("scalar enum type input")
		if !ok {
			return false
		}
		name := pick(m.Random, []string{"__Odd", "_Any", "_Service", "join__Graph", "link__Import", "federation__FieldSet", "tag__x", "_Entity", "core__x"})
		p.sub.Types = append(p.sub.Types, &Type{Kind: "scalar", Name: name})
		q := p.sub.Type("Query")
		if q != nil && m.Chance(50) && !strings.HasPrefix(name, "_") {
			q.Fields = append(q.Fields, &Field{Name: "odd", Type: name})
		}
		return true
	}},
}
