package subgraph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

func checkExternals(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if t.Kind == ast.Interface && s.Has(f.Directives, "external") {
				report(f.Position, spec.CodeExternalOnInterface, "interface field \"%s.%s\" cannot be external; mark the fields that implement it", t.Name, f.Name)
			}
			if s.IsExternal(f) && !s.IsUsed(f) {
				report(f.Position, spec.CodeExternalUnused, "field \"%s.%s\" is external but used by no @key, @requires, @provides or interface; take it out, or resolve it here", t.Name, f.Name)
			}
		}
	}
}

func checkInterfaceKeys(s *Subgraph, report reporter) {
	for _, i := range s.Types {
		if i.Kind != ast.Interface {
			continue
		}
		for _, key := range s.All(i.Directives, "key") {
			set, ok := s.readableKey(i, key)
			if !ok {
				return
			}
			want := set.Normal()
			for _, impl := range s.Implementations(i.Name) {
				if impl.Kind != ast.Object {
					continue
				}
				var found *ast.Directive
				for _, own := range s.All(impl.Directives, "key") {
					set, ok := s.readableKey(impl, own)
					if !ok {
						return
					}
					if set.Normal() == want {
						found = own
						break
					}
				}
				if found == nil {
					report(impl.Position, spec.CodeInterfaceKeyNotOnImplementation, "%q implements interface %q but lacks its @key(fields: %q); add it", impl.Name, i.Name, want)
				} else if Resolvable(key) && !Resolvable(found) {
					report(found.Position, spec.CodeInterfaceKeyNotOnImplementation, "@key(fields: %q) must be resolvable on %q as it is on interface %q", want, impl.Name, i.Name)
				}
			}
		}
	}
}

// readableKey returns the fields of a key that is compared with that of an interface. One that cannot be read stops the
// checks.
func (s *Subgraph) readableKey(t *Type, key *ast.Directive) (fieldset.Set, bool) {
	text, ok := StringArgument(key, "fields")
	if !ok {
		s.stop(key.Position, spec.CodeKeyInvalidFieldsType, "the fields of @%s on %s must be a string", key.Name, t.Name)
		return nil, false
	}
	set, err := fieldset.Parse(text)
	if err != nil {
		s.stop(key.Position, spec.CodeKeyInvalidFields, "@%s on %s: %s", key.Name, t.Name, err)
		return nil, false
	}
	if !set.Resolves(t.Definition, s.Lookup) {
		s.stop(key.Position, spec.CodeKeyInvalidFields, "@%s(fields: %q) on %s selects a field that does not exist", key.Name, text, t.Name)
		return nil, false
	}
	return set, true
}

func checkInterfaceObjects(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		if d := s.First(t.Directives, "interfaceObject"); d != nil && !s.Has(t.Directives, "key") {
			report(d.Position, spec.CodeInterfaceObjectUsage, "@%s on %q needs a @key beside it; add that of the interface", d.Name, t.Name)
		}
	}
}

func checkShareable(s *Subgraph, report reporter) {
	twice := func(list ast.DirectiveList, what string) {
		if all := s.All(list, "shareable"); len(all) > 1 {
			report(all[1].Position, spec.CodeInvalidShareableUsage, "@%s is applied twice to %s; take one out", all[1].Name, what)
		}
	}
	for _, t := range s.Types {
		for _, part := range t.Parts {
			twice(part.Directives, t.Name)
		}
		for _, f := range t.Fields {
			twice(f.Directives, t.Name+"."+f.Name)
			if d := s.First(f.Directives, "shareable"); d != nil && t.Kind == ast.Interface {
				report(d.Position, spec.CodeInvalidShareableUsage, "@%s cannot be applied to the interface field \"%s.%s\"; apply it to the fields that implement it", d.Name, t.Name, f.Name)
			}
		}
	}
}

func checkAuthorisation(s *Subgraph, report reporter) {
	check := func(list ast.DirectiveList, what string) {
		for _, name := range []string{"authenticated", "requiresScopes", "policy"} {
			if d := s.First(list, name); d != nil {
				report(d.Position, spec.CodeAuthOnInterface, "@%s cannot be applied to %s: apply it to the objects that implement the interface", d.Name, what)
			}
		}
	}
	for _, t := range s.Types {
		if t.Kind != ast.Interface && !s.IsInterfaceObject(t) {
			continue
		}
		check(t.Directives, t.Name)
		if t.Kind == ast.Interface {
			for _, f := range t.Fields {
				check(f.Directives, t.Name+"."+f.Name)
			}
		}
	}
}
