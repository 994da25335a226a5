package world

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// Variables coerces an operation's variables: those that were given or have a default.
func Variables(schema *ast.Schema, defs ast.VariableDefinitionList, given map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range defs {
		if v, ok := given[d.Variable]; ok {
			out[d.Variable] = coerce(schema, d.Type, v)
		} else if d.DefaultValue != nil {
			out[d.Variable], _ = literal(schema, d.Type, d.DefaultValue, nil)
		}
	}
	return out
}

// Arguments coerces the arguments of a field. The operation is valid and the variables are coerced.
func Arguments(schema *ast.Schema, defs ast.ArgumentDefinitionList, given ast.ArgumentList, vars map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range defs {
		if a := given.ForName(d.Name); a != nil {
			if v, ok := literal(schema, d.Type, a.Value, vars); ok {
				out[d.Name] = v
				continue
			}
		}
		if d.DefaultValue != nil {
			out[d.Name], _ = literal(schema, d.Type, d.DefaultValue, nil)
		}
	}
	return out
}

// literal coerces a value as written; false means that it is a variable without a value.
func literal(schema *ast.Schema, t *ast.Type, v *ast.Value, vars map[string]any) (any, bool) {
	switch v.Kind {
	case ast.Variable:
		x, ok := vars[v.Raw]
		return x, ok
	case ast.NullValue:
		return nil, true
	case ast.ListValue:
		if t.Elem != nil {
			out := []any{}
			for _, c := range v.Children {
				x, _ := literal(schema, t.Elem, c.Value, vars)
				out = append(out, x)
			}
			return out, true
		}
	}
	if t.Elem != nil {
		x, ok := literal(schema, t.Elem, v, vars)
		return []any{x}, ok
	}
	def := schema.Types[t.NamedType]
	if def.Kind == ast.InputObject {
		out := map[string]any{}
		for _, f := range def.Fields {
			if c := v.Children.ForName(f.Name); c != nil {
				if x, ok := literal(schema, f.Type, c, vars); ok {
					out[f.Name] = x
					continue
				}
			}
			if f.DefaultValue != nil {
				out[f.Name], _ = literal(schema, f.Type, f.DefaultValue, nil)
			}
		}
		return out, true
	}
	return leaf(t.NamedType, v, vars), true
}

func leaf(typeName string, v *ast.Value, vars map[string]any) any {
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		if typeName == "ID" {
			return v.Raw
		}
		f, err := strconv.ParseFloat(v.Raw, 64)
		if err != nil {
			panic(fmt.Sprintf("number %s", v.Raw))
		}
		return f
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.ListValue:
		out := []any{}
		for _, c := range v.Children {
			out = append(out, leaf(typeName, c.Value, vars))
		}
		return out
	case ast.ObjectValue:
		out := map[string]any{}
		for _, c := range v.Children {
			out[c.Name] = leaf(typeName, c.Value, vars)
		}
		return out
	case ast.NullValue:
		return nil
	case ast.Variable:
		return vars[v.Raw]
	}
	return v.Raw
}

// coerce coerces a value as JSON has it.
func coerce(schema *ast.Schema, t *ast.Type, v any) any {
	if v == nil {
		return nil
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			return []any{coerce(schema, t.Elem, v)}
		}
		out := make([]any, len(list))
		for i := range list {
			out[i] = coerce(schema, t.Elem, list[i])
		}
		return out
	}
	def := schema.Types[t.NamedType]
	if given, ok := v.(map[string]any); ok && def.Kind == ast.InputObject {
		out := map[string]any{}
		for _, f := range def.Fields {
			if x, ok := given[f.Name]; ok {
				out[f.Name] = coerce(schema, f.Type, x)
			} else if f.DefaultValue != nil {
				out[f.Name], _ = literal(schema, f.Type, f.DefaultValue, nil)
			}
		}
		return out
	}
	switch n := v.(type) {
	case int:
		return coerce(schema, t, float64(n))
	case json.Number:
		f, err := n.Float64()
		if err != nil {
			panic(fmt.Sprintf("number %s", n))
		}
		return coerce(schema, t, f)
	case float64:
		if t.NamedType == "ID" {
			return Canonical(n)
		}
	}
	return v
}
