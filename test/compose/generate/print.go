package generate

import (
	"fmt"
	"slices"
	"strings"
)

type printer struct {
	sub  *Subgraph
	b    strings.Builder
	used map[string]bool // federation directives applied by a name that needs an import
}

func (p *printer) root(name string) string {
	if as := p.sub.Roots[name]; as != "" {
		return as
	}
	return name
}

// link prints the link to federation with the imports that the schema needs.
func (p *printer) link() string {
	imports := slices.Clone(p.sub.Imports)
	var names []string
	for name := range p.used {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if as := p.sub.Spelling[name]; as != "" {
			imports = append(imports, fmt.Sprintf("{name: %q, as: %q}", "@"+name, "@"+as))
		} else {
			imports = append(imports, fmt.Sprintf("%q", "@"+name))
		}
	}
	return fmt.Sprintf(`@link(url: "https://specs.apollo.dev/federation/v2.%d", import: [%s])`, p.sub.Minor, strings.Join(imports, ", "))
}

func (p *printer) typ(t *Type) {
	if t.Extend {
		p.b.WriteString("extend ")
	} else {
		p.description("", t.Description)
	}
	p.b.WriteString(t.Kind + " " + p.root(t.Name))
	if len(t.Implements) > 0 {
		p.b.WriteString(" implements " + strings.Join(t.Implements, " & "))
	}
	p.directives(t.Directives)
	if len(t.Members) > 0 {
		p.b.WriteString(" = " + strings.Join(t.Members, " | "))
	}
	if len(t.Fields) > 0 {
		p.b.WriteString(" {\n")
		for _, f := range t.Fields {
			p.description("  ", f.Description)
			p.b.WriteString("  ")
			p.field(f)
			p.b.WriteString("\n")
		}
		p.b.WriteString("}")
	}
	p.b.WriteString("\n")
}

func (p *printer) field(f *Field) {
	p.b.WriteString(f.Name)
	for i, a := range f.Args {
		p.b.WriteString(map[bool]string{true: "(", false: ", "}[i == 0])
		if a.Description != "" {
			fmt.Fprintf(&p.b, "%q ", a.Description)
		}
		p.field(a)
	}
	if len(f.Args) > 0 {
		p.b.WriteString(")")
	}
	if f.Type != "" {
		p.b.WriteString(": " + f.Type)
	}
	if f.Default != "" {
		p.b.WriteString(" = " + f.Default)
	}
	p.directives(f.Directives)
}

func (p *printer) description(indent, text string) {
	if text != "" {
		fmt.Fprintf(&p.b, "%s%q\n", indent, text)
	}
}

func (p *printer) directives(list []Directive) {
	for _, d := range list {
		name := d.Name
		if _, federation := since[name]; federation && p.sub.Minor != Fed1 {
			if as := p.sub.Spelling[name]; as == "" || !strings.HasPrefix(as, "federation__") {
				p.used[name] = true
			}
		}
		if as := p.sub.Spelling[name]; as != "" {
			name = as
		}
		p.b.WriteString(" @" + name)
		if d.Args != "" {
			p.b.WriteString("(" + d.Args + ")")
		}
	}
}
