package supergraph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// ParseFieldSet parses the text of a key, a requirement or a provision, with or without outer braces.
func ParseFieldSet(text string) (ast.SelectionSet, error) {
	input := strings.TrimSpace(text)
	if !strings.HasPrefix(input, "{") {
		input = "{" + input + "}"
	}
	doc, err := parser.ParseQuery(&ast.Source{Name: "field set", Input: input})
	if err != nil {
		return nil, fmt.Errorf("field set %q: %w", text, err)
	}
	if len(doc.Operations) != 1 || len(doc.Fragments) != 0 {
		return nil, fmt.Errorf("field set %q is not one selection set", text)
	}
	return doc.Operations[0].SelectionSet, nil
}

func parseType(text string) (*ast.Type, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "type", Input: "type T{f:" + text + "}"})
	if err != nil || len(doc.Definitions) != 1 || len(doc.Definitions[0].Fields) != 1 {
		return nil, fmt.Errorf("%q is not a type", text)
	}
	return doc.Definitions[0].Fields[0].Type, nil
}

// argument returns the raw text of a directive's argument, "" when it is absent or null.
func argument(d *ast.Directive, name string) string {
	a := d.Arguments.ForName(name)
	if a == nil || a.Value == nil || a.Value.Kind == ast.NullValue {
		return ""
	}
	return a.Value.Raw
}

func raw(v *ast.Value, name string) string {
	for _, c := range v.Children {
		if c.Name == name && c.Value != nil {
			return c.Value.Raw
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
