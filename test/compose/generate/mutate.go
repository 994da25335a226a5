package generate

import (
	"fmt"
	"slices"
	"strings"
)

// Operator breaks a set, or at least changes what it means.
type Operator struct {
	Name string
	Do   func(*Mutation) bool // false when the set has no place for it
}

// Operators are all operators, by the rule they aim at.
var Operators = slices.Concat(keyOperators, externalOperators, linkOperators, directiveOperators, mergeOperators, rootOperators, overrideOperators,
	interfaceOperators, inaccessibleOperators, composeOperators, authOperators, contextOperators, costOperators,
	addOperators, reachOperators)

// Mutate applies one operator that finds a place and notes its name in the set.
func Mutate(r Random, s *Set) {
	for range 20 {
		op := Operators[r.IntN(len(Operators))]
		if Apply(r, s, op) {
			return
		}
	}
}

// Apply applies the operator and reports whether it found a place.
func Apply(r Random, s *Set, op Operator) bool {
	m := &Mutation{Random: r, Set: s}
	if !op.Do(m) {
		return false
	}
	s.Operators = append(s.Operators, op.Name)
	return true
}

// Mutation is one application of an operator.
type Mutation struct {
	Random
	*Set
}

// place is an element of a subgraph.
type place struct {
	sub *Subgraph
	typ *Type
	fld *Field
}

// sub picks a subgraph that has the directives.
func (m *Mutation) sub(directives ...string) *Subgraph {
	return pick(m.Random, slices.DeleteFunc(slices.Clone(m.Subgraphs), func(s *Subgraph) bool {
		return slices.ContainsFunc(directives, func(d string) bool { return !s.Has(d) })
	}))
}

// types picks a type of one of the kinds, e.g. "type interface", that satisfies the conditions.
func (m *Mutation) typ(kinds string, conditions ...func(place) bool) (place, bool) {
	var all []place
	for _, s := range m.Subgraphs {
		for _, t := range s.Types {
			p := place{sub: s, typ: t}
			if slices.Contains(strings.Fields(kinds), t.Kind) && satisfies(p, conditions) {
				all = append(all, p)
			}
		}
	}
	return pick(m.Random, all), len(all) > 0
}

// field picks a field, input field or enum value likewise.
func (m *Mutation) field(kinds string, conditions ...func(place) bool) (place, bool) {
	var all []place
	for _, s := range m.Subgraphs {
		for _, t := range s.Types {
			for _, f := range t.Fields {
				p := place{s, t, f}
				if slices.Contains(strings.Fields(kinds), t.Kind) && satisfies(p, conditions) {
					all = append(all, p)
				}
			}
		}
	}
	return pick(m.Random, all), len(all) > 0
}

// argument picks an argument of a field of a type; its place has the field's type.
func (m *Mutation) argument(conditions ...func(place) bool) (place, *Field, bool) {
	p, ok := m.field("type interface", append(conditions, func(p place) bool { return len(p.fld.Args) > 0 })...)
	if !ok {
		return p, nil, false
	}
	return p, pick(m.Random, p.fld.Args), true
}

func satisfies(p place, conditions []func(place) bool) bool {
	for _, c := range conditions {
		if !c(p) {
			return false
		}
	}
	return true
}

// with: the type, or the field when there is one, has the directive.
func with(directive string) func(place) bool {
	return func(p place) bool {
		if p.fld != nil {
			return p.fld.Has(directive)
		}
		return p.typ.Has(directive)
	}
}

func not(condition func(place) bool) func(place) bool {
	return func(p place) bool { return !condition(p) }
}

// knows: the subgraph's version has the directive.
func knows(directive string) func(place) bool {
	return func(p place) bool { return p.sub.Has(directive) }
}

func isRoot(p place) bool {
	return slices.Contains([]string{"Query", "Mutation", "Subscription"}, p.typ.Name)
}

func isKeyed(p place) bool { return p.typ.Has("key") }

// elsewhere are other subgraphs' declarations of the same type; none of no place.
func (m *Mutation) elsewhere(p place) []place {
	var out []place
	for _, s := range m.Subgraphs {
		if p.typ == nil {
			break
		}
		if t := s.Type(p.typ.Name); s != p.sub && t != nil {
			out = append(out, place{sub: s, typ: t, fld: t.Field(fieldName(p))})
		}
	}
	return out
}

func fieldName(p place) string {
	if p.fld == nil {
		return ""
	}
	return p.fld.Name
}

// shared: another subgraph declares the type, and the field when there is one.
func (m *Mutation) shared(p place) bool {
	return slices.ContainsFunc(m.elsewhere(p), func(o place) bool { return p.fld == nil || o.fld != nil })
}

// toggleNull adds or removes the outer "!".
func toggleNull(typ string) string {
	if t, ok := strings.CutSuffix(typ, "!"); ok {
		return t
	}
	return typ + "!"
}

func argsOf(list []Directive, name string) string {
	for _, d := range list {
		if d.Name == name {
			return d.Args
		}
	}
	return ""
}

// set changes the arguments of the first application of a directive.
func set(list []Directive, name, args string) bool {
	for i, d := range list {
		if d.Name == name {
			list[i].Args = args
			return true
		}
	}
	return false
}

// add makes an operator that applies a directive to a random field, whether the rules allow it or not.
func add(kinds, directive string, args ...string) Operator {
	return Operator{fmt.Sprintf("add @%s to %s", directive, kinds), func(m *Mutation) bool {
		p, ok := m.field(kinds, knows(directive), not(with(directive)))
		if ok {
			p.fld.Add(directive, pick(m.Random, args))
		}
		return ok
	}}
}

// addType makes an operator that applies a directive to a random type.
func addType(kinds, directive string, args ...string) Operator {
	return Operator{fmt.Sprintf("add @%s to the %s", directive, kinds), func(m *Mutation) bool {
		p, ok := m.typ(kinds, knows(directive), not(with(directive)))
		if ok {
			p.typ.Add(directive, pick(m.Random, args))
		}
		return ok
	}}
}

// drop makes an operator that removes a directive from a random field.
func drop(directive string) Operator {
	return Operator{"drop @" + directive, func(m *Mutation) bool {
		p, ok := m.field("type interface", with(directive))
		if ok {
			p.fld.Directives = without(p.fld.Directives, directive)
		}
		return ok
	}}
}

// dropType makes an operator that removes a directive from a random type.
func dropType(directive string) Operator {
	return Operator{"drop @" + directive + " of a type", func(m *Mutation) bool {
		p, ok := m.typ("type interface", with(directive))
		if ok {
			p.typ.Directives = without(p.typ.Directives, directive)
		}
		return ok
	}}
}
