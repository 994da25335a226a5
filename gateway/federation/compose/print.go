package compose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// print writes the supergraph SDL: the schema, then the directives, then the types, each by name.
func (m *merger) print() string {
	links, doc := m.header()
	doc.Definitions = slices.DeleteFunc(doc.Definitions, func(d *ast.Definition) bool { return m.types[d.Name] != nil }) // merged
	doc.Directives = append(doc.Directives, m.directives...)
	doc.Definitions = append(doc.Definitions, m.joinGraph())
	for _, name := range m.order {
		t := m.types[name]
		definition := *t.Definition
		definition.Directives = slices.Concat(t.join, t.Directives)
		definition.Fields = nil
		for _, f := range t.Fields {
			field := *f
			if merged := m.fields[t.Name+"."+f.Name]; merged != nil {
				field.Directives = slices.Concat(merged.join, f.Directives)
			}
			definition.Fields = append(definition.Fields, &field)
		}
		if len(definition.Fields) > 0 || t.Kind != ast.Object {
			doc.Definitions = append(doc.Definitions, &definition)
		}
	}
	if slices.ContainsFunc(doc.Definitions, func(d *ast.Definition) bool { return d.Directives.ForName("oneOf") != nil }) {
		// Readers that are older than the directive need its definition.
		doc.Directives = append(doc.Directives, &ast.DirectiveDefinition{Name: "oneOf", Locations: []ast.DirectiveLocation{ast.LocationInputObject}})
	}
	slices.SortStableFunc(doc.Directives, func(a, b *ast.DirectiveDefinition) int { return collate(a.Name, b.Name) })
	slices.SortStableFunc(doc.Definitions, func(a, b *ast.Definition) int { return collate(a.Name, b.Name) })

	p := &printer{}
	p.schema(m, links)
	for _, d := range doc.Directives {
		p.directiveDefinition(d)
	}
	for _, d := range doc.Definitions {
		p.definition(d)
	}
	return p.String()
}

// joinGraph makes the enum that lists the subgraphs.
func (m *merger) joinGraph() *ast.Definition {
	d := &ast.Definition{Kind: ast.Enum, Name: "join__Graph"}
	for i, s := range m.subs {
		d.EnumValues = append(d.EnumValues, &ast.EnumValueDefinition{Name: m.graphs[i], Directives: ast.DirectiveList{
			joinDirective("join__graph", stringArgument("name", s.Name), stringArgument("url", s.URL)),
		}})
	}
	return d
}

// collate orders names as a dictionary does: "_" before digits before letters, case only where all else is equal.
func collate(a, b string) int {
	rank := func(c byte) int {
		switch {
		case c == '_':
			return 0
		case c >= '0' && c <= '9':
			return 1
		default:
			return 2
		}
	}
	x, y := strings.ToLower(a), strings.ToLower(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return cmp.Or(cmp.Compare(rank(x[i]), rank(y[i])), cmp.Compare(x[i], y[i]))
		}
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(b, a))
}

// printer writes SDL.
type printer struct{ strings.Builder }

func (p *printer) schema(m *merger, links ast.DirectiveList) {
	p.description(m.schema.Description, "")
	p.WriteString("schema")
	for _, d := range slices.Concat(links, m.schema.Directives) {
		p.WriteString("\n  ")
		p.directive(d)
	}
	p.WriteString("\n{\n")
	for _, root := range []struct{ op, name string }{{"query", "Query"}, {"mutation", "Mutation"}, {"subscription", "Subscription"}} {
		if t := m.types[root.name]; t != nil && len(t.Fields) > 0 && m.isRootSomewhere(root.name) {
			p.WriteString("  " + root.op + ": " + root.name + "\n")
		}
	}
	p.WriteString("}\n")
}

// isRootSomewhere reports whether some subgraph has the type as a root; one that merely bears the name of a root is none.
func (m *merger) isRootSomewhere(name string) bool {
	for _, s := range m.subs {
		if s.IsRoot(name) {
			return true
		}
	}
	return false
}

func (p *printer) directiveDefinition(d *ast.DirectiveDefinition) {
	p.WriteByte('\n')
	p.description(d.Description, "")
	p.WriteString("directive @" + d.Name)
	p.arguments(d.Arguments, "")
	if d.IsRepeatable {
		p.WriteString(" repeatable")
	}
	p.WriteString(" on ")
	for i, l := range d.Locations {
		if i > 0 {
			p.WriteString(" | ")
		}
		p.WriteString(string(l))
	}
	p.WriteByte('\n')
}

var keywords = map[ast.DefinitionKind]string{
	ast.Scalar: "scalar", ast.Object: "type", ast.Interface: "interface", ast.Union: "union", ast.Enum: "enum", ast.InputObject: "input",
}

func (p *printer) definition(d *ast.Definition) {
	p.WriteByte('\n')
	p.description(d.Description, "")
	p.WriteString(keywords[d.Kind] + " " + d.Name)
	for i, name := range d.Interfaces {
		if i == 0 {
			p.WriteString(" implements ")
		} else {
			p.WriteString(" & ")
		}
		p.WriteString(name)
	}
	for _, applied := range d.Directives {
		p.WriteString("\n  ")
		p.directive(applied)
	}
	brace := " {\n"
	if len(d.Directives) > 0 {
		brace = "\n{\n"
	}
	switch d.Kind {
	case ast.Union:
		if len(d.Directives) > 0 {
			p.WriteByte('\n')
		}
		p.WriteString(" = " + strings.Join(d.Types, " | "))
	case ast.Enum:
		p.WriteString(brace)
		for i, v := range d.EnumValues {
			p.member(i, v.Description)
			p.WriteString("  " + v.Name)
			p.applied(v.Directives)
			p.WriteByte('\n')
		}
		p.WriteByte('}')
	case ast.Object, ast.Interface, ast.InputObject:
		p.WriteString(brace)
		for i, f := range d.Fields {
			p.member(i, f.Description)
			p.WriteString("  " + f.Name)
			p.arguments(f.Arguments, "  ")
			p.WriteString(": " + f.Type.String())
			if f.DefaultValue != nil {
				p.WriteString(" = " + literal(f.DefaultValue))
			}
			p.applied(f.Directives)
			p.WriteByte('\n')
		}
		p.WriteByte('}')
	}
	p.WriteByte('\n')
}

func (p *printer) member(i int, description string) {
	if description != "" && i > 0 {
		p.WriteByte('\n')
	}
	p.description(description, "  ")
}

// arguments prints on one line, or on a line each when one of them has a description.
func (p *printer) arguments(list ast.ArgumentDefinitionList, indent string) {
	if len(list) == 0 {
		return
	}
	tall := slices.ContainsFunc(list, func(a *ast.ArgumentDefinition) bool { return a.Description != "" })
	p.WriteByte('(')
	for i, a := range list {
		switch {
		case tall && i > 0 && a.Description != "":
			p.WriteString("\n\n")
		case tall:
			p.WriteByte('\n')
		case i > 0:
			p.WriteString(", ")
		}
		if tall {
			p.description(a.Description, indent+"  ")
			p.WriteString(indent + "  ")
		}
		p.WriteString(a.Name + ": " + a.Type.String())
		if a.DefaultValue != nil {
			p.WriteString(" = " + literal(a.DefaultValue))
		}
		p.applied(a.Directives)
	}
	if tall {
		p.WriteString("\n" + indent)
	}
	p.WriteByte(')')
}

func (p *printer) applied(list ast.DirectiveList) {
	for _, d := range list {
		p.WriteByte(' ')
		p.directive(d)
	}
}

func (p *printer) directive(d *ast.Directive) {
	p.WriteString("@" + d.Name)
	for i, a := range d.Arguments {
		if i == 0 {
			p.WriteByte('(')
		} else {
			p.WriteString(", ")
		}
		p.WriteString(a.Name + ": " + literal(a.Value))
	}
	if len(d.Arguments) > 0 {
		p.WriteByte(')')
	}
}

// widestLine is the longest description that is printed on one line.
const widestLine = 70

func (p *printer) description(text, indent string) {
	if text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if !fitsBlock(lines) {
		p.WriteString(indent + literal(&ast.Value{Kind: ast.StringValue, Raw: text}) + "\n")
		return
	}
	text = strings.ReplaceAll(text, `"""`, `\"""`)
	if len(lines) == 1 && len(text) <= widestLine && !strings.HasSuffix(text, `"`) && !strings.HasSuffix(text, `\`) {
		p.WriteString(indent + `"""` + text + `"""` + "\n")
		return
	}
	p.WriteString(indent + `"""` + "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			p.WriteString(indent + line)
		}
		p.WriteByte('\n')
	}
	p.WriteString(indent + `"""` + "\n")
}

// fitsBlock reports whether a block string gives the lines back unchanged: it must not lose white space at either
// end, nor indentation, and it cannot hold control characters.
func fitsBlock(lines []string) bool {
	first, last := lines[0], lines[len(lines)-1]
	if strings.TrimLeft(first, " \t") != first || strings.TrimSpace(first) == "" || strings.TrimSpace(last) == "" {
		return false
	}
	for _, line := range lines {
		for _, r := range line {
			if r < ' ' && r != '\t' || r == 0x7f || r == 0xfffd {
				return false
			}
		}
	}
	return true
}

func literal(v *ast.Value) string {
	if v == nil {
		return "null"
	}
	switch v.Kind {
	case ast.ListValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = literal(c.Value)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case ast.ObjectValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = c.Name + ": " + literal(c.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return v.String()
	}
}
