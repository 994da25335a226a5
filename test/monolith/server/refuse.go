package server

import (
	"fmt"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Refuses says what a subgraph cannot answer of a document, whatever the objects are: fields that other subgraphs
// resolve, and fields that require others, asked of objects that do not come from a representation.
func (s *Servers) Refuses(subgraph, document string) []string {
	service := s.services[subgraph]
	if service == nil {
		return []string{"no subgraph " + subgraph}
	}
	doc, errs := gqlparser.LoadQueryWithRules(service.schema, document, nil)
	if len(errs) > 0 {
		return []string{errs.Error()}
	}
	r := refusal{service: service, doc: doc}
	for _, op := range doc.Operations {
		r.visit(op.SelectionSet, false, false)
	}
	return r.faults
}

type refusal struct {
	service *service
	doc     *ast.QueryDocument
	faults  []string
}

func (r *refusal) visit(set ast.SelectionSet, represented, provided bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.InlineFragment:
			r.visit(s.SelectionSet, represented, provided)
		case *ast.FragmentSpread:
			r.visit(r.doc.Fragments.ForName(s.Name).SelectionSet, represented, provided)
		case *ast.Field:
			r.field(s, represented, provided)
		}
	}
}

func (r *refusal) field(f *ast.Field, represented, provided bool) {
	below := false
	t := r.service.types[f.ObjectDefinition.Name]
	if t != nil && t.fields[f.Name] != nil {
		own := t.fields[f.Name]
		switch {
		case own.requires != nil && !represented:
			r.faults = append(r.faults, fmt.Sprintf("%s: %s.%s requires a representation", r.service.name, f.ObjectDefinition.Name, f.Name))
		case own.external && !provided && (!t.extension || !t.keyMembers[f.Name]):
			r.faults = append(r.faults, fmt.Sprintf("%s: %s.%s is external", r.service.name, f.ObjectDefinition.Name, f.Name))
		}
		below = provided || own.provides != nil
	}
	r.visit(f.SelectionSet, f.Name == "_entities", below)
}
