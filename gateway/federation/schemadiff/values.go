package schemadiff

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// canonical prints a default value so that values which mean the same in the type are the same text: a single value for
// a list is a list of one, 1 and 1.0 are one number, the fields of an object have an order and those not given their
// defaults.
func canonical(s *ast.Schema, t *ast.Type, v *ast.Value) string {
	if v.Kind == ast.NullValue {
		return "null"
	}
	if t.Elem != nil {
		if v.Kind != ast.ListValue {
			return "[" + canonical(s, t.Elem, v) + "]"
		}
		var items []string
		for _, c := range v.Children {
			items = append(items, canonical(s, t.Elem, c.Value))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	def := s.Types[t.NamedType]
	switch {
	case def != nil && def.Kind == ast.InputObject && v.Kind == ast.ObjectValue:
		return object(s, def, v)
	case t.NamedType == "Float":
		if f, err := strconv.ParseFloat(v.Raw, 64); err == nil {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case t.NamedType == "ID":
		return strconv.Quote(v.Raw)
	}
	return literal(v)
}

func object(s *ast.Schema, def *ast.Definition, v *ast.Value) string {
	var fields []string
	for _, f := range def.Fields {
		value := v.Children.ForName(f.Name)
		if value == nil {
			value = f.DefaultValue
		}
		if value != nil {
			fields = append(fields, f.Name+":"+canonical(s, f.Type, value))
		}
	}
	slices.Sort(fields)
	return "{" + strings.Join(fields, ",") + "}"
}

// literal prints a value of a custom scalar, of an enum, or of a scalar whose text is its meaning.
func literal(v *ast.Value) string {
	switch v.Kind {
	case ast.StringValue, ast.BlockValue:
		return strconv.Quote(v.Raw)
	case ast.ListValue:
		var items []string
		for _, c := range v.Children {
			items = append(items, literal(c.Value))
		}
		return "[" + strings.Join(items, ",") + "]"
	case ast.ObjectValue:
		var fields []string
		for _, c := range v.Children {
			fields = append(fields, c.Name+":"+literal(c.Value))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, ",") + "}"
	}
	return v.Raw
}
