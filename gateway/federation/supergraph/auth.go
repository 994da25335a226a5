package supergraph

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

// TypeAuth returns what reading any value of the named type requires: an object, interface, scalar or enum. That of an
// interface includes what its implementations require.
func (s *Supergraph) TypeAuth(typeName string) auth.Requirement { return s.auth[typeName] }

// FieldAuth returns what the field itself requires, without what its own type or its parent type requires. For a
// field of an interface it includes what the field requires in any implementation.
func (s *Supergraph) FieldAuth(typeName, field string) auth.Requirement {
	return s.auth[typeName+"."+field]
}

// Type implements auth.Schema.
func (s *Supergraph) Type(name string) *ast.Definition { return s.Schema.Types[name] }

// Demand implements auth.Schema.
func (s *Supergraph) Demand(coordinate string) auth.Requirement { return s.auth[coordinate] }

// auth reads the requirements of types and fields. Whether the composer was one that propagates and checks them cannot
// be seen, so both is done again: interfaces require what their implementations do, and a field that reads others for
// its resolver requires what they do, or the supergraph is refused.
func (r *reader) auth(doc *ast.SchemaDocument) error {
	if !r.names.auth.Any() {
		return nil
	}
	for _, def := range doc.Definitions {
		if err := r.demand(def.Name, def.Directives); err != nil {
			return err
		}
		for _, f := range def.Fields {
			if err := r.demand(def.Name+"."+f.Name, f.Directives); err != nil {
				return err
			}
		}
	}
	if err := r.propagate(); err != nil {
		return err
	}
	return r.checkReads()
}

func (r *reader) demand(coordinate string, list ast.DirectiveList) error {
	req, ok := r.names.auth.Read(list)
	if !ok {
		return tooMany(coordinate)
	}
	return r.add(coordinate, req)
}

// add makes the element require more.
func (r *reader) add(coordinate string, more auth.Requirement) error {
	sum, ok := r.sg.auth[coordinate].And(more)
	if !ok {
		return tooMany(coordinate)
	}
	if !sum.None() {
		r.sg.auth[coordinate] = sum
	}
	return nil
}

func tooMany(coordinate string) error {
	return fmt.Errorf("the authorisation of %s has more than %d alternatives: demand less and compose the supergraph again", coordinate, auth.MaxAlternatives)
}

// propagate gives what fields of interface objects require to the implementations that have the field from them, then
// what implementations require to their interfaces, so that nothing can be read through an interface with less.
func (r *reader) propagate() error {
	var interfaces []*ast.Definition
	for _, name := range sortedKeys(r.sg.Schema.Types) {
		if def := r.sg.Schema.Types[name]; def.Kind == ast.Interface {
			interfaces = append(interfaces, def)
		}
	}
	for _, def := range interfaces {
		for _, f := range def.Fields {
			if r.resolvedBy(r.sg.possible[def.Name], f.Name) { // then what it requires may come from there
				continue
			}
			for _, name := range r.sg.possible[def.Name] {
				if err := r.add(name+"."+f.Name, r.sg.FieldAuth(def.Name, f.Name)); err != nil {
					return err
				}
			}
		}
	}
	for _, def := range interfaces {
		for _, name := range r.sg.possible[def.Name] {
			if err := r.add(def.Name, r.sg.TypeAuth(name)); err != nil {
				return err
			}
			for _, f := range def.Fields {
				if err := r.add(def.Name+"."+f.Name, r.sg.FieldAuth(name, f.Name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// resolvedBy reports whether some subgraph declares the field on one of the types itself.
func (r *reader) resolvedBy(types []string, field string) bool {
	return slices.ContainsFunc(r.sg.Subgraphs, func(sub *Subgraph) bool {
		return slices.ContainsFunc(types, func(name string) bool {
			t := sub.Types[name]
			return t != nil && t.Field(field) != nil
		})
	})
}

// checkReads refuses fields that require less than what they read through @requires or from a context.
func (r *reader) checkReads() error {
	var errs []error
	for _, sub := range r.sg.Subgraphs {
		for _, name := range sortedKeys(sub.Types) {
			for _, f := range sub.Types[name].Fields {
				if f.Requires == "" && len(f.Contexts) == 0 {
					continue
				}
				own, ok := r.sg.FieldAuth(name, f.Name).And(r.sg.TypeAuth(name))
				if !ok {
					return tooMany(name + "." + f.Name)
				}
				if what, how := r.uncovered(own, name, f); what != "" {
					errs = append(errs, fmt.Errorf("%s: [%s] field %q reads %q through %s but does not demand its authorisation: apply that to it too and compose the supergraph again",
						spec.CodeMissingTransitiveAuth, sub.Name, name+"."+f.Name, what, how))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// uncovered says what the field reads that requires more than own, and how.
func (r *reader) uncovered(own auth.Requirement, typeName string, f *Field) (what, how string) {
	if f.Requires != "" {
		if set, err := fieldset.Parse(f.Requires); err == nil {
			if what = own.Uncovered(r.sg, set, r.sg.Type(typeName)); what != "" {
				return what, "@requires"
			}
		}
	}
	for _, c := range f.Contexts {
		set, err := fieldset.Parse(c.Selection)
		if err != nil {
			continue
		}
		for _, setter := range r.sg.setters[c.Context] {
			if !own.Implies(r.sg.TypeAuth(setter)) {
				return setter, "@fromContext"
			}
			if what = own.Uncovered(r.sg, set, r.sg.Type(setter)); what != "" {
				return what, "@fromContext"
			}
		}
	}
	return "", ""
}
