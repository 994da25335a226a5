package fieldset

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Lookup finds a type by name; nil when the schema has none.
type Lookup func(name string) *ast.Definition

// Kind classifies what is wrong with a field set.
type Kind int

// The kinds of problems.
const (
	Invalid        Kind = iota // it selects what does not exist, or not as the schema allows
	HasArguments               // a selected field takes arguments
	HasDirective               // a directive is applied inside
	SelectAbstract             // a field of interface or union type is selected
)

// Problem is one finding of Check.
type Problem struct {
	Kind    Kind
	Message string
}

// Rules say what is allowed beyond plain fields.
type Rules struct {
	Arguments bool // fields may take arguments
	Abstract  bool // fields of interface and union type may be selected
	Disjoint  bool // fragments need not be able to match

	// FilledIn tells which arguments need not be given even though they are mandatory; nil: none.
	FilledIn func(*ast.ArgumentDefinition) bool
}

// Check says what is wrong with the set on the given parent type: that it is invalid, or else whether it has a directive
// and whether it selects what the rules do not allow; nil when all is well.
func (s Set) Check(parent *ast.Definition, types Lookup, rules Rules) []*Problem {
	first := rules
	first.Arguments = true
	if p := s.check(parent, types, first); p != nil {
		return []*Problem{p}
	}
	var problems []*Problem
	if s.HasDirectives() {
		problems = append(problems, &Problem{HasDirective, "no directive may be applied in it"})
	}
	if p := s.check(parent, types, rules); p != nil {
		problems = append(problems, p)
	}
	return problems
}

// HasDirectives reports whether a directive is applied anywhere in the set.
func (s Set) HasDirectives() bool {
	return s.HasDirective(func(string) bool { return true })
}

// HasDirective reports whether a directive whose name satisfies the condition is applied anywhere in the set.
func (s Set) HasDirective(condition func(name string) bool) bool {
	return slices.ContainsFunc(s, func(sel *Selection) bool {
		return slices.ContainsFunc(sel.Directives, func(d *ast.Directive) bool { return condition(d.Name) }) || sel.Sub.HasDirective(condition)
	})
}

func invalid(format string, args ...any) *Problem {
	return &Problem{Invalid, fmt.Sprintf(format, args...)}
}

func (s Set) check(parent *ast.Definition, types Lookup, rules Rules) *Problem {
	for _, sel := range s {
		if sel.Field == "" {
			condition := parent
			if sel.On != "" {
				condition = types(sel.On)
			}
			if condition == nil || !condition.IsCompositeType() {
				return invalid("unknown type condition %q", sel.On)
			}
			if !rules.Disjoint && !overlap(parent, condition) {
				return invalid("a fragment on %q can never match inside %q", condition.Name, parent.Name)
			}
			if p := sel.Sub.check(condition, types, rules); p != nil {
				return p
			}
			continue
		}
		if p := sel.checkField(parent, types, rules); p != nil {
			return p
		}
	}
	return nil
}

func (sel *Selection) checkField(parent *ast.Definition, types Lookup, rules Rules) *Problem {
	if sel.Alias != "" {
		return invalid("cannot use the alias %q", sel.Alias)
	}
	field := Field(parent, sel.Field)
	if field == nil {
		return invalid("type %q has no field %q", parent.Name, sel.Field)
	}
	result := types(field.Type.Name())
	composite := result != nil && result.IsCompositeType()
	if !rules.Abstract && composite && result.IsAbstractType() {
		return &Problem{SelectAbstract, fmt.Sprintf("field \"%s.%s\" has the abstract type %q and cannot be included", parent.Name, sel.Field, result.Name)}
	}
	if p := sel.checkArguments(parent, field, types, rules); p != nil {
		return p
	}
	switch {
	case !composite && len(sel.Sub) > 0:
		return invalid("field \"%s.%s\" has no fields to select", parent.Name, sel.Field)
	case composite && len(sel.Sub) == 0:
		return invalid("field \"%s.%s\" needs a selection of its fields", parent.Name, sel.Field)
	case !rules.Arguments && len(field.Arguments) > 0:
		return &Problem{HasArguments, fmt.Sprintf("field \"%s.%s\" takes arguments and cannot be included", parent.Name, sel.Field)}
	}
	if !composite {
		return nil
	}
	return sel.Sub.check(result, types, rules)
}

func (sel *Selection) checkArguments(parent *ast.Definition, field *ast.FieldDefinition, types Lookup, rules Rules) *Problem {
	for _, a := range sel.Arguments {
		definition := field.Arguments.ForName(a.Name)
		if definition == nil {
			return invalid("field \"%s.%s\" has no argument %q", parent.Name, sel.Field, a.Name)
		}
		if hasVariable(a.Value) || !ValueFits(a.Value, definition.Type, types) {
			return invalid("%s is not a value of argument \"%s.%s(%s:)\"", a.Value, parent.Name, sel.Field, a.Name)
		}
	}
	for _, a := range field.Arguments {
		mandatory := a.Type.NonNull && a.DefaultValue == nil && (rules.FilledIn == nil || !rules.FilledIn(a))
		if mandatory && sel.Arguments.ForName(a.Name) == nil {
			return invalid("field \"%s.%s\" needs the argument %q", parent.Name, sel.Field, a.Name)
		}
	}
	return nil
}

func hasVariable(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if hasVariable(c.Value) {
			return true
		}
	}
	return false
}

var typename = &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}

// Field returns the named field of a composite type, __typename included, or nil.
func Field(parent *ast.Definition, name string) *ast.FieldDefinition {
	if name == "__typename" {
		return typename
	}
	if parent.Kind != ast.Object && parent.Kind != ast.Interface {
		return nil
	}
	return parent.Fields.ForName(name)
}

// overlap reports whether an object can be of both types. An abstract pair counts as overlapping: whether any type
// implements both depends on the other subgraphs.
func overlap(a, b *ast.Definition) bool {
	switch {
	case a.Name == b.Name:
		return true
	case a.Kind == ast.Object && b.Kind == ast.Object:
		return false
	case a.Kind == ast.Object:
		return isMember(a, b)
	case b.Kind == ast.Object:
		return isMember(b, a)
	default:
		return true
	}
}

func isMember(object, abstract *ast.Definition) bool {
	return slices.Contains(object.Interfaces, abstract.Name) || slices.Contains(abstract.Types, object.Name)
}

// Visit calls do for each field of the set, parents before children, up to the first one that does not exist.
func (s Set) Visit(parent *ast.Definition, types Lookup, do func(parent *ast.Definition, field *ast.FieldDefinition, sel *Selection)) {
	s.visit(parent, types, do)
}

// Resolves reports whether every field of the set exists.
func (s Set) Resolves(parent *ast.Definition, types Lookup) bool {
	return s.visit(parent, types, func(*ast.Definition, *ast.FieldDefinition, *Selection) {})
}

func (s Set) visit(parent *ast.Definition, types Lookup, do func(parent *ast.Definition, field *ast.FieldDefinition, sel *Selection)) bool {
	if parent == nil {
		return len(s) == 0
	}
	for _, sel := range s {
		if sel.Field == "" {
			condition := parent
			if sel.On != "" {
				condition = types(sel.On)
			}
			if !sel.Sub.visit(condition, types, do) {
				return false
			}
			continue
		}
		field := Field(parent, sel.Field)
		if field == nil {
			return false
		}
		if sel.Field == "__typename" {
			continue
		}
		do(parent, field, sel)
		if !sel.Sub.visit(types(field.Type.Name()), types, do) {
			return false
		}
	}
	return true
}
