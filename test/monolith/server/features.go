package server

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
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
