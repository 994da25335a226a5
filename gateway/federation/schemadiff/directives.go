package schemadiff

import "github.com/vektah/gqlparser/v2/ast"

func (d *differ) directives() {
	for name, was := range d.from.Directives {
		at, is := "@"+name, d.to.Directives[name]
		if builtIn(was) || is != nil && builtIn(is) {
			continue
		}
		if is == nil {
			d.add(Breaking, "DIRECTIVE_REMOVED", at, "The directive was removed.")
			continue
		}
		d.description(at, was.Description, is.Description)
		d.arguments(at, was.Arguments, is.Arguments)
		if was.IsRepeatable && !is.IsRepeatable {
			d.add(Breaking, "DIRECTIVE_REPEATABLE_REMOVED", at, "The directive is no longer repeatable.")
		}
		if !was.IsRepeatable && is.IsRepeatable {
			d.add(Safe, "DIRECTIVE_REPEATABLE_ADDED", at, "The directive is now repeatable.")
		}
		removed, added := names(was.Locations, is.Locations)
		for _, l := range removed {
			d.add(Breaking, "DIRECTIVE_LOCATION_REMOVED", at, "The location "+string(l)+" was removed.")
		}
		for _, l := range added {
			d.add(Safe, "DIRECTIVE_LOCATION_ADDED", at, "The location "+string(l)+" was added.")
		}
	}
	for name, is := range d.to.Directives {
		if d.from.Directives[name] == nil && !builtIn(is) {
			d.add(Safe, "DIRECTIVE_ADDED", "@"+name, "The directive was added.")
		}
	}
}

// builtIn tells whether the directive is one that the parser declares, and not the schema.
func builtIn(d *ast.DirectiveDefinition) bool {
	return d.Position != nil && d.Position.Src != nil && d.Position.Src.BuiltIn
}
