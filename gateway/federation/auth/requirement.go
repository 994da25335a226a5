// Package auth is the algebra of what @authenticated, @requiresScopes and @policy demand: reading it, demanding two things
// at once, and whether one demand covers another. Composition and loading check by it that no field gives away what its
// own readers may not read. The package does no I/O.
package auth

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Requirement is what a caller must show to read an element. The zero value demands nothing.
type Requirement struct {
	Authenticated bool
	Scopes        Alternatives
	Policies      Alternatives
}

// None reports whether everybody meets the requirement.
func (r Requirement) None() bool {
	return !r.Authenticated && r.Scopes.always() && r.Policies.always()
}

// And returns the requirement that demands both; false when it would have more than MaxAlternatives.
func (r Requirement) And(o Requirement) (Requirement, bool) {
	scopes, few := r.Scopes.And(o.Scopes)
	policies, fewToo := r.Policies.And(o.Policies)
	return Requirement{r.Authenticated || o.Authenticated, scopes, policies}, few && fewToo
}

// Implies reports whether whoever meets r meets o.
func (r Requirement) Implies(o Requirement) bool {
	return (r.Authenticated || !o.Authenticated) && r.Scopes.Implies(o.Scopes) && r.Policies.Implies(o.Policies)
}

// Names are the names of the directives in a schema, "" where it does not have one.
type Names struct{ Authenticated, RequiresScopes, Policy string }

// Any reports whether the schema has one of the directives.
func (n Names) Any() bool { return n != Names{} }

// Has reports whether the directive is one of them.
func (n Names) Has(d *ast.Directive) bool {
	return d.Name != "" && (d.Name == n.Authenticated || d.Name == n.RequiresScopes || d.Name == n.Policy)
}

// Read returns what the directives of an element demand. Repeated ones demand all.
func (n Names) Read(list ast.DirectiveList) (Requirement, bool) {
	out, few := Requirement{}, true
	for _, d := range list {
		var r Requirement
		switch {
		case !n.Has(d):
			continue
		case d.Name == n.Authenticated:
			r.Authenticated = true
		case d.Name == n.RequiresScopes:
			r.Scopes = written(d, "scopes")
		default:
			r.Policies = written(d, "policies")
		}
		var ok bool
		if out, ok = out.And(r); !ok {
			few = false
		}
	}
	return out, few
}

func written(d *ast.Directive, argument string) Alternatives {
	a := d.Arguments.ForName(argument)
	if a == nil || a.Value == nil || a.Value.Kind == ast.NullValue {
		return nil
	}
	return ReadAlternatives(a.Value)
}

// Alternatives are sets of names of which a caller needs one as a whole. They are kept simplest: sets and names in order,
// none of them covered by another. nil demands nothing, and neither does the empty set.
type Alternatives [][]string

// MaxAlternatives bounds how many alternatives a requirement may have when two come together.
const MaxAlternatives = 4096

// ReadAlternatives reads a value of type [[String!]!]!; a single item stands for a list of it.
func ReadAlternatives(v *ast.Value) Alternatives {
	var list Alternatives
	for _, clause := range items(v) {
		set := []string{}
		for _, item := range items(clause) {
			set = append(set, item.Raw)
		}
		list = append(list, set)
	}
	if len(list) == 0 {
		return Alternatives{{}}
	}
	return list.simplest()
}

func items(v *ast.Value) []*ast.Value {
	if v.Kind != ast.ListValue {
		return []*ast.Value{v}
	}
	out := make([]*ast.Value, len(v.Children))
	for i, c := range v.Children {
		out[i] = c.Value
	}
	return out
}

// simplest sorts the sets and drops those that another one covers.
func (a Alternatives) simplest() Alternatives {
	for i, set := range a {
		slices.Sort(set)
		a[i] = slices.Compact(set)
	}
	slices.SortFunc(a, func(x, y []string) int {
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return slices.Compare(x, y)
	})
	var out Alternatives
	for _, set := range a {
		if !out.within(set) {
			out = append(out, set)
		}
	}
	return out
}

// always reports whether everybody meets it.
func (a Alternatives) always() bool { return len(a) == 0 || len(a[0]) == 0 }

// within reports whether one of the alternatives lies in the set.
func (a Alternatives) within(set []string) bool {
	return a.Met(func(name string) bool { return slices.Contains(set, name) })
}

// Met reports whether whoever has these names meets it. nil is not met: ask whether anything is demanded before.
func (a Alternatives) Met(has func(name string) bool) bool {
	return slices.ContainsFunc(a, func(all []string) bool {
		return !slices.ContainsFunc(all, func(name string) bool { return !has(name) })
	})
}

// And returns the alternatives that demand both; false, and those of a alone, when there would be more than
// MaxAlternatives to look at.
func (a Alternatives) And(b Alternatives) (Alternatives, bool) {
	switch {
	case a == nil:
		return b, true
	case b == nil, a.Implies(b):
		return a, true
	case b.Implies(a):
		return b, true
	case len(a)*len(b) > MaxAlternatives:
		return a, false
	}
	var out Alternatives
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out.simplest(), true
}

// Implies reports whether whoever meets a meets b.
func (a Alternatives) Implies(b Alternatives) bool {
	if b.always() {
		return true
	}
	return len(a) > 0 && !slices.ContainsFunc(a, func(set []string) bool { return !b.within(set) })
}

// Value writes the alternatives as the value of a directive's argument.
func (a Alternatives) Value() *ast.Value {
	out := &ast.Value{Kind: ast.ListValue}
	for _, set := range a {
		clause := &ast.Value{Kind: ast.ListValue}
		for _, s := range set {
			clause.Children = append(clause.Children, &ast.ChildValue{Value: &ast.Value{Kind: ast.StringValue, Raw: s}})
		}
		out.Children = append(out.Children, &ast.ChildValue{Value: clause})
	}
	return out
}
