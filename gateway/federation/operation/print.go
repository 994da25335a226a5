package operation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Value prints an input value as GraphQL text.
func Value(v *ast.Value) string {
	var b strings.Builder
	writeValue(&b, v, false)
	return b.String()
}

// Arguments prints arguments in canonical form: sorted by name, members of input objects too. "" without arguments.
func Arguments(args ast.ArgumentList) string {
	if len(args) == 0 {
		return ""
	}
	sorted := slices.Clone(args)
	slices.SortStableFunc(sorted, func(a, b *ast.Argument) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	for i, a := range sorted {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.Name + ": ")
		writeValue(&b, a.Value, true)
	}
	return b.String()
}

func writeValue(b *strings.Builder, v *ast.Value, sorted bool) {
	switch v.Kind {
	case ast.Variable:
		b.WriteString("$" + v.Raw)
	case ast.StringValue, ast.BlockValue:
		writeString(b, v.Raw)
	case ast.NullValue:
		b.WriteString("null")
	case ast.ListValue:
		b.WriteByte('[')
		for i, c := range v.Children {
			if i > 0 {
				b.WriteString(", ")
			}
			writeValue(b, c.Value, sorted)
		}
		b.WriteByte(']')
	case ast.ObjectValue:
		children := v.Children
		if sorted {
			children = slices.Clone(children)
			slices.SortStableFunc(children, func(a, b *ast.ChildValue) int { return strings.Compare(a.Name, b.Name) })
		}
		b.WriteByte('{')
		for i, c := range children {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(c.Name + ": ")
			writeValue(b, c.Value, sorted)
		}
		b.WriteByte('}')
	default:
		b.WriteString(v.Raw)
	}
}

// writeString writes a GraphQL string, whose escapes are those of JSON.
func writeString(b *strings.Builder, s string) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("a string always encodes: " + err.Error())
	}
	b.Write(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}

// Print prints the operation in its normalised form, for people and for the hash.
func Print(op *Operation) string {
	var b strings.Builder
	b.WriteString(string(op.Kind))
	for i, v := range op.Variables {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		b.WriteString("$" + v.Variable + ": " + v.Type.String())
		if v.DefaultValue != nil {
			b.WriteString(" = ")
			writeValue(&b, v.DefaultValue, true)
		}
	}
	if len(op.Variables) > 0 {
		b.WriteByte(')')
	}
	for _, l := range op.Labels {
		b.WriteString(" +" + l)
	}
	printSelection(&b, op.Root, "")
	return b.String()
}

func printSelection(b *strings.Builder, s *Selection, indent string) {
	b.WriteString(" {\n")
	for _, it := range s.Items {
		b.WriteString(indent + "  ")
		if it.Types != nil {
			b.WriteString("[" + strings.Join(it.Types, " ") + "] ")
		}
		if it.Name != it.Field.Name {
			b.WriteString(it.Name + ": ")
		}
		if it.Types == nil && it.Parent != s.Type {
			b.WriteString(it.Parent + ".")
		}
		b.WriteString(it.Field.Name)
		if it.Args != "" {
			b.WriteString("(" + it.Args + ")")
		}
		for i, d := range it.Defers {
			b.WriteString([]string{" later", ""}[min(i, 1)] + " (")
			printDefer(b, d)
			b.WriteByte(')')
		}
		switch {
		case it.Selection != nil:
			printSelection(b, it.Selection, indent+"  ")
		case introspection(it.Field.Name):
			b.WriteString(" ...\n")
		default:
			b.WriteByte('\n')
		}
	}
	b.WriteString(indent + "}\n")
}

// printDefer prints a deferred fragment's label and those of the fragments around it.
func printDefer(b *strings.Builder, d *Defer) {
	if d.Parent != nil {
		printDefer(b, d.Parent)
		b.WriteString(" > ")
	}
	b.WriteString(Value(&ast.Value{Kind: ast.StringValue, Raw: d.Label}))
}

func hash(op *Operation) string {
	var b strings.Builder
	b.WriteString(Print(op))
	for _, it := range op.Root.Items {
		if introspection(it.Field.Name) {
			printSource(&b, it.Source)
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func printSource(b *strings.Builder, f *ast.Field) {
	b.WriteString(f.Alias + ":" + f.Name + "(" + Arguments(f.Arguments) + ")")
	printSet(b, f.SelectionSet)
}

func printSet(b *strings.Builder, set ast.SelectionSet) {
	b.WriteByte('{')
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			printSource(b, s)
		case *ast.InlineFragment:
			b.WriteString("..." + s.TypeCondition)
			printSet(b, s.SelectionSet)
		}
	}
	b.WriteByte('}')
}
