package subgraph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

func checkExternals(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		for _, f := range t.Fields {
			if t.Kind == ast.Interface && s.Has(f.Directives, "external") {
				report(f.Position, spec.CodeExternalOnInterface, "interface field \"%s.%s\" cannot be external", t.Name, f.Name)
			}
			if s.IsExternal(f) && !s.IsUsed(f) {
				report(f.Position, spec.CodeExternalUnused, "field \"%s.%s\" is external but used by no @key, @requires, @provides or interface", t.Name, f.Name)
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
			if !s.validKeys(i) {
				continue
			}
			want := s.Fields(key).Normal()
			for _, impl := range s.Implementations(i.Name) {
				if !s.validKeys(impl) {
					continue
				}
				var found *ast.Directive
				for _, own := range s.All(impl.Directives, "key") {
					if s.Fields(own).Normal() == want && (found == nil || Resolvable(own)) {
						found = own
					}
				}
				if found == nil {
					report(impl.Position, spec.CodeInterfaceKeyNotOnImplementation, "%q implements interface %q but lacks its @key(fields: %q)", impl.Name, i.Name, want)
				} else if Resolvable(key) && !Resolvable(found) {
					report(found.Position, spec.CodeInterfaceKeyNotOnImplementation, "@key(fields: %q) must be resolvable on %q as it is on interface %q", want, impl.Name, i.Name)
				}
			}
		}
	}
}

// validKeys reports whether all keys of the type are valid; else they have been reported.
func (s *Subgraph) validKeys(t *Type) bool {
	return !slices.ContainsFunc(s.All(t.Directives, "key"), func(key *ast.Directive) bool {
		set := s.Fields(key)
		return set == nil || set.Check(t.Definition, s.Lookup, fieldset.Rules{}) != nil
	})
}

func checkInterfaceObjects(s *Subgraph, report reporter) {
	for _, t := range s.Types {
		if d := s.First(t.Directives, "interfaceObject"); d != nil && !s.Has(t.Directives, "key") {
			report(d.Position, spec.CodeInterfaceObjectUsage, "@%s on %q needs a @key beside it", d.Name, t.Name)
		}
	}
}

func checkShareable(s *Subgraph, report reporter) {
	twice := func(list ast.DirectiveList, what string) {
		if all := s.All(list, "shareable"); len(all) > 1 {
			report(all[1].Position, spec.CodeInvalidShareableUsage, "@%s is applied twice to %s", all[1].Name, what)
		}
	}
	for _, t := range s.Types {
		for _, part := range t.Parts {
			twice(part.Directives, t.Name)
		}
		for _, f := range t.Fields {
			twice(f.Directives, t.Name+"."+f.Name)
			if d := s.First(f.Directives, "shareable"); d != nil && t.Kind == ast.Interface {
				report(d.Position, spec.CodeInvalidShareableUsage, "@%s cannot be applied to the interface field \"%s.%s\"", d.Name, t.Name, f.Name)
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
