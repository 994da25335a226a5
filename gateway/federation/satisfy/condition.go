package satisfy

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// condition is a field set that must be had: a key, a requirement, or what is read of a context. Those of one text are one
// condition.
type condition struct {
	id    int
	text  string // in normal form
	paths []path
}

// path leads to one leaf of a condition. Its leaves can be had apart from each other.
type path []step

// step is a field, or a type condition.
type step struct {
	field string
	on    string
}

// conditions holds each condition once.
type conditions struct {
	byText map[string]*condition
	parsed map[string]ast.SelectionSet // by the text as written
}

func (c *conditions) parse(text string) (*condition, error) {
	set, err := c.fieldSet(text)
	if err != nil {
		return nil, err
	}
	return c.of(set), nil
}

// fieldSet parses a field set; each text only once, since most keys are alike.
func (c *conditions) fieldSet(text string) (ast.SelectionSet, error) {
	if set := c.parsed[text]; set != nil {
		return set, nil
	}
	set, err := supergraph.ParseFieldSet(text)
	if err == nil {
		c.parsed[text] = set
	}
	return set, err
}

func (c *conditions) of(set ast.SelectionSet) *condition {
	text := normal(set)
	cond := c.byText[text]
	if cond == nil {
		cond = &condition{id: len(c.byText), text: text, paths: leaves(set, nil)}
		c.byText[text] = cond
	}
	return cond
}

// normal prints a field set so that order and repetition do not matter.
func normal(set ast.SelectionSet) string {
	var parts []string
	for _, s := range set {
		part, below := "", ast.SelectionSet(nil)
		switch s := s.(type) {
		case *ast.Field:
			part, below = s.Name, s.SelectionSet
			if args := operation.Arguments(s.Arguments); args != "" {
				part += "(" + args + ")"
			}
		case *ast.InlineFragment:
			part, below = "... on "+s.TypeCondition, s.SelectionSet
			if s.TypeCondition == "" {
				parts = append(parts, normal(s.SelectionSet))
				continue
			}
		}
		if len(below) > 0 {
			part += " { " + normal(below) + " }"
		}
		parts = append(parts, part)
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), " ")
}

func leaves(set ast.SelectionSet, before path) []path {
	var out []path
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			here := append(slices.Clone(before), step{field: s.Name})
			if len(s.SelectionSet) == 0 {
				out = append(out, here)
			} else {
				out = append(out, leaves(s.SelectionSet, here)...)
			}
		case *ast.InlineFragment:
			here := before
			if s.TypeCondition != "" {
				here = append(slices.Clone(before), step{on: s.TypeCondition})
			}
			out = append(out, leaves(s.SelectionSet, here)...)
		}
	}
	return out
}

// declared reports whether the vertex's subgraph declares all fields of the condition, external ones too.
func (c *condition) declared(v *vertex) bool {
	for _, p := range c.paths {
		t := v.typ
		for _, s := range p {
			if s.on != "" {
				t = v.sub.Types[s.on]
				continue
			}
			if t == nil {
				return false
			}
			if s.field == "__typename" {
				continue
			}
			f := t.Field(s.field)
			if f == nil {
				return false
			}
			t = v.sub.Types[f.Type.Name()]
		}
	}
	return true
}

// typename is the condition that an object's runtime type is told.
func (c *conditions) typename() *condition {
	return c.of(ast.SelectionSet{&ast.Field{Name: "__typename"}})
}
