package fieldset

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// A Set is a parsed field set.
type Set []*Selection

// Selection is a field, or an inline fragment when Field is "".
type Selection struct {
	Field      string
	Alias      string // "" when the field has none
	Arguments  ast.ArgumentList
	On         string // type condition of an inline fragment; "" when it has none
	Directives ast.DirectiveList
	Sub        Set
}

// maxTokens bounds the text of one field set.
const maxTokens = 10_000

// Parse reads a field set; braces around the whole are allowed.
func Parse(text string) (Set, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("parse field set %q: it is not UTF-8", text)
	}
	source := strings.TrimSpace(text)
	if !strings.HasPrefix(source, "{") {
		source = "{" + source + "\n}"
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: "field set", Input: source}, maxTokens)
	if err != nil {
		return nil, fmt.Errorf("parse field set %q: %w", text, err)
	}
	if len(doc.Operations) != 1 || len(doc.Fragments) != 0 || len(doc.Operations[0].SelectionSet) == 0 {
		return nil, fmt.Errorf("parse field set %q: it must be one selection of fields", text)
	}
	return convert(doc.Operations[0].SelectionSet, text)
}

func convert(list ast.SelectionSet, text string) (Set, error) {
	set := make(Set, 0, len(list))
	for _, s := range list {
		var out *Selection
		var sub ast.SelectionSet
		switch s := s.(type) {
		case *ast.Field:
			out = &Selection{Field: s.Name, Arguments: s.Arguments, Directives: s.Directives}
			if s.Alias != s.Name {
				out.Alias = s.Alias
			}
			sub = s.SelectionSet
		case *ast.InlineFragment:
			out = &Selection{On: s.TypeCondition, Directives: s.Directives}
			sub = s.SelectionSet
		default:
			return nil, fmt.Errorf("parse field set %q: a fragment cannot be spread by name", text)
		}
		if len(sub) > 0 {
			var err error
			if out.Sub, err = convert(sub, text); err != nil {
				return nil, err
			}
		}
		set = append(set, out)
	}
	return set, nil
}

// String prints the set without outer braces, e.g. "id org { id }".
func (s Set) String() string {
	var b strings.Builder
	s.write(&b)
	return b.String()
}

func (s Set) write(b *strings.Builder) {
	for i, sel := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		if sel.Alias != "" {
			b.WriteString(sel.Alias + ": ")
		}
		if sel.Field != "" {
			b.WriteString(sel.Field)
			writeArguments(b, sel.Arguments)
		} else {
			b.WriteString("...")
			if sel.On != "" {
				b.WriteString(" on " + sel.On)
			}
		}
		for _, d := range sel.Directives {
			b.WriteString(" @" + d.Name)
			writeArguments(b, d.Arguments)
		}
		if len(sel.Sub) > 0 {
			b.WriteString(" { ")
			sel.Sub.write(b)
			b.WriteString(" }")
		}
	}
}

func writeArguments(b *strings.Builder, list ast.ArgumentList) {
	for i, a := range list {
		if i == 0 {
			b.WriteByte('(')
		} else {
			b.WriteString(", ")
		}
		b.WriteString(a.Name + ": " + a.Value.String())
	}
	if len(list) > 0 {
		b.WriteByte(')')
	}
}

// Normal prints the set so that two sets that select the same, in whatever order, print alike.
func (s Set) Normal() string {
	merged := map[string]Set{}
	for _, sel := range s {
		head := *sel
		head.Sub = nil
		head.Arguments = slices.Clone(sel.Arguments)
		slices.SortFunc(head.Arguments, func(a, b *ast.Argument) int { return strings.Compare(a.Name, b.Name) })
		key := Set{&head}.String()
		merged[key] = append(merged[key], sel.Sub...)
	}
	parts := make([]string, 0, len(merged))
	for head, sub := range merged {
		if len(sub) > 0 {
			head += " { " + sub.Normal() + " }"
		}
		parts = append(parts, head)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}
