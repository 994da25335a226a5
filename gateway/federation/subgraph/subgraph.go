package subgraph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// Source is the SDL of one subgraph.
type Source struct{ Name, URL, SDL string }

// Subgraph is the schema of one subgraph, completed. Its types do not include those of linked specifications.
type Subgraph struct {
	Source
	Fed2    bool
	Version spec.Version // of federation, as linked or upgraded to
	Links   *spec.Links

	Description    string            // of the schema
	SchemaPosition *ast.Position     // of the schema definition or its first extension; nil without any
	Applied        ast.DirectiveList // to the schema
	Types          []*Type           // in order of appearance
	Directives     []*ast.DirectiveDefinition
	Roots          map[ast.Operation]string // root types, renamed to their default names

	byName     map[string]*Type
	specNames  map[string]string                   // directive name in the schema -> federation name
	completion map[string]*ast.DirectiveDefinition // every directive that may be applied, by name in the schema
	facts      *Facts
	sharing    *Facts      // of an upgraded schema: the facts without the fields that the upgrade dropped
	fatal      *spec.Error // set by stop

	upgradeErrors spec.Errors // definitions of Federation 1 that clash with those of Federation 2
}

// Type is a type with all its extensions merged in.
type Type struct {
	*ast.Definition
	Parts []Part
	part  map[*ast.FieldDefinition]int
}

// Part is one definition or extension of a type.
type Part struct {
	*ast.Definition
	Extension bool
}

// Type returns the named type, or nil.
func (s *Subgraph) Type(name string) *Type { return s.byName[name] }

// Lookup finds the definition of a type of the subgraph; it serves field sets.
func (s *Subgraph) Lookup(name string) *ast.Definition {
	if t := s.byName[name]; t != nil {
		return t.Definition
	}
	return nil
}

// Definition returns the definition of a directive by its name in the schema, or nil.
func (s *Subgraph) Definition(directive string) *ast.DirectiveDefinition {
	return s.completion[directive]
}

// SpecName returns the federation name of a directive of the schema, e.g. "key" for "@federation__key"; "" for others.
func (s *Subgraph) SpecName(directive string) string { return s.specNames[directive] }

// All returns the applications of the federation directive of that name.
func (s *Subgraph) All(list ast.DirectiveList, name string) []*ast.Directive {
	var out []*ast.Directive
	for _, d := range list {
		if s.specNames[d.Name] == name {
			out = append(out, d)
		}
	}
	return out
}

// Has reports whether the federation directive of that name is applied.
func (s *Subgraph) Has(list ast.DirectiveList, name string) bool {
	return slices.ContainsFunc(list, func(d *ast.Directive) bool { return s.specNames[d.Name] == name })
}

// First returns the first application of the federation directive of that name, or nil.
func (s *Subgraph) First(list ast.DirectiveList, name string) *ast.Directive {
	for _, d := range list {
		if s.specNames[d.Name] == name {
			return d
		}
	}
	return nil
}

// IsRoot reports whether the type is a root type.
func (s *Subgraph) IsRoot(name string) bool {
	for _, root := range s.Roots {
		if root == name {
			return true
		}
	}
	return false
}

// IsInterfaceObject reports whether the type is an object that stands for an interface of the supergraph.
func (s *Subgraph) IsInterfaceObject(t *Type) bool {
	return t.Kind == ast.Object && s.Has(t.Directives, "interfaceObject")
}

// Implementations returns the types of the subgraph that implement the interface, in order of appearance.
func (s *Subgraph) Implementations(name string) []*Type {
	var out []*Type
	for _, t := range s.Types {
		if (t.Kind == ast.Object || t.Kind == ast.Interface) && slices.Contains(t.Interfaces, name) {
			out = append(out, t)
		}
	}
	return out
}

// PartOf returns the definition or extension in which the field is declared.
func (t *Type) PartOf(f *ast.FieldDefinition) Part { return t.Parts[t.part[f]] }

// Extended reports whether the type has parts but no definition.
func (t *Type) Extended() bool {
	return !slices.ContainsFunc(t.Parts, func(p Part) bool { return !p.Extension })
}

// StringArgument returns the value of a string argument; ok is false when it is absent or no string.
func StringArgument(d *ast.Directive, name string) (text string, ok bool) {
	a := d.Arguments.ForName(name)
	if a == nil || a.Value == nil || a.Value.Kind != ast.StringValue && a.Value.Kind != ast.BlockValue {
		return "", false
	}
	return a.Value.Raw, true
}

// Resolvable reports whether a @key lets the subgraph resolve the type.
func Resolvable(key *ast.Directive) bool {
	a := key.Arguments.ForName("resolvable")
	return a == nil || a.Value == nil || a.Value.Raw != "false"
}

func (s *Subgraph) add(def *ast.Definition, extension bool) {
	t := s.byName[def.Name]
	if t == nil {
		merged := *def
		merged.Directives, merged.Interfaces, merged.Fields, merged.Types, merged.EnumValues = nil, nil, nil, nil, nil
		t = &Type{Definition: &merged, part: map[*ast.FieldDefinition]int{}}
		s.byName[def.Name] = t
		s.Types = append(s.Types, t)
	}
	if !extension {
		t.Description = def.Description
	}
	for _, f := range def.Fields {
		t.part[f] = len(t.Parts)
	}
	t.Parts = append(t.Parts, Part{def, extension})
	t.Directives = append(t.Directives, def.Directives...)
	t.Interfaces = append(t.Interfaces, def.Interfaces...)
	t.Fields = append(t.Fields, def.Fields...)
	t.Types = append(t.Types, def.Types...)
	t.EnumValues = append(t.EnumValues, def.EnumValues...)
}

// EachApplied calls do with the directives of every element of the schema, in order of appearance.
func (s *Subgraph) EachApplied(do func(ast.DirectiveList)) {
	do(s.Applied)
	for _, d := range s.Directives {
		for _, a := range d.Arguments {
			do(a.Directives)
		}
	}
	for _, t := range s.Types {
		do(t.Directives)
		for _, f := range t.Fields {
			do(f.Directives)
			for _, a := range f.Arguments {
				do(a.Directives)
			}
		}
		for _, v := range t.EnumValues {
			do(v.Directives)
		}
	}
}
