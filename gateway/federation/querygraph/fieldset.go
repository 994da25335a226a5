package querygraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// FieldSet is a parsed key or requirement: fields with the runtime types they apply to, fragments resolved.
type FieldSet []*FieldSel

// FieldSel is one field of a field set.
type FieldSel struct {
	Name      string
	Arguments ast.ArgumentList
	Args      string // canonical text of Arguments
	Parent    string // type it is selected on
	Def       *ast.FieldDefinition
	Types     []string // runtime types of the parent object it applies to, sorted; nil: all
	Sub       FieldSet // nil: leaf
}

// Path leads through a field set to one of its leaves.
type Path []*FieldSel

// Paths lists the leaves of the field set.
func (s FieldSet) Paths() []Path {
	var out []Path
	for _, f := range s {
		if f.Sub == nil {
			out = append(out, Path{f})
			continue
		}
		for _, rest := range f.Sub.Paths() {
			out = append(out, append(Path{f}, rest...))
		}
	}
	return out
}

// String prints the path, e.g. "organisation.id" or "pet<Cat>.name".
func (p Path) String() string {
	var b strings.Builder
	for i, f := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(f.Name)
		if f.Args != "" {
			b.WriteString("(" + f.Args + ")")
		}
		if f.Types != nil {
			b.WriteString("<" + strings.Join(f.Types, ",") + ">")
		}
	}
	return b.String()
}

// String prints the field set in normal form.
func (s FieldSet) String() string {
	parts := make([]string, len(s))
	for i, p := range s.Paths() {
		if i < len(parts) {
			parts[i] = p.String()
			continue
		}
		parts = append(parts, p.String())
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), " ")
}

// ParseFieldSet parses a field set selected on the named type of the supergraph.
func (g *Graph) ParseFieldSet(text, typeName string) (FieldSet, error) {
	set, err := supergraph.ParseFieldSet(text)
	if err != nil {
		return nil, err
	}
	return g.fieldSet(set, typeName, typeName, nil)
}

func (g *Graph) fieldSet(set ast.SelectionSet, place, parent string, types []string) (FieldSet, error) {
	out := FieldSet{}
	for _, s := range set {
		var part FieldSet
		var err error
		switch s := s.(type) {
		case *ast.Field:
			part, err = g.fieldSel(s, parent, types)
		case *ast.InlineFragment:
			narrowed, condition := types, parent
			if s.TypeCondition != "" && s.TypeCondition != parent {
				condition = s.TypeCondition
				if narrowed == nil {
					narrowed = g.SG.Possible(place)
				}
				narrowed = common(narrowed, g.SG.Possible(condition))
				if len(narrowed) == 1 {
					condition = narrowed[0]
				}
				if condition == place {
					narrowed = nil
				}
			}
			part, err = g.fieldSet(s.SelectionSet, place, condition, narrowed)
		default:
			err = fmt.Errorf("a fragment spread is not allowed")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func (g *Graph) fieldSel(s *ast.Field, parent string, types []string) (FieldSet, error) {
	if s.Name == "__typename" {
		return nil, nil
	}
	def := g.SG.Schema.Types[parent]
	if def == nil {
		return nil, fmt.Errorf("unknown type %s", parent)
	}
	field := def.Fields.ForName(s.Name)
	if field == nil {
		return nil, fmt.Errorf("type %s has no field %s", parent, s.Name)
	}
	f := &FieldSel{Name: s.Name, Arguments: s.Arguments, Args: operation.Arguments(s.Arguments), Parent: parent, Def: field, Types: types}
	if len(s.SelectionSet) > 0 {
		name := field.Type.Name()
		sub, err := g.fieldSet(s.SelectionSet, name, name, nil)
		if err != nil {
			return nil, err
		}
		f.Sub = sub
	}
	return FieldSet{f}, nil
}

func common(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); ok {
			out = append(out, s)
		}
	}
	return out
}
