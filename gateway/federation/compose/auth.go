package compose

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// authorisation names the authorisation directives of the supergraph.
func (m *merger) authorisation() auth.Names {
	return auth.Names{Authenticated: m.names["authenticated"], RequiresScopes: m.names["requiresScopes"], Policy: m.names["policy"]}
}

// requirementOf reads the authorisation directives among those of an element of the supergraph.
func (m *merger) requirementOf(list ast.DirectiveList) auth.Requirement {
	r, _ := m.authorisation().Read(list) // each directive is there once
	return r
}

// demand makes the element demand r in addition to what its directives say.
func (m *merger) demand(coordinate string, list *ast.DirectiveList, r auth.Requirement) {
	if r.None() && r.Scopes == nil && r.Policies == nil {
		return
	}
	have := m.requirementOf(*list)
	m.hintMerged(coordinate, "requiresScopes", have.Scopes, r.Scopes)
	m.hintMerged(coordinate, "policy", have.Policies, r.Policies)
	if have.Implies(r) && (have.Scopes != nil || r.Scopes == nil) && (have.Policies != nil || r.Policies == nil) {
		return
	}
	sum, ok := have.And(r)
	if !ok {
		m.tooMany(coordinate, "once it is merged")
		return
	}
	out := slices.DeleteFunc(slices.Clone(*list), func(d *ast.Directive) bool {
		return m.authorisation().Has(d)
	})
	if sum.Authenticated {
		out = append(out, joinDirective(m.names["authenticated"]))
	}
	if sum.Scopes != nil {
		out = append(out, joinDirective(m.names["requiresScopes"], &ast.Argument{Name: "scopes", Value: sum.Scopes.Value()}))
	}
	if sum.Policies != nil {
		out = append(out, joinDirective(m.names["policy"], &ast.Argument{Name: "policies", Value: sum.Policies.Value()}))
	}
	*list = out
}

// tooMany reports a requirement that cannot be written down any more.
func (m *merger) tooMany(coordinate, when string) {
	m.errorf(spec.CodeInvalidGraphQL, "the authorisation of %q has more than %d alternatives %s; demand less", coordinate, auth.MaxAlternatives, when).AtAll(m.placesOf(coordinate))
}

// hintMerged tells that two different requirements come together.
func (m *merger) hintMerged(coordinate, directive string, a, b auth.Alternatives) {
	if a != nil && b != nil && (!a.Implies(b) || !b.Implies(a)) {
		m.hint(HintMergedArguments, coordinate, "@%s of %q is merged from different requirements", directive, coordinate).Locations = m.placesOf(coordinate)
	}
}

// propagateAuthorisation makes interfaces demand what their implementations do, so that nothing is read through an
// interface that could not be read directly, and implementations what interface objects demand of their fields.
func (m *merger) propagateAuthorisation() {
	if !m.authorisation().Any() {
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
	if !m.authorisation().Any() {
		return
	}
	check := func(t *mergedType) {
		for _, definition := range t.Fields {
			f := m.fields[t.Name+"."+definition.Name]
			r, ok := m.requirementOf(f.Directives).And(m.requirementOf(t.Directives))
			if !ok {
				m.tooMany(f.coordinate(), "together with its type's")
				continue
			}
			for i, src := range f.sources {
				if src == nil {
					continue
				}
				if d := m.subs[i].First(src.Directives, "requires"); d != nil {
					if what := r.Uncovered(m, m.subs[i].Fields(d), t.Definition); what != "" {
						m.uncovered(f, i, d, what)
					}
				}
				m.checkContextReads(f, i, src, r)
			}
		}
	}
	m.each(ast.Object, check)
	m.each(ast.Interface, check) // fields of interface objects
}

// Type implements auth.Schema.
func (m *merger) Type(name string) *ast.Definition { return m.definition(name) }

// Demand implements auth.Schema.
func (m *merger) Demand(coordinate string) auth.Requirement {
	if f := m.fields[coordinate]; f != nil {
		return m.requirementOf(f.Directives)
	}
	if t := m.types[coordinate]; t != nil {
		return m.requirementOf(t.Directives)
	}
	return auth.Requirement{}
}

func (m *merger) uncovered(f *mergedField, i int, d *ast.Directive, what string) {
	m.errorf(spec.CodeMissingTransitiveAuth, "[%s] field %q reads %q through @%s but does not demand its authorisation; apply that to it too", m.subs[i].Name, f.coordinate(), what, d.Name).
		At(m.subs[i].Name, d.Position).AtAll(m.placesOf(what))
}

func (m *merger) checkContextReads(f *mergedField, i int, src *ast.FieldDefinition, r auth.Requirement) {
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
			if !r.Implies(m.requirementOf(t.Directives)) {
				m.errorf(spec.CodeMissingTransitiveAuth, "[%s] field %q reads from the context of %q but does not demand its authorisation; apply that to it too", s.Name, f.coordinate(), t.Name).
					At(s.Name, d.Position).AtAll(m.placesOf(t.Name))
				return
			}
			if what := r.Uncovered(m, set, t.Definition); what != "" {
				m.uncovered(f, i, d, what)
				return
			}
		}
	}
}
