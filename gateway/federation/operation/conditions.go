package operation

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// conditions lists the variables that @skip, @include and @defer use below the operation, sorted.
func conditions(doc *ast.QueryDocument, op *ast.OperationDefinition) []string {
	found, seen := map[string]bool{}, map[string]bool{}
	var walk func(ast.SelectionSet)
	note := func(list ast.DirectiveList) {
		for _, d := range list {
			if d.Name != "skip" && d.Name != "include" && d.Name != "defer" {
				continue
			}
			if a := d.Arguments.ForName("if"); a != nil && a.Value.Kind == ast.Variable {
				found[a.Value.Raw] = true
			}
		}
	}
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				note(s.Directives)
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				note(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				note(s.Directives)
				if def := doc.Fragments.ForName(s.Name); def != nil && !seen[s.Name] {
					seen[s.Name] = true
					walk(def.SelectionSet)
				}
			}
		}
	}
	walk(op.SelectionSet)
	return slices.Sorted(maps.Keys(found))
}

// included decides @skip and @include.
func (n *normaliser) included(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		a := d.Arguments.ForName("if")
		if a == nil {
			continue
		}
		on := a.Value.Raw == "true"
		if a.Value.Kind == ast.Variable {
			on = n.values[a.Value.Raw]
		}
		if on == (d.Name == "skip") {
			return false
		}
	}
	return true
}

// inline returns the selection set without conditions and fragment spreads, for fields that are answered from the
// API schema by their text.
func (n *normaliser) inline(set ast.SelectionSet) ast.SelectionSet {
	var out ast.SelectionSet
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if n.included(s.Directives) {
				c := *s
				c.Directives, c.SelectionSet = nil, n.inline(s.SelectionSet)
				out = append(out, &c)
			}
		case *ast.InlineFragment:
			if n.included(s.Directives) {
				c := *s
				c.Directives, c.SelectionSet = nil, n.inline(s.SelectionSet)
				out = append(out, &c)
			}
		case *ast.FragmentSpread:
			if def := n.doc.Fragments.ForName(s.Name); def != nil && n.included(s.Directives) {
				out = append(out, &ast.InlineFragment{
					TypeCondition: def.TypeCondition, ObjectDefinition: def.Definition, SelectionSet: n.inline(def.SelectionSet), Position: s.Position,
				})
			}
		}
	}
	return out
}
