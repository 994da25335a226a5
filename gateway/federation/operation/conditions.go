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

// included decides @skip and then @include. undecided: the first of them that matters depends on a variable that is null.
func (n *normaliser) included(list ast.DirectiveList) (yes, undecided bool) {
	for _, name := range []string{"skip", "include"} {
		d := list.ForName(name)
		if d == nil {
			continue
		}
		v := d.Arguments.ForName("if").Value
		on := v.Raw == "true"
		if v.Kind == ast.Variable {
			var given bool
			if on, given = n.values[v.Raw]; !given && n.mayBeNull(v.Raw) {
				return false, true
			}
		}
		if on == (name == "skip") {
			return false, false
		}
	}
	return true, false
}

// mayBeNull reports whether the variable may be null in a place that must not be: its default lets it stand there.
func (n *normaliser) mayBeNull(variable string) bool {
	def := n.variables.ForName(variable)
	return def != nil && !def.Type.NonNull
}

// takes decides the conditions of a selection among those of objects of the runtime types. If they cannot be decided
// nothing can be said of the objects.
func (n *normaliser) takes(c *collector, list ast.DirectiveList, parent string, types []string) bool {
	yes, undecided := n.included(list)
	if undecided {
		n.undecided(c, parent, types)
	}
	return yes
}

func (n *normaliser) undecided(c *collector, parent string, types []string) {
	for _, by := range c.by { // also where the selection itself is deferred
		n.field(c, &ast.Field{Alias: undecidedName, Name: "__typename", ObjectDefinition: n.schema.Types[parent]}, by, parent, types)
	}
}

// takesSpread is takes for the spread of a fragment. Where an object has met the fragment before, graphql-js looks neither
// at it nor at its conditions again.
func (n *normaliser) takesSpread(c *collector, s *ast.FragmentSpread, place, parent string, types []string) bool {
	yes, undecided := n.included(s.Directives)
	if !n.undecidable {
		return yes
	}
	all := types
	if all == nil {
		all = n.runtimeTypes(place)
	}
	switch {
	case yes:
		if c.spread == nil {
			c.spread = map[string][]string{}
		}
		met := append(slices.Clone(c.spread[s.Name]), all...)
		slices.Sort(met)
		c.spread[s.Name] = slices.Compact(met)
	case undecided && c.spread[s.Name] == nil:
		n.undecided(c, parent, types)
	case undecided:
		left := slices.DeleteFunc(slices.Clone(all), func(t string) bool { _, met := slices.BinarySearch(c.spread[s.Name], t); return met })
		if len(left) > 0 {
			n.undecided(c, parent, left)
		}
	}
	return yes
}

// inline returns the selection set without conditions and fragment spreads, for fields that are answered from the
// API schema by their text.
func (n *normaliser) inline(set ast.SelectionSet) ast.SelectionSet {
	var out ast.SelectionSet
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if yes, _ := n.included(s.Directives); yes {
				c := *s
				c.Directives, c.SelectionSet = nil, n.inline(s.SelectionSet)
				out = append(out, &c)
			}
		case *ast.InlineFragment:
			if yes, _ := n.included(s.Directives); yes {
				c := *s
				c.Directives, c.SelectionSet = nil, n.inline(s.SelectionSet)
				out = append(out, &c)
			}
		case *ast.FragmentSpread:
			if yes, _ := n.included(s.Directives); yes {
				def := n.doc.Fragments.ForName(s.Name)
				out = append(out, &ast.InlineFragment{
					TypeCondition: def.TypeCondition, ObjectDefinition: def.Definition, SelectionSet: n.inline(def.SelectionSet), Position: s.Position,
				})
			}
		}
	}
	return out
}
