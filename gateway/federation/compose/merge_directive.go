package compose

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

var executableLocations = []ast.DirectiveLocation{
	ast.LocationQuery, ast.LocationMutation, ast.LocationSubscription, ast.LocationField, ast.LocationFragmentDefinition,
	ast.LocationFragmentSpread, ast.LocationInlineFragment, ast.LocationVariableDefinition,
}

// mergeDirectiveDefinitions keeps the executable directives that every subgraph defines; clients use those.
func (m *merger) mergeDirectiveDefinitions() {
	var names []string
	for _, s := range m.subs {
		for _, d := range s.Directives {
			if !slices.Contains(names, d.Name) && !isBuiltInDirective(d.Name) && len(executable(d)) > 0 && !m.isComposedName(d.Name) {
				names = append(names, d.Name)
			}
		}
	}
	for _, name := range names {
		sources := make([]*ast.DirectiveDefinition, len(m.subs))
		for i, s := range m.subs {
			sources[i] = ast.DirectiveDefinitionList(s.Directives).ForName(name)
		}
		if d := m.mergeDirectiveDefinition(name, sources); d != nil {
			m.directives = append(m.directives, d)
		}
	}
	for _, c := range m.composed {
		m.directives = append(m.directives, c.definition)
	}
}

func isBuiltInDirective(name string) bool {
	switch name {
	case "include", "skip", "deprecated", "specifiedBy", "oneOf", "defer", "stream":
		return true
	}
	return false
}

func executable(d *ast.DirectiveDefinition) []ast.DirectiveLocation {
	var out []ast.DirectiveLocation
	for _, l := range d.Locations {
		if slices.Contains(executableLocations, l) {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// mergeDirectiveDefinition keeps what all subgraphs define alike; nil when some lack the directive or a shared location.
func (m *merger) mergeDirectiveDefinition(name string, sources []*ast.DirectiveDefinition) *ast.DirectiveDefinition {
	at, where := "@"+name, places(m, sources, definitionPlace)
	var d *ast.DirectiveDefinition
	sameLocations, sameRepeatable := true, true
	lists := make([]ast.ArgumentDefinitionList, len(sources))
	for i, src := range sources {
		if src == nil {
			m.hint(HintExecutablePresence, at, "executable directive @%s is missing in %q and left out", name, m.subs[i].Name).Locations = where
			return nil
		}
		lists[i] = src.Arguments
		own := executable(src)
		if d == nil {
			d = &ast.DirectiveDefinition{Name: name, Locations: own, IsRepeatable: src.IsRepeatable}
			continue
		}
		sameRepeatable = sameRepeatable && src.IsRepeatable == d.IsRepeatable
		d.IsRepeatable = d.IsRepeatable && src.IsRepeatable
		sameLocations = sameLocations && slices.Equal(own, d.Locations)
		d.Locations = slices.DeleteFunc(d.Locations, func(l ast.DirectiveLocation) bool { return !slices.Contains(own, l) })
		if len(d.Locations) == 0 {
			m.hint(HintNoExecutableLocations, at, "executable directive @%s has no location that all subgraphs share; it is left out", name).Locations = where
			return nil
		}
	}
	mergeDescription(m, &d.Description, at, sources, func(s *ast.DirectiveDefinition) string { return s.Description }, definitionPlace)
	if !sameRepeatable {
		m.hint(HintExecutableRepeatable, at, "executable directive @%s is repeatable in some subgraphs only; it is not repeatable in the supergraph", name).Locations = where
	}
	if !sameLocations {
		m.hint(HintExecutableLocations, at, "executable directive @%s has different locations; only those in all subgraphs are kept", name).Locations = where
	}
	d.Arguments = mergeArgumentLists(m, at, lists, sources, definitionPlace)
	return d
}
