package fieldset

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// SameValue reports whether two literals mean the same: object keys in any order, 1 the same as 1.0, a name the same as
// a string, as one may stand for the other. nil is an absent value and equals only itself.
func SameValue(a, b *ast.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	ka, kb := literalKind(a), literalKind(b)
	if ka == ast.EnumValue {
		ka = ast.StringValue
	}
	if kb == ast.EnumValue {
		kb = ast.StringValue
	}
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
	return fits(v, t, types, strictLeaf)
}

// DefaultFits is ValueFits for values that stand in a schema. There composers also take 1.0 for an Int, a name for a
// String and a string for an enum value; Conform writes them properly.
func DefaultFits(v *ast.Value, t *ast.Type, types Lookup) bool {
	return fits(v, t, types, looseLeaf)
}

// leafCheck reports whether a literal, which is neither null nor a variable, is a value of a built-in scalar or an enum.
type leafCheck func(v *ast.Value, scalar string, enum *ast.Definition) bool

func fits(v *ast.Value, t *ast.Type, types Lookup, leaf leafCheck) bool {
	if v.Kind == ast.Variable {
		return false
	}
	if v.Kind == ast.NullValue {
		return !t.NonNull
	}
	if t.Elem != nil {
		if v.Kind != ast.ListValue {
			return fits(v, t.Elem, types, leaf)
		}
		for _, c := range v.Children {
			if !fits(c.Value, t.Elem, types, leaf) {
				return false
			}
		}
		return true
	}
	switch t.NamedType {
	case "Int", "Float", "String", "ID", "Boolean":
		return leaf(v, t.NamedType, nil)
	}
	def := types(t.NamedType)
	if def == nil {
		return true
	}
	switch def.Kind {
	case ast.Enum:
		return leaf(v, "", def)
	case ast.InputObject:
		if v.Kind != ast.ObjectValue {
			return false
		}
		for _, c := range v.Children {
			f := def.Fields.ForName(c.Name)
			if f == nil || !fits(c.Value, f.Type, types, leaf) {
				return false
			}
		}
	}
	return true
}

func strictLeaf(v *ast.Value, scalar string, enum *ast.Definition) bool {
	switch scalar {
	case "Int":
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		return v.Kind == ast.IntValue && err == nil && n >= math.MinInt32 && n <= math.MaxInt32
	case "Float":
		return v.Kind == ast.IntValue || v.Kind == ast.FloatValue
	case "String":
		return literalKind(v) == ast.StringValue
	case "ID":
		return literalKind(v) == ast.StringValue || v.Kind == ast.IntValue
	case "Boolean":
		return v.Kind == ast.BooleanValue
	default:
		return v.Kind == ast.EnumValue && enum.EnumValues.ForName(v.Raw) != nil
	}
}

func looseLeaf(v *ast.Value, scalar string, enum *ast.Definition) bool {
	kind := literalKind(v)
	switch scalar {
	case "Int":
		return kind == ast.FloatValue && isWhole(v)
	case "Float":
		return kind == ast.FloatValue
	case "String":
		return kind == ast.StringValue || kind == ast.EnumValue
	case "ID":
		return kind == ast.StringValue || kind == ast.EnumValue || kind == ast.FloatValue && isWhole(v)
	case "Boolean":
		return kind == ast.BooleanValue
	default:
		return (kind == ast.EnumValue || kind == ast.StringValue) && enum.EnumValues.ForName(v.Raw) != nil
	}
}

// isWhole reports whether a number has no fraction, and few enough digits to be written without an exponent.
func isWhole(v *ast.Value) bool {
	n, err := strconv.ParseFloat(v.Raw, 64)
	return err == nil && n == math.Trunc(n) && math.Abs(n) < 1e21
}

// Conform rewrites a literal that DefaultFits as one that ValueFits.
func Conform(v *ast.Value, t *ast.Type, types Lookup) *ast.Value {
	if v == nil || v.Kind == ast.NullValue {
		return v
	}
	c := *v
	switch {
	case t.Elem != nil && v.Kind != ast.ListValue:
		return Conform(v, t.Elem, types)
	case v.Kind == ast.ListValue && t.Elem != nil:
		c.Children = nil
		for _, child := range v.Children {
			c.Children = append(c.Children, &ast.ChildValue{Value: Conform(child.Value, t.Elem, types)})
		}
		return &c
	}
	def := types(t.NamedType)
	switch kind := literalKind(v); {
	case (t.NamedType == "Int" || t.NamedType == "ID") && v.Kind == ast.FloatValue && isWhole(v):
		n, _ := strconv.ParseFloat(v.Raw, 64)
		c.Kind, c.Raw = ast.IntValue, strconv.FormatFloat(n, 'f', -1, 64)
	case (t.NamedType == "String" || t.NamedType == "ID") && kind == ast.EnumValue:
		c.Kind = ast.StringValue
	case def != nil && def.Kind == ast.Enum && kind == ast.StringValue:
		c.Kind = ast.EnumValue
	case def != nil && def.Kind == ast.InputObject && kind == ast.ObjectValue:
		c.Children = nil
		for _, child := range v.Children {
			value := child.Value
			if f := def.Fields.ForName(child.Name); f != nil {
				value = Conform(value, f.Type, types)
			}
			c.Children = append(c.Children, &ast.ChildValue{Name: child.Name, Value: value})
		}
	}
	return &c
}
