package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/auth"
)

// A strategy merges the values that one argument has in distinct applications of a directive; there is at least one.
// It returns nil when the result would be too large.
type strategy func(values []*ast.Value) *ast.Value

func maximum(values []*ast.Value) *ast.Value {
	best := values[0]
	for _, v := range values[1:] {
		x, errX := strconv.ParseInt(v.Raw, 10, 64)
		y, errY := strconv.ParseInt(best.Raw, 10, 64)
		if errX == nil && (errY != nil || x > y) {
			best = v
		}
	}
	return best
}

func both(values []*ast.Value) *ast.Value {
	for _, v := range values {
		if v.Raw == "false" {
			return v
		}
	}
	return values[0]
}

func union(values []*ast.Value) *ast.Value {
	out := &ast.Value{Kind: ast.ListValue}
	seen := map[string]bool{}
	for _, v := range values {
		for _, item := range listItems(v) {
			if key := canonical(item); !seen[key] {
				seen[key] = true
				out.Children = append(out.Children, &ast.ChildValue{Value: item})
			}
		}
	}
	return out
}

func conjunction(values []*ast.Value) *ast.Value {
	all := auth.ReadAlternatives(values[0])
	for _, v := range values[1:] {
		var ok bool
		if all, ok = all.And(auth.ReadAlternatives(v)); !ok {
			return nil
		}
	}
	return all.Value()
}

func listItems(v *ast.Value) []*ast.Value {
	if v.Kind != ast.ListValue {
		return []*ast.Value{v}
	}
	items := make([]*ast.Value, len(v.Children))
	for i, c := range v.Children {
		items[i] = c.Value
	}
	return items
}

// canonical prints a value so that values that mean the same print alike.
func canonical(v *ast.Value) string {
	if v == nil {
		return "null"
	}
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		if f, err := strconv.ParseFloat(v.Raw, 64); err == nil && f == float64(int64(f)) && len(v.Raw) < 16 {
			return strconv.FormatInt(int64(f), 10)
		}
		return v.Raw
	case ast.StringValue, ast.BlockValue:
		return strconv.Quote(v.Raw)
	case ast.ListValue, ast.ObjectValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = canonical(c.Value)
			if v.Kind == ast.ObjectValue {
				parts[i] = c.Name + ":" + parts[i]
			}
		}
		if v.Kind == ast.ObjectValue {
			slices.Sort(parts)
			return "{" + strings.Join(parts, ",") + "}"
		}
		return "[" + strings.Join(parts, ",") + "]"
	default:
		return v.Raw
	}
}
