package auth

import (
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

// Schema is what the check of a field's readings needs to know.
type Schema interface {
	// Type returns the named type, or nil.
	Type(name string) *ast.Definition
	// Demand returns what the element at the coordinate ("Type" or "Type.field") demands by itself.
	Demand(coordinate string) Requirement
}

// Uncovered returns the coordinate of the first element that the field set reads, on an object of the type, and that
// demands more than r; "" when r covers all. What does not exist is passed over: other checks tell of it.
func (r Requirement) Uncovered(s Schema, set fieldset.Set, parent *ast.Definition) string {
	if parent == nil {
		return ""
	}
	for _, sel := range set {
		next := parent
		if sel.Field == "" {
			if sel.On != "" {
				next = s.Type(sel.On)
			}
		} else {
			field := fieldset.Field(parent, sel.Field)
			if field == nil {
				continue
			}
			if c := parent.Name + "." + sel.Field; !r.Implies(s.Demand(c)) {
				return c
			}
			next = s.Type(field.Type.Name())
		}
		if next != nil && !r.Implies(s.Demand(next.Name)) {
			return next.Name
		}
		if c := r.Uncovered(s, sel.Sub, next); c != "" {
			return c
		}
	}
	return ""
}
