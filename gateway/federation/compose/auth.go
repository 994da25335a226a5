package compose

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// requirement is what the authorisation directives of an element demand.
type requirement struct {
	authenticated    bool
	scopes, policies dnf // nil: nothing
}

func (r requirement) isZero() bool { return !r.authenticated && r.scopes == nil && r.policies == nil }

func (r requirement) and(o requirement) requirement {
	join := func(a, b dnf) dnf {
		switch {
		case a == nil:
			return b
		case b == nil:
			return a
		}
		return a.and(b)
	}
	return requirement{r.authenticated || o.authenticated, join(r.scopes, o.scopes), join(r.policies, o.policies)}
}

// implies reports whether whoever meets r meets o.
func (r requirement) implies(o requirement) bool {
	return (r.authenticated || !o.authenticated) && r.scopes.implies(o.scopes) && r.policies.implies(o.policies)
}

// requirementOf reads the authorisation directives among those of an element of the supergraph.
func (m *merger) requirementOf(list ast.DirectiveList) requirement {
	var r requirement
	for _, d := range list {
		switch d.Name {
		case m.names["authenticated"]:
			r.authenticated = true
		case m.names["requiresScopes"]:
			if a := d.Arguments.ForName("scopes"); a != nil {
				r.scopes = readDNF(a.Value)
			}
		case m.names["policy"]:
			if a := d.Arguments.ForName("policies"); a != nil {
				r.policies = readDNF(a.Value)
			}
		}
	}
	return r
}

// demand makes the element demand r in addition to what its directives say.
func (m *merger) demand(coordinate string, list *ast.DirectiveList, r requirement) {
	if r.isZero() {
		return
	}
	have := m.requirementOf(*list)
	m.hintMerged(coordinate, "requiresScopes", have.scopes, r.scopes)
	m.hintMerged(coordinate, "policy", have.policies, r.policies)
	if have.implies(r) && (have.scopes != nil || r.scopes == nil) && (have.policies != nil || r.policies == nil) {
		return
	}
	if len(have.scopes)*len(r.scopes) > maxClauses || len(have.policies)*len(r.policies) > maxClauses {
		m.errorf(spec.CodeInvalidGraphQL, "the authorisation of %q has more than %d alternatives once it is merged; demand less", coordinate, maxClauses).AtAll(m.placesOf(coordinate))
		return
	}
	sum := have.and(r)
	out := slices.DeleteFunc(slices.Clone(*list), func(d *ast.Directive) bool {
		return d.Name == m.names["authenticated"] || d.Name == m.names["requiresScopes"] || d.Name == m.names["policy"]
	})
	if sum.authenticated {
		out = append(out, joinDirective(m.names["authenticated"]))
	}
	if sum.scopes != nil {
		out = append(out, joinDirective(m.names["requiresScopes"], &ast.Argument{Name: "scopes", Value: sum.scopes.value()}))
	}
	if sum.policies != nil {
		out = append(out, joinDirective(m.names["policy"], &ast.Argument{Name: "policies", Value: sum.policies.value()}))
	}
	*list = out
}

// hintMerged tells that two different requirements come together.
func (m *merger) hintMerged(coordinate, directive string, a, b dnf) {
	if a != nil && b != nil && (!a.implies(b) || !b.implies(a)) {
		m.hint(HintMergedArguments, coordinate, "@%s of %q is merged from different requirements", directive, coordinate).Locations = m.placesOf(coordinate)
	}
}

// propagateAuthorisation makes interfaces demand what their implementations do, so that nothing is read through an
// interface that could not be read directly, and implementations what interface objects demand of their fields.
func (m *merger) propagateAuthorisation() {
	if m.names["authenticated"] == "" && m.names["requiresScopes"] == "" && m.names["policy"] == "" {
		return
	}
	implementations := func(t *mergedType, do func(object *mergedType)) {
		m.each(ast.Object, func(object *mergedType) {
			if slices.Contains(object.Interfaces, t.Name) {
				do(object)
			}
		})
	}
	m.each(ast.Interface, func(t *mergedType) {
		for _, f := range t.Fields {
			r := m.requirementOf(f.Directives)
			implementations(t, func(object *mergedType) {
				if own := object.Fields.ForName(f.Name); own != nil {
					m.demand(object.Name+"."+f.Name, &own.Directives, r)
				}
			})
		}
	})
	m.each(ast.Interface, func(t *mergedType) {
		implementations(t, func(object *mergedType) {
			m.demand(t.Name, &t.Directives, m.requirementOf(object.Directives))
			for _, f := range t.Fields {
				if own := object.Fields.ForName(f.Name); own != nil {
					m.demand(t.Name+"."+f.Name, &f.Directives, m.requirementOf(own.Directives))
				}
			}
		})
	})
}

// checkTransitiveAuthorisation reports fields that demand less than what they read through @requires or a context.
func (m *merger) checkTransitiveAuthorisation() {
	if m.names["authenticated"] == "" && m.names["requiresScopes"] == "" && m.names["policy"] == "" {
		return
	}
	m.each(ast.Object, func(t *mergedType) {
		for _, definition := range t.Fields {
			f := m.fields[t.Name+"."+definition.Name]
			own, parent := m.requirementOf(f.Directives), m.requirementOf(t.Directives)
			if len(own.scopes)*len(parent.scopes) > maxClauses || len(own.policies)*len(parent.policies) > maxClauses {
				m.errorf(spec.CodeInvalidGraphQL, "the authorisation of %q has more than %d alternatives together with its type's; demand less", f.coordinate(), maxClauses).AtAll(m.placesOf(f.coordinate()))
				continue
			}
			r := own.and(parent)
			for i, src := range f.sources {
				if src == nil {
					continue
				}
				if d := m.subs[i].First(src.Directives, "requires"); d != nil {
					m.checkReads(f, i, d, r, m.subs[i].Fields(d), t)
				}
				m.checkContextReads(f, i, src, r)
			}
		}
	})
}

func (m *merger) checkReads(f *mergedField, i int, d *ast.Directive, r requirement, set fieldset.Set, parent *mergedType) bool {
	fail := func(what string) bool {
		m.errorf(spec.CodeMissingTransitiveAuth, "[%s] field %q reads %q through @%s but does not demand its authorisation; apply that to it too", m.subs[i].Name, f.coordinate(), what, d.Name).
			At(m.subs[i].Name, d.Position).AtAll(m.placesOf(what))
		return false
	}
	for _, sel := range set {
		next := parent
		if sel.Field == "" {
			if sel.On != "" {
				next = m.types[sel.On]
			}
			if next == nil {
				continue
			}
			if !r.implies(m.requirementOf(next.Directives)) {
				return fail(next.Name)
			}
		} else {
			field := fieldset.Field(parent.Definition, sel.Field)
			if field == nil {
				continue
			}
			if !r.implies(m.requirementOf(field.Directives)) {
				return fail(parent.Name + "." + sel.Field)
			}
			if next = m.types[field.Type.Name()]; next == nil {
				continue
			}
			if !r.implies(m.requirementOf(next.Directives)) {
				return fail(next.Name)
			}
		}
		if !m.checkReads(f, i, d, r, sel.Sub, next) {
			return false
		}
	}
	return true
}

func (m *merger) checkContextReads(f *mergedField, i int, src *ast.FieldDefinition, r requirement) {
	s := m.subs[i]
	for _, a := range src.Arguments {
		d := s.First(a.Directives, "fromContext")
		if d == nil {
			continue
		}
		text, _ := subgraph.StringArgument(d, "field")
		name, selection, _ := fieldset.SplitContext(text)
		set, err := fieldset.Parse(selection)
		if err != nil {
			continue
		}
		for _, source := range s.ContextTypes(name) {
			t := m.types[source.Name]
			if t == nil {
				continue
			}
			if !r.implies(m.requirementOf(t.Directives)) {
				m.errorf(spec.CodeMissingTransitiveAuth, "[%s] field %q reads from the context of %q but does not demand its authorisation; apply that to it too", s.Name, f.coordinate(), t.Name).
					At(s.Name, d.Position).AtAll(m.placesOf(t.Name))
				return
			}
			if !m.checkReads(f, i, d, r, set, t) {
				return
			}
		}
	}
}
