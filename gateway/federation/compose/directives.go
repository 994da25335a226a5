package compose

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// mergeable is a directive whose applications come into the supergraph.
type mergeable struct {
	name       string
	repeatable bool
	strategies map[string]strategy // by argument; nil: the most frequent application wins
}

// mergeables are those of GraphQL and federation, in the order in which they are printed.
var mergeables = []mergeable{
	{name: "inaccessible"},
	{name: "deprecated"},
	{name: "specifiedBy"},
	{name: "oneOf"},
	{name: "tag", repeatable: true},
	{name: "authenticated"},
	{name: "requiresScopes", strategies: map[string]strategy{"scopes": conjunction}},
	{name: "policy", strategies: map[string]strategy{"policies": conjunction}},
	{name: "context", repeatable: true},
	{name: "cost", strategies: map[string]strategy{"weight": maximum}},
	{name: "listSize", strategies: map[string]strategy{
		"assumedSize": maximum, "slicingArguments": union, "sizedFields": union, "requireOneSlicingArgument": both,
	}},
}

func isMergeable(name string) bool {
	return slices.ContainsFunc(mergeables, func(d mergeable) bool { return d.name == name })
}

func isBuiltInMergeable(name string) bool {
	return name == "deprecated" || name == "specifiedBy" || name == "oneOf"
}

// mergeKey says as what a directive application of subgraph i is merged: the federation name, "@name" for a composed
// directive, "" for one that stays behind.
func (m *merger) mergeKey(i int, d *ast.Directive) string {
	if isBuiltInMergeable(d.Name) {
		return d.Name
	}
	if m.isComposedName(d.Name) {
		return "@" + d.Name
	}
	if name := m.subs[i].SpecName(d.Name); isMergeable(name) {
		return name
	}
	return ""
}

// application is one use of a directive in one subgraph.
type application struct {
	i        int
	written  *ast.Directive
	d        *ast.Directive // as in the supergraph, without arguments that are null
	defaults map[string]*ast.Value
}

// mergeApplied merges the applications of directives to one element, given per subgraph.
func (m *merger) mergeApplied(coordinate string, lists []ast.DirectiveList) ast.DirectiveList {
	var groups map[string][]application
	for i, list := range lists {
		for _, d := range list {
			if key := m.mergeKey(i, d); key != "" {
				if groups == nil {
					groups = map[string][]application{}
				}
				groups[key] = append(groups[key], application{i, d, m.adapt(i, key, d), m.defaults(i, d)})
			}
		}
	}
	if groups == nil {
		return nil
	}
	var out ast.DirectiveList
	for _, kind := range mergeables {
		if group := groups[kind.name]; len(group) > 0 {
			out = append(out, m.mergeGroup(coordinate, kind, group)...)
		}
	}
	for _, c := range m.composed {
		// A subgraph that does not compose the directive adds its applications where one that does applies it.
		group := groups["@"+c.name]
		if slices.ContainsFunc(group, func(a application) bool { return c.in[a.i] }) {
			kind := mergeable{name: c.name, repeatable: c.definition.IsRepeatable}
			out = append(out, m.mergeGroup(coordinate, kind, group)...)
		}
	}
	return out
}

// adapt gives an application its name in the supergraph; contexts are prefixed with their subgraph.
func (m *merger) adapt(i int, key string, d *ast.Directive) *ast.Directive {
	out := &ast.Directive{Name: d.Name, Position: d.Position}
	for _, a := range d.Arguments {
		if a.Value != nil && a.Value.Kind == ast.NullValue {
			continue
		}
		out.Arguments = append(out.Arguments, a)
	}
	if name := m.names[key]; name != "" {
		out.Name = name
	}
	if key == "context" {
		name, _ := subgraph.StringArgument(d, "name")
		out.Arguments = ast.ArgumentList{stringArgument("name", contextName(m.subs[i], name))}
	}
	return out
}

func (m *merger) defaults(i int, d *ast.Directive) map[string]*ast.Value {
	out := map[string]*ast.Value{}
	if d.Name == "deprecated" {
		out["reason"] = &ast.Value{Kind: ast.StringValue, Raw: "No longer supported"}
	}
	if def := m.subs[i].Definition(d.Name); def != nil {
		for _, a := range def.Arguments {
			if a.DefaultValue != nil {
				out[a.Name] = a.DefaultValue
			}
		}
	}
	return out
}

// value returns an argument of the application, or its default, or nil.
func (a application) value(name string) *ast.Value {
	if given := a.d.Arguments.ForName(name); given != nil {
		return given.Value
	}
	return a.defaults[name]
}

// signature is equal for two applications exactly when their arguments, defaults filled in, are. null is a value.
func (a application) signature() string {
	values := maps.Clone(a.defaults)
	for _, given := range a.d.Arguments {
		values[given.Name] = given.Value
	}
	for _, given := range a.written.Arguments {
		if given.Value != nil && given.Value.Kind == ast.NullValue {
			values[given.Name] = given.Value
		}
	}
	var parts []string
	for name, v := range values {
		parts = append(parts, name+":"+canonical(v))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (m *merger) mergeGroup(coordinate string, kind mergeable, group []application) ast.DirectiveList {
	count := map[string]int{}
	var distinct []application
	for _, a := range group {
		if count[a.signature()]++; count[a.signature()] == 1 {
			distinct = append(distinct, a)
		}
	}
	switch {
	case kind.repeatable:
		var out ast.DirectiveList
		for _, a := range distinct {
			out = append(out, a.d)
		}
		return out
	case len(distinct) == 1:
		return ast.DirectiveList{distinct[0].d}
	case kind.strategies != nil:
		m.hint(HintMergedArguments, coordinate, "@%s is applied to %q with different arguments; they are merged", kind.name, coordinate).Locations = m.applicationPlaces(group)
		return ast.DirectiveList{m.mergeArgumentsOf(coordinate, kind, distinct)}
	default:
		best := distinct[0]
		for _, a := range distinct {
			if count[a.signature()] > count[best.signature()] {
				best = a
			}
		}
		m.hint(HintDirectiveArguments, coordinate, "@%s is applied to %q with different arguments; the most frequent ones are used", kind.name, coordinate).Locations = m.applicationPlaces(group)
		return ast.DirectiveList{best.d}
	}
}

func (m *merger) applicationPlaces(group []application) []Location {
	e := &Error{}
	for _, a := range group {
		e.At(m.subs[a.i].Name, a.written.Position)
	}
	return e.Locations
}

// mergeArgumentsOf merges distinct applications of a directive argument by argument.
func (m *merger) mergeArgumentsOf(coordinate string, kind mergeable, distinct []application) *ast.Directive {
	out := &ast.Directive{Name: distinct[0].d.Name}
	names := make([]string, 0, len(kind.strategies))
	for name := range kind.strategies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		var values []*ast.Value
		for _, a := range distinct {
			if v := a.value(name); v != nil {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		merged := kind.strategies[name](values)
		if merged == nil {
			m.errorf(spec.CodeInvalidGraphQL, "@%s of %q has more than %d alternatives once it is merged; demand less, or the same everywhere", kind.name, coordinate, auth.MaxAlternatives).
				AtAll(m.applicationPlaces(distinct))
			merged = values[0]
		}
		out.Arguments = append(out.Arguments, &ast.Argument{Name: name, Value: merged})
	}
	return out
}
