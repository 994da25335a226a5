package subgraph

import (
	"regexp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

var contextName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func checkContexts(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, d := range s.All(t.Directives, "context") {
			if name, _ := StringArgument(d, "name"); !contextName.MatchString(name) {
				report(d.Position, spec.CodeContextNameInvalid, "context name %q on %q must be letters and digits, a letter first", name, t.Name)
			}
		}
		for _, f := range t.Fields {
			for _, a := range f.Arguments {
				if d := s.First(a.Directives, "fromContext"); d != nil {
					s.checkFromContext(t, f, a, d, report)
				}
			}
		}
	}
}

func (s *Subgraph) checkFromContext(t *Type, f *ast.FieldDefinition, a *ast.ArgumentDefinition, d *ast.Directive, report reporter) {
	at := t.Name + "." + f.Name + "(" + a.Name + ":)"
	if t.Kind != ast.Object {
		report(d.Position, spec.CodeContextNotSet, "%s: @%s can only be used on fields of object types", at, d.Name)
		return
	}
	for _, name := range t.Interfaces {
		if i := s.Lookup(name); i != nil && i.Fields.ForName(f.Name) != nil {
			report(d.Position, spec.CodeContextNotSet, "%s: @%s cannot be used on a field that implements one of interface %q", at, d.Name, name)
		}
	}
	if a.DefaultValue != nil {
		report(d.Position, spec.CodeContextNotSet, "%s: an argument with @%s cannot have a default value", at, d.Name)
	}
	text, _ := StringArgument(d, "field")
	name, selection, ok := fieldset.SplitContext(text)
	if !ok {
		report(d.Position, spec.CodeNoContextInSelection, "%s: %q is not of the form \"$context selection\"", at, text)
		return
	}
	if !s.hasResolvableKey(t) {
		report(d.Position, spec.CodeContextNoResolvableKey, "%s: type %q needs a resolvable @key to take part in a context", at, t.Name)
	}
	types := s.ContextTypes(name)
	if len(types) == 0 {
		report(d.Position, spec.CodeContextNotSet, "%s: context %q is not set in this subgraph; set it with @context on a type above", at, name)
		return
	}
	set, err := fieldset.Parse(selection)
	if err != nil {
		report(d.Position, spec.CodeContextInvalidSelection, "%s: %s", at, err)
		return
	}
	if problem := s.contextSelection(set, types, a.Type); problem != "" {
		report(d.Position, spec.CodeContextInvalidSelection, "%s: selection %q %s", at, selection, problem)
	}
}

func (s *Subgraph) hasResolvableKey(t *Type) bool {
	return slices.ContainsFunc(s.All(t.Directives, "key"), func(key *ast.Directive) bool {
		a := key.Arguments.ForName("resolvable")
		return Resolvable(key) && (a == nil || a.Value.Kind != ast.NullValue)
	})
}

// contextSelection says what is wrong with the selection of a context that the given types set; "" when nothing is.
func (s *Subgraph) contextSelection(set fieldset.Set, types []*Type, want *ast.Type) string {
	if set[0].Field != "" {
		for _, t := range types {
			if problem := s.contextPath(set, t.Definition, want, 0); problem != "" {
				return problem
			}
		}
		return ""
	}
	used := map[string]bool{}
	for _, sel := range set {
		if sel.Field != "" || len(sel.Directives) > 0 {
			return "mixes fields and fragments, or has a directive"
		}
		condition := s.Lookup(sel.On)
		if condition == nil || condition.Kind != ast.Object || used[sel.On] {
			return "must have fragments on distinct object types only"
		}
		used[sel.On] = true
	}
	matched := map[string]bool{}
	for _, t := range types {
		found := false
		for _, sel := range set {
			condition := s.Lookup(sel.On)
			if sel.On != t.Name && !s.isPossible(t.Definition, condition) {
				continue
			}
			found, matched[sel.On] = true, true
			if problem := s.contextPath(sel.Sub, condition, want, 0); problem != "" {
				return problem
			}
		}
		if !found {
			return "has no fragment that matches type " + t.Name
		}
	}
	if len(matched) != len(used) {
		return "has a fragment that matches no type that sets the context"
	}
	return ""
}

func (s *Subgraph) isPossible(abstract, object *ast.Definition) bool {
	switch abstract.Kind {
	case ast.Interface:
		return slices.Contains(object.Interfaces, abstract.Name)
	case ast.Union:
		return slices.Contains(abstract.Types, object.Name)
	default:
		return false
	}
}

// contextPath follows the one field path of the selection and compares its type with that of the argument.
func (s *Subgraph) contextPath(set fieldset.Set, parent *ast.Definition, want *ast.Type, lists int) string {
	if len(set) != 1 || set[0].Field == "" {
		return "must select exactly one field"
	}
	sel := set[0]
	if sel.Alias != "" || len(sel.Directives) > 0 {
		return "cannot have aliases or directives"
	}
	if t := s.Type(parent.Name); t != nil && s.IsInterfaceObject(t) {
		return "cannot select from an interface object"
	}
	if problems := set.Check(parent, s.Lookup, fieldset.Rules{Arguments: true, Abstract: true}); len(problems) > 0 {
		return "is not valid: " + problems[0].Message
	}
	field := fieldset.Field(parent, sel.Field)
	for t := field.Type; t.Elem != nil; t = t.Elem {
		lists++
	}
	result := s.Lookup(field.Type.Name())
	if result != nil && result.IsCompositeType() {
		if len(sel.Sub) == 0 {
			return "must end in a field without fields of its own"
		}
		return s.contextPath(sel.Sub, result, want, lists)
	}
	if len(sel.Sub) > 0 {
		return "selects below a field without fields"
	}
	got := ast.NamedType(field.Type.Name(), nil)
	for range lists {
		got = ast.ListType(got, nil)
	}
	if got.String() != want.String() {
		return "has the type " + got.String() + " (it may be null), which does not fit " + want.String()
	}
	return ""
}
