package subgraph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

// fieldSetCodes are the codes under which the problems of one directive's field set are reported.
type fieldSetCodes struct {
	invalid, notString, directive, arguments, abstract spec.Code
}

var (
	keyCodes = fieldSetCodes{
		invalid: spec.CodeKeyInvalidFields, notString: spec.CodeKeyInvalidFieldsType, directive: spec.CodeKeyDirectiveInFieldsArg,
		arguments: spec.CodeKeyFieldsHasArgs, abstract: spec.CodeKeyFieldsSelectInvalidType,
	}
	requiresCodes = fieldSetCodes{
		invalid: spec.CodeRequiresInvalidFields, notString: spec.CodeRequiresInvalidFieldsType, directive: spec.CodeRequiresDirectiveInFieldsArg,
	}
	providesCodes = fieldSetCodes{
		invalid: spec.CodeProvidesInvalidFields, notString: spec.CodeProvidesInvalidFieldsType, directive: spec.CodeProvidesDirectiveInFieldsArg,
		arguments: spec.CodeProvidesFieldsHasArgs,
	}
)

// checkFieldSet parses and checks the `fields:` of d on the given type. It returns nil when it reported an error that
// makes further checks of the set pointless.
func (s *Subgraph) checkFieldSet(d *ast.Directive, parent *ast.Definition, codes fieldSetCodes, report reporter) fieldset.Set {
	text, ok := StringArgument(d, "fields")
	if !ok {
		report(d.Position, codes.notString, "the fields of @%s on %s must be a string", d.Name, parent.Name)
		return nil
	}
	set, err := fieldset.Parse(text)
	if err != nil {
		report(d.Position, codes.invalid, "@%s on %s: %s", d.Name, parent.Name, err)
		return nil
	}
	if set.HasDirective(s.isUnknownDirective) {
		report(d.Position, codes.invalid, "@%s(fields: %q) on %s applies an unknown directive", d.Name, text, parent.Name)
		return nil
	}
	problems := set.Check(parent, s.Lookup, fieldset.Rules{
		Arguments: codes.arguments == "", Abstract: codes.abstract == "",
		FilledIn: func(a *ast.ArgumentDefinition) bool { return s.Has(a.Directives, "fromContext") },
	})
	readable := true
	for _, problem := range problems {
		code := codes.invalid
		switch problem.Kind {
		case fieldset.HasDirective:
			code = codes.directive
		case fieldset.HasArguments:
			code = codes.arguments
		case fieldset.SelectAbstract:
			code, readable = codes.abstract, false
		default:
			readable = false
		}
		report(d.Position, code, "@%s(fields: %q) on %s: %s", d.Name, text, parent.Name, problem.Message)
	}
	if !readable {
		return nil
	}
	return set
}

func (s *Subgraph) isUnknownDirective(name string) bool {
	return s.Definition(name) == nil && name != "skip" && name != "include" && name != "deprecated" && name != "specifiedBy"
}

// checkLeaves reports every leaf of the set that is neither external nor below an external field.
func (s *Subgraph) checkLeaves(set fieldset.Set, parent *ast.Definition, d *ast.Directive, code spec.Code, report reporter) {
	for _, sel := range set {
		if sel.Field == "" {
			condition := parent
			if sel.On != "" {
				condition = s.Lookup(sel.On)
			}
			s.checkLeaves(sel.Sub, condition, d, code, report)
			continue
		}
		field := fieldset.Field(parent, sel.Field)
		if field == nil || s.IsExternal(field) {
			continue
		}
		switch {
		case len(sel.Sub) > 0:
			if !s.implementedExternally(parent, sel.Field) {
				s.checkLeaves(sel.Sub, s.Lookup(field.Type.Name()), d, code, report)
			}
		case s.IsFakeExternal(field):
			report(d.Position, code, "field \"%s.%s\" in @%s is a key field of an extension, which the subgraph has: it does not count as external",
				parent.Name, sel.Field, d.Name)
		default:
			report(d.Position, code, "field \"%s.%s\" in @%s should be marked @external", parent.Name, sel.Field, d.Name)
		}
	}
}

// implementedExternally reports whether parent is an interface and the field is external in an implementation.
func (s *Subgraph) implementedExternally(parent *ast.Definition, name string) bool {
	if parent.Kind != ast.Interface {
		return false
	}
	for _, impl := range s.Implementations(parent.Name) {
		if f := impl.Fields.ForName(name); f != nil && s.IsExternal(f) {
			return true
		}
	}
	return false
}

func checkKeys(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, d := range s.All(t.Directives, "key") {
			if t.Kind == ast.Interface && s.Version.Less(spec.Version{Major: 2, Minor: 3}) {
				report(d.Position, spec.CodeKeyUnsupportedOnInterface, "@%s cannot be used on interface %q before federation v2.3; link a later version", d.Name, t.Name)
			}
			s.checkFieldSet(d, t.Definition, keyCodes, report)
		}
	}
}

func checkRequires(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			for _, d := range s.All(f.Directives, "requires") {
				if t.Kind == ast.Interface {
					report(d.Position, spec.CodeRequiresUnsupportedOnInterface, "@%s cannot be used on the interface field \"%s.%s\"; apply it to the fields that implement it", d.Name, t.Name, f.Name)
				}
				if set := s.checkFieldSet(d, t.Definition, requiresCodes, report); set != nil {
					s.checkLeaves(set, t.Definition, d, spec.CodeRequiresFieldsMissingExternal, report)
				}
			}
		}
	}
}

func checkProvides(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			for _, d := range s.All(f.Directives, "provides") {
				s.checkProvided(t, f, d, report)
			}
		}
	}
}

func (s *Subgraph) checkProvided(t *Type, f *ast.FieldDefinition, d *ast.Directive, report reporter) {
	if t.Kind == ast.Interface {
		report(d.Position, spec.CodeProvidesUnsupportedOnInterface, "@%s cannot be used on the interface field \"%s.%s\"; apply it to the fields that implement it", d.Name, t.Name, f.Name)
	}
	result := s.Lookup(f.Type.Name())
	switch {
	case s.IsExternal(f):
		s.stop(d.Position, spec.CodeExternalCollision, "field \"%s.%s\" cannot have both @%s and @external; take one out", t.Name, f.Name, d.Name)
	case result == nil || !result.IsCompositeType():
		s.stop(d.Position, spec.CodeProvidesOnNonObjectField, "@%s cannot be used on \"%s.%s\": its type %s has no fields", d.Name, t.Name, f.Name, f.Type)
	default:
		if set := s.checkFieldSet(d, result, providesCodes, report); set != nil {
			s.checkLeaves(set, result, d, spec.CodeProvidesFieldsMissingExternal, report)
		}
	}
}
