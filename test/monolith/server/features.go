package server

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// features names what of federation a field's declaration uses; a session notes it when the field is resolved.
func (d *field) note(f *ast.FieldDefinition) {
	add := func(names ...string) { d.features = append(d.features, names...) }
	for _, directive := range f.Directives {
		add("@" + directive.Name)
	}
	if d.requires != nil {
		add(setFeatures("@requires", d.requires)...)
	}
	if d.provides != nil {
		add(setFeatures("@provides", d.provides)...)
	}
	if d.from != nil && d.from.label != "" {
		add("@override with label")
	}
	var contexts []string
	for _, a := range f.Arguments {
		if c := a.Directives.ForName("fromContext"); c != nil {
			name, selection, _ := strings.Cut(c.Arguments.ForName("field").Value.Raw, " ")
			if selection = strings.TrimSpace(selection); selection[0] != '{' {
				selection = "{" + selection + "}"
			}
			if doc, err := parser.ParseQuery(&ast.Source{Input: selection}); err == nil {
				add(setFeatures("@fromContext", doc.Operations[0].SelectionSet)...)
			}
			contexts = append(contexts, name)
			if a.Type.Elem != nil {
				add("@fromContext of a list")
			}
			add("@fromContext")
		}
	}
	if slices.Sort(contexts); len(contexts) > 1 {
		add("@fromContext twice")
	}
	if len(slices.Compact(contexts)) > 1 {
		add("@fromContext of two contexts")
	}
	for t := f.Type; t != nil; t = t.Elem {
		if t.Elem != nil && t.Elem.Elem != nil {
			add("list of lists")
		}
	}
}

// setFeatures says what a field set is made of.
func setFeatures(directive string, set ast.SelectionSet) []string {
	var out []string
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if len(s.Arguments) > 0 {
					out = append(out, directive+" with arguments")
				}
				if len(s.SelectionSet) > 0 {
					out = append(out, directive+" nested")
				}
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				out = append(out, directive+" through fragments")
				walk(s.SelectionSet)
			}
		}
	}
	walk(set)
	if len(set) > 1 {
		out = append(out, directive+" of several fields")
	}
	return out
}

// keyFeature names the form of a key.
func keyFeature(set ast.SelectionSet) string {
	var forms []string
	if len(set) > 1 {
		forms = append(forms, "composite")
	}
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok && len(f.SelectionSet) > 0 {
			forms = append(forms, "nested")
			break
		}
	}
	if len(forms) == 0 {
		return "@key simple"
	}
	return "@key " + strings.Join(forms, " ")
}

func (s *Session) touch(features ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.touched == nil {
		s.touched = map[string]bool{}
	}
	for _, f := range features {
		s.touched[f] = true
	}
}

// Touched names what of federation the operation has used.
func (s *Session) Touched() map[string]bool { return s.touched }
