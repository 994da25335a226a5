package supergraph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Requirement is what a caller must show to read an element. The zero value requires nothing.
type Requirement struct {
	Authenticated bool
	Scopes        [][]string // any of the lists, all scopes in it; nil: none needed
	Policies      [][]string // any of the lists, all policies in it; nil: none needed
}

// None reports whether nothing is required.
func (r Requirement) None() bool {
	return !r.Authenticated && len(r.Scopes) == 0 && len(r.Policies) == 0
}

// And returns the requirement that holds when both do.
func (r Requirement) And(o Requirement) Requirement {
	return Requirement{Authenticated: r.Authenticated || o.Authenticated, Scopes: product(r.Scopes, o.Scopes), Policies: product(r.Policies, o.Policies)}
}

// TypeAuth returns what reading any value of the named type requires: an object, interface, scalar or enum.
func (s *Supergraph) TypeAuth(typeName string) Requirement { return s.auth[typeName] }

// FieldAuth returns what the field itself requires, without what its own type or its parent type requires. For a
// field of an interface it includes what the field requires in any implementation.
func (s *Supergraph) FieldAuth(typeName, field string) Requirement {
	return s.auth[typeName+"."+field]
}

// product joins two alternatives of conjunctions: one of each must hold.
func product(a, b [][]string) [][]string {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var out [][]string
	for _, x := range a {
		for _, y := range b {
			all := slices.Concat(x, y)
			slices.Sort(all)
			all = slices.Compact(all)
			if !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, all) }) {
				out = append(out, all)
			}
		}
	}
	return out
}

// auth reads the requirements of types and fields and propagates those of implementations to their interfaces, so
// that a field is not reachable through an interface with less.
func (r *reader) auth(doc *ast.SchemaDocument) {
	put := func(coordinate string, list ast.DirectiveList) {
		if req := r.requirement(list); !req.None() {
			r.sg.auth[coordinate] = req
		}
	}
	for _, def := range doc.Definitions {
		put(def.Name, def.Directives)
		for _, f := range def.Fields {
			put(def.Name+"."+f.Name, f.Directives)
		}
	}
	for _, def := range doc.Definitions {
		if def.Kind != ast.Interface {
			continue
		}
		for _, name := range r.sg.possible[def.Name] {
			r.sg.auth[def.Name] = r.sg.auth[def.Name].And(r.sg.auth[name])
			for _, f := range def.Fields {
				c := def.Name + "." + f.Name
				r.sg.auth[c] = r.sg.auth[c].And(r.sg.auth[name+"."+f.Name])
			}
		}
	}
}

func (r *reader) requirement(list ast.DirectiveList) Requirement {
	var out Requirement
	for _, d := range list {
		switch d.Name {
		case "":
		case r.names.authenticated:
			out.Authenticated = true
		case r.names.scopes:
			out.Scopes = product(out.Scopes, alternatives(d, "scopes"))
		case r.names.policy:
			out.Policies = product(out.Policies, alternatives(d, "policies"))
		}
	}
	return out
}

func alternatives(d *ast.Directive, arg string) [][]string {
	a := d.Arguments.ForName(arg)
	if a == nil {
		return nil
	}
	var out [][]string
	for _, alt := range a.Value.Children {
		list := []string{}
		for _, item := range alt.Value.Children {
			list = append(list, item.Value.Raw)
		}
		slices.Sort(list)
		out = append(out, list)
	}
	return out
}
