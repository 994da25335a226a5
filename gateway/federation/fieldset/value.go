package fieldset

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// SameValue reports whether two literals mean the same: object keys in any order, 1 the same as 1.0. nil is an absent
// value and equals only itself.
func SameValue(a, b *ast.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	ka, kb := literalKind(a), literalKind(b)
	if ka != kb || len(a.Children) != len(b.Children) {
		return false
	}
	switch ka {
	case ast.FloatValue:
		x, errX := strconv.ParseFloat(a.Raw, 64)
		y, errY := strconv.ParseFloat(b.Raw, 64)
		return a.Raw == b.Raw || errX == nil && errY == nil && x == y
	case ast.ListValue:
		for i := range a.Children {
			if !SameValue(a.Children[i].Value, b.Children[i].Value) {
				return false
			}
		}
		return true
	case ast.ObjectValue:
		for _, c := range a.Children {
			other := b.Children.ForName(c.Name)
			if other == nil || !SameValue(c.Value, other) {
				return false
			}
		}
		return true
	default:
		return a.Raw == b.Raw
	}
}

func literalKind(v *ast.Value) ast.ValueKind {
	switch v.Kind {
	case ast.IntValue:
		return ast.FloatValue
	case ast.BlockValue:
		return ast.StringValue
	default:
		return v.Kind
	}
}

// ValueFits reports whether a literal is a value of the input type. Custom scalars take anything. Input fields that are
// required but missing are let pass: whether a field is required may differ between subgraphs.
func ValueFits(v *ast.Value, t *ast.Type, types Lookup) bool {
	if v.Kind == ast.Variable {
		return false
	}
	if v.Kind == ast.NullValue {
		return !t.NonNull
	}
	if t.Elem != nil {
		if v.Kind != ast.ListValue {
			return ValueFits(v, t.Elem, types)
		}
		for _, c := range v.Children {
			if !ValueFits(c.Value, t.Elem, types) {
				return false
			}
		}
		return true
	}
	switch t.NamedType {
	case "Int":
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		return v.Kind == ast.IntValue && err == nil && n >= math.MinInt32 && n <= math.MaxInt32
	case "Float":
		return v.Kind == ast.IntValue || v.Kind == ast.FloatValue
	case "String":
		return v.Kind == ast.StringValue || v.Kind == ast.BlockValue
	case "ID":
		return v.Kind == ast.StringValue || v.Kind == ast.BlockValue || v.Kind == ast.IntValue
	case "Boolean":
		return v.Kind == ast.BooleanValue
	}
	def := types(t.NamedType)
	if def == nil {
		return true
	}
	switch def.Kind {
	case ast.Enum:
		return v.Kind == ast.EnumValue && def.EnumValues.ForName(v.Raw) != nil
	case ast.InputObject:
		return inputFits(v, def, types)
	default:
		return true
	}
}

func inputFits(v *ast.Value, def *ast.Definition, types Lookup) bool {
	if v.Kind != ast.ObjectValue {
		return false
	}
	for _, c := range v.Children {
		f := def.Fields.ForName(c.Name)
		if f == nil || !ValueFits(c.Value, f.Type, types) {
			return false
		}
	}
	return true
}
