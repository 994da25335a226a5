package exec

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	queryparser "github.com/vektah/gqlparser/v2/parser"
)

// pruned is the document less the fields, and with what the objects around them are named by. ok is false when there are no
// fields that something is left to ask for without.
func pruned(document string, list []lost) (text string, ok bool) {
	doc, err := queryparser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		return "", false // the planner wrote it, so this cannot be
	}
	op := doc.Operations[0]
	broken := slices.ContainsFunc(list, func(l lost) bool { return l.spare })
	for _, l := range list {
		set, done, left := without(op.SelectionSet, l.names)
		if done && (left || l.top == nil || l.top.Type == "" && !l.top.Opaque) { // an entity also tells its type
			op.SelectionSet, ok = set, true
			if !broken {
				addSpare(set, l)
			}
		}
	}
	return printed(doc), ok
}

// addSpare asks for what the entity around a lost field is named by, unless its place is not the only one of its name.
func addSpare(set ast.SelectionSet, l lost) {
	if l.entity == nil || l.entity.Spare == nil {
		return
	}
	fields := at(set, l.names[:l.depth])
	if len(fields) != 1 {
		return
	}
	for _, f := range l.entity.Spare {
		if len(at(fields[0].SelectionSet, []string{f.Name})) > 0 {
			continue // for another lost field
		}
		field := &ast.Field{Alias: f.Name, Name: f.Field}
		fields[0].SelectionSet = append(fields[0].SelectionSet, &ast.InlineFragment{TypeCondition: f.Types[0], SelectionSet: ast.SelectionSet{field}})
	}
}

// at lists the fields at the end of a path.
func at(set ast.SelectionSet, path []string) (out []*ast.Field) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			switch {
			case s.Alias != path[0]:
			case len(path) == 1:
				out = append(out, s)
			default:
				out = append(out, at(s.SelectionSet, path[1:])...)
			}
		case *ast.InlineFragment:
			out = append(out, at(s.SelectionSet, path)...)
		}
	}
	return out
}

// without takes the field at a path out of a selection set. left says that something else is asked of the same object.
func without(set ast.SelectionSet, path []string) (out ast.SelectionSet, done, left bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Alias != path[0] {
				left = left || len(path) == 1 && s.Name != "__typename"
				break
			}
			done = true
			if len(path) == 1 {
				continue
			}
			field := *s
			field.SelectionSet, _, left = without(s.SelectionSet, path[1:])
			out = append(out, &field)
			continue
		case *ast.InlineFragment:
			fragment := *s
			var here, more bool
			fragment.SelectionSet, here, more = without(s.SelectionSet, path)
			done, left = done || here, left || more
			out = append(out, &fragment)
			continue
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = append(out, &ast.Field{Name: "__typename", Alias: "__typename"})
	}
	return out, done, left
}

// below joins the selection sets at the end of a path.
func below(set ast.SelectionSet, path []string) (out ast.SelectionSet) {
	if len(path) == 0 {
		return set
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Alias == path[0] {
				out = append(out, below(s.SelectionSet, path[1:])...)
			}
		case *ast.InlineFragment:
			out = append(out, below(s.SelectionSet, path)...)
		}
	}
	return out
}

// only is what a selection set selects on the way to a path's end, with `__typename` wherever it is selected.
func only(set ast.SelectionSet, path []string) (out ast.SelectionSet, found bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			field := *s
			switch {
			case s.Name == "__typename" && s.Alias == s.Name:
			case s.Alias != path[0]:
				continue
			case len(path) > 1:
				below, ok := only(s.SelectionSet, path[1:])
				if !ok {
					continue
				}
				field.SelectionSet, found = below, true
			default:
				found = true
			}
			out = append(out, &field)
		case *ast.InlineFragment:
			if below, ok := only(s.SelectionSet, path); ok {
				fragment := *s
				fragment.SelectionSet, found = below, true
				out = append(out, &fragment)
			}
		}
	}
	return out, found
}

// printed writes a document without the variables that it does not use.
func printed(doc *ast.QueryDocument) string {
	op := doc.Operations[0]
	used := map[string]bool{}
	variables(op.SelectionSet, used)
	op.VariableDefinitions = slices.DeleteFunc(op.VariableDefinitions, func(v *ast.VariableDefinition) bool { return !used[v.Variable] })
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("")).FormatQueryDocument(doc)
	return text.String()
}
