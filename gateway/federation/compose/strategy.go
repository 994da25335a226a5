package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
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
	d := readDNF(values[0])
	for _, v := range values[1:] {
		next := readDNF(v)
		if len(d)*len(next) > maxClauses {
			return nil
		}
		d = d.and(next)
	}
	return d.value()
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

// dnf is a requirement: one of the inner sets must be granted as a whole. An empty dnf, and one with an empty set, is
// always met.
type dnf [][]string

func readDNF(v *ast.Value) dnf {
	var d dnf
	for _, clause := range listItems(v) {
		var set []string
		for _, item := range listItems(clause) {
			set = append(set, item.Raw)
		}
		d = append(d, set)
	}
	return d.simplify()
}

// simplify sorts the sets and drops those that another one covers.
func (d dnf) simplify() dnf {
	if len(d) == 0 {
		return dnf{{}}
	}
	clauses := make(dnf, 0, len(d))
	for _, set := range d {
		set = slices.Clone(set)
		slices.Sort(set)
		clauses = append(clauses, slices.Compact(set))
	}
	slices.SortFunc(clauses, func(a, b []string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare(a, b)
	})
	var out dnf
	for _, set := range clauses {
		if !slices.ContainsFunc(out, func(kept []string) bool { return containsAll(set, kept) }) {
			out = append(out, set)
		}
	}
	return out
}

// maxClauses bounds how many alternatives a requirement may have when two come together.
const maxClauses = 4096

// and returns the requirement that demands both.
func (d dnf) and(e dnf) dnf {
	var out dnf
	for _, x := range d.simplify() {
		for _, y := range e.simplify() {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out.simplify()
}

// implies reports whether whoever meets d meets e.
func (d dnf) implies(e dnf) bool {
	for _, x := range d.simplify() {
		if !slices.ContainsFunc(e.simplify(), func(y []string) bool { return containsAll(x, y) }) {
			return false
		}
	}
	return true
}

func containsAll(set, part []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(set, s) })
}

func (d dnf) value() *ast.Value {
	out := &ast.Value{Kind: ast.ListValue}
	for _, set := range d {
		clause := &ast.Value{Kind: ast.ListValue}
		for _, s := range set {
			clause.Children = append(clause.Children, &ast.ChildValue{Value: &ast.Value{Kind: ast.StringValue, Raw: s}})
		}
		out.Children = append(out.Children, &ast.ChildValue{Value: clause})
	}
	return out
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
