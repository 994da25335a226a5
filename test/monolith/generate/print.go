package generate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

var keywords = map[ast.DefinitionKind]string{
	ast.Object: "type", ast.Interface: "interface", ast.Union: "union", ast.Enum: "enum", ast.InputObject: "input", ast.Scalar: "scalar",
}

const fed2Link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@interfaceObject", "@extends", "@context", "@fromContext", "@authenticated", "@tag"])` + "\n"

// sdl writes a subgraph.
func (f *federation) sdl(s *sub) string {
	var b strings.Builder
	if !s.fed1 {
		b.WriteString(fed2Link)
	}
	if len(s.roots) > 0 {
		b.WriteString("schema { query: " + s.local("Query"))
		if f.byName["Mutation"].in[s] != nil {
			b.WriteString(" mutation: " + s.local("Mutation"))
		}
		b.WriteString(" }\n")
	}
	for _, t := range f.types {
		p := t.in[s]
		if p == nil {
			continue
		}
		keyword := keywords[t.kind]
		extend := s.extend
		if !f.extends(t, s) { // some subgraph has to define it
			extend = ""
		}
		if p.interfaceObject {
			keyword = "type"
		}
		if extend == "extend" {
			b.WriteString("extend ")
		}
		b.WriteString(keyword + " " + s.local(t.name))
		for i, x := range p.implements {
			b.WriteString([]string{" implements ", " & "}[min(i, 1)] + x.name)
		}
		if extend == "@extends" {
			b.WriteString(" @extends")
		}
		for _, k := range p.keys {
			fmt.Fprintf(&b, " @key(fields: %q", k.text)
			if k.unresolved {
				b.WriteString(", resolvable: false")
			}
			b.WriteString(")")
		}
		if p.interfaceObject {
			b.WriteString(" @interfaceObject")
		}
		for _, name := range p.contexts {
			fmt.Fprintf(&b, " @context(name: %q)", name)
		}
		if t.hidden && !s.fed1 {
			b.WriteString(" @inaccessible")
		}
		f.body(&b, t, p, s)
	}
	return b.String()
}

func (f *federation) body(b *strings.Builder, t *typ, p *part, s *sub) {
	switch t.kind {
	case ast.Union:
		for i, m := range p.members {
			b.WriteString([]string{" = ", " | "}[min(i, 1)] + m.name)
		}
	case ast.Enum:
		b.WriteString(" {")
		for _, v := range p.enum {
			b.WriteString(" " + v)
			if v == secret && !s.fed1 {
				b.WriteString(" @inaccessible")
			}
		}
		b.WriteString(" }")
	case ast.Scalar:
	case ast.InputObject:
		b.WriteString(" {\n")
		for _, x := range t.fields {
			if len(x.in) == 0 || x.in[s] != nil {
				b.WriteString("  " + x.name + ": " + x.typ.String() + inputDefaults[t.name+"."+x.name] + "\n")
			}
		}
		b.WriteString("}")
	default:
		b.WriteString(" {\n")
		for _, x := range t.fields {
			if x.in[s] != nil {
				b.WriteString("  " + f.declaration(t, x, s) + "\n")
			}
		}
		b.WriteString("}")
	}
	b.WriteString("\n")
}

// inputDefaults are the defaults of input fields.
var inputDefaults = map[string]string{
	"Filter.limit": " = 10", "Inner.color": " = RED", "Inner.tags": ` = ["t"]`, "Filter.inner": " = { n: 4 }",
}

func (f *federation) declaration(t *typ, x *fld, s *sub) string {
	d := x.in[s]
	typ := x.typ.String()
	if x.target != nil {
		typ = strings.ReplaceAll(typ, x.target.name, s.local(x.target.name))
	}
	out := x.name + arguments(x, s) + ": " + typ
	if d.notNull {
		out += "!"
	}
	if d.external {
		out += " @external"
	}
	if d.requires != "" {
		out += fmt.Sprintf(" @requires(fields: %q)", d.requires)
	}
	if d.provides != "" {
		out += fmt.Sprintf(" @provides(fields: %q)", d.provides)
	}
	if d.override != "" {
		out += fmt.Sprintf(" @override(from: %q", d.override)
		if d.label != "" {
			out += fmt.Sprintf(", label: %q", d.label)
		}
		out += ")"
	}
	if !s.fed1 && t.kind == ast.Object && x.shared() && !d.external && !d.dead {
		out += " @shareable"
	}
	if tag := x.tags[s]; tag != "" && !d.external {
		out += " " + tag
	}
	if x.hidden && !s.fed1 && !d.external {
		out += " @inaccessible"
	}
	return out
}

// shared reports whether several subgraphs resolve the field.
func (x *fld) shared() bool {
	n := 0
	for _, d := range x.in {
		if (!d.external || d.provided || d.readable) && !d.dead {
			n++
		}
	}
	return n > 1
}

// arguments writes a field's arguments as a subgraph has them, or as clients see them.
func arguments(x *fld, s *sub) string {
	var list []string
	for _, a := range x.args {
		if a.only != nil && a.only != s || a.hidden && s == nil {
			continue
		}
		text := a.name + ": " + a.typ.String()
		if a.def != "" {
			text += " = " + a.def
		}
		if a.hidden && s != nil && !s.fed1 {
			text += " @inaccessible"
		}
		if a.selection != "" {
			text += fmt.Sprintf(" @fromContext(field: %q)", a.selection)
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// merged writes the merged schema; what is hidden from clients only if whole.
func (f *federation) merged(whole bool) string {
	var b strings.Builder
	for _, t := range f.types {
		if t.hidden && !whole {
			continue
		}
		b.WriteString(keywords[t.kind] + " " + t.name)
		for i, x := range f.implements(t, whole) {
			b.WriteString([]string{" implements ", " & "}[min(i, 1)] + x.name)
		}
		switch t.kind {
		case ast.Union:
			sep := " = "
			for _, m := range t.members {
				if !m.hidden || whole {
					b.WriteString(sep + m.name)
					sep = " | "
				}
			}
		case ast.Enum:
			b.WriteString(" { " + strings.Join(slices.DeleteFunc(slices.Clone(t.enum), func(v string) bool { return v == secret && !whole }), " ") + " }")
		case ast.Scalar:
		default:
			b.WriteString(" {\n")
			for _, x := range t.fields {
				if (!x.hidden || whole) && (t.kind != ast.InputObject || len(x.in) == 0) {
					b.WriteString("  " + x.name + arguments(x, nil) + ": " + x.typ.String() + inputDefaults[t.name+"."+x.name] + "\n")
				}
			}
			b.WriteString("}")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// implements lists the interfaces that a type has in any subgraph.
func (f *federation) implements(t *typ, whole bool) []*typ {
	var out []*typ
	for _, i := range f.types {
		for _, s := range f.subs {
			if p := t.in[s]; p != nil && contains(p.implements, i) && !contains(out, i) && (whole || !i.hidden) {
				out = append(out, i)
			}
		}
	}
	return out
}

func contains(list []*typ, t *typ) bool { return slices.Contains(list, t) }
