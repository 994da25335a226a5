package generate

import (
	"fmt"
	"slices"
	"strings"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

// Set is a set of subgraphs.
type Set struct {
	Subgraphs []*Subgraph
	Operators []string // applied to it, in order
}

// Fed1 is the Minor of a Federation 1 schema.
const Fed1 = -1

// Subgraph is one subgraph's schema.
type Subgraph struct {
	Name       string
	Minor      int               // of federation 2, or Fed1
	Spelling   map[string]string // directive -> its name here, where that is not its own
	Roots      map[string]string // root operation type -> its name here, where that is not its own
	Schema     []string          // further applications on the schema
	Imports    []string          // further imports from federation, as written
	NoLink     bool              // the link to federation stands in Schema
	Directives []string          // definitions of directives, as written
	Types      []*Type
}

// Type is a definition or extension of a type.
type Type struct {
	Kind        string // type, interface, union, enum, input, scalar
	Name        string
	Extend      bool
	Description string
	Implements  []string
	Directives  []Directive
	Fields      []*Field // also input fields and enum values
	Members     []string
}

// Field is a field, an argument, an input field, or an enum value, which has no type.
type Field struct {
	Name        string
	Type        string
	Default     string
	Description string
	Args        []*Field
	Directives  []Directive
}

// Directive is an application of a directive.
type Directive struct {
	Name string // as federation calls it
	Args string // as written, without parentheses
}

// D makes a directive.
func D(name, args string) Directive { return Directive{name, args} }

// since is the first minor version of federation 2 that has the directive. What is missing here always exists.
var since = map[string]int{
	"key": 0, "requires": 0, "provides": 0, "external": 0, "tag": 0, "extends": 0, "shareable": 0, "inaccessible": 0, "override": 0,
	"composeDirective": 1, "interfaceObject": 3, "authenticated": 5, "requiresScopes": 5, "policy": 6, "context": 8,
	"fromContext": 8, "cost": 9, "listSize": 9,
}

var fed1 = []string{"key", "requires", "provides", "external", "tag", "extends"}

// Has reports whether the subgraph's federation version has the directive.
func (s *Subgraph) Has(directive string) bool {
	if s.Minor == Fed1 {
		return slices.Contains(fed1, directive)
	}
	return s.Minor >= since[directive]
}

// Type returns the definition of the type, or nil.
func (s *Subgraph) Type(name string) *Type {
	for _, t := range s.Types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Field returns the field, or nil.
func (t *Type) Field(name string) *Field {
	if t == nil {
		return nil
	}
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func has(list []Directive, name string) bool {
	return slices.ContainsFunc(list, func(d Directive) bool { return d.Name == name })
}

func without(list []Directive, name string) []Directive {
	return slices.DeleteFunc(slices.Clone(list), func(d Directive) bool { return d.Name == name })
}

// Has reports whether the directive is applied to the type.
func (t *Type) Has(directive string) bool { return has(t.Directives, directive) }

// Has reports whether the directive is applied to the field.
func (f *Field) Has(directive string) bool { return has(f.Directives, directive) }

// Add applies a directive to the field.
func (f *Field) Add(name, args string) { f.Directives = append(f.Directives, D(name, args)) }

// Add applies a directive to the type.
func (t *Type) Add(name, args string) { t.Directives = append(t.Directives, D(name, args)) }

// Sources prints the set.
func (s *Set) Sources() []subgraph.Source {
	var out []subgraph.Source
	for _, sub := range s.Subgraphs {
		out = append(out, subgraph.Source{Name: sub.Name, URL: "http://" + sub.Name, SDL: sub.String()})
	}
	return out
}

// Clone copies the set.
func (s *Set) Clone() *Set {
	c := &Set{Operators: slices.Clone(s.Operators)}
	for _, sub := range s.Subgraphs {
		copied := *sub
		copied.Schema, copied.Imports, copied.Directives = slices.Clone(sub.Schema), slices.Clone(sub.Imports), slices.Clone(sub.Directives)
		copied.Types = nil
		for _, t := range sub.Types {
			copied.Types = append(copied.Types, t.clone())
		}
		c.Subgraphs = append(c.Subgraphs, &copied)
	}
	return c
}

func (t *Type) clone() *Type {
	c := *t
	c.Implements, c.Directives, c.Members = slices.Clone(t.Implements), slices.Clone(t.Directives), slices.Clone(t.Members)
	c.Fields = cloneFields(t.Fields)
	return &c
}

func cloneFields(list []*Field) []*Field {
	var out []*Field
	for _, f := range list {
		c := *f
		c.Directives, c.Args = slices.Clone(f.Directives), cloneFields(f.Args)
		out = append(out, &c)
	}
	return out
}

// String prints the subgraph's SDL.
func (s *Subgraph) String() string {
	p := &printer{sub: s, used: map[string]bool{}}
	for _, t := range s.Types {
		p.typ(t)
	}
	body := p.b.String()
	p.b.Reset()
	schema := slices.Clone(s.Schema)
	if s.Minor != Fed1 && !s.NoLink {
		schema = append([]string{p.link()}, schema...)
	}
	if len(s.Roots) > 0 {
		fmt.Fprintf(&p.b, "schema %s {", strings.Join(schema, " "))
		for _, root := range []string{"Query", "Mutation", "Subscription"} {
			if s.Type(root) != nil {
				fmt.Fprintf(&p.b, " %s: %s", strings.ToLower(root), p.root(root))
			}
		}
		p.b.WriteString(" }\n")
	} else if len(schema) > 0 {
		fmt.Fprintf(&p.b, "extend schema %s\n", strings.Join(schema, " "))
	}
	for _, d := range s.Directives {
		p.b.WriteString(d + "\n")
	}
	return p.b.String() + body
}
