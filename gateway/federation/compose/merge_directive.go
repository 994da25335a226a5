package compose

import (
	"slices"
	"strings"

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
		var missing []string
		for i, s := range m.subs {
			sources[i] = ast.DirectiveDefinitionList(s.Directives).ForName(name)
			if sources[i] == nil || len(executable(sources[i])) == 0 {
				missing = append(missing, s.Name)
			}
		}
		if len(missing) > 0 {
			m.hint(HintExecutablePresence, "@"+name, "executable directive @%s is missing in %s and left out", name, strings.Join(missing, ", "))
			continue
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

func (m *merger) mergeDirectiveDefinition(name string, sources []*ast.DirectiveDefinition) *ast.DirectiveDefinition {
	d := &ast.DirectiveDefinition{Name: name, Locations: executable(sources[0]), IsRepeatable: sources[0].IsRepeatable}
	at := "@" + name
	m.mergeDescription(&d.Description, at, sourceTexts(sources, func(s *ast.DirectiveDefinition) string { return s.Description }))
	sameLocations, sameRepeatable := true, true
	lists := make([]ast.ArgumentDefinitionList, len(sources))
	for i, src := range sources {
		lists[i] = src.Arguments
		own := executable(src)
		sameLocations = sameLocations && slices.Equal(own, executable(sources[0]))
		d.Locations = slices.DeleteFunc(d.Locations, func(l ast.DirectiveLocation) bool { return !slices.Contains(own, l) })
		sameRepeatable = sameRepeatable && src.IsRepeatable == sources[0].IsRepeatable
		d.IsRepeatable = d.IsRepeatable && src.IsRepeatable
	}
	if !sameRepeatable {
		m.hint(HintExecutableRepeatable, at, "executable directive @%s is repeatable in some subgraphs only; it is not repeatable in the supergraph", name)
	}
	if len(d.Locations) == 0 {
		m.hint(HintNoExecutableLocations, at, "executable directive @%s has no location that all subgraphs share; it is left out", name)
		return nil
	}
	if !sameLocations {
		m.hint(HintExecutableLocations, at, "executable directive @%s has different locations; only those in all subgraphs are kept", name)
	}
	d.Arguments = m.mergeArgumentLists(at, lists, func(int) bool { return true })
	return d
}
