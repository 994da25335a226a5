// Package cost says what an operation costs by @cost and @listSize: Estimate before it runs, from the sizes that lists may
// have, Actual afterwards, from what was returned. The package does no I/O.
//
// Both add up, over all fields, the weight of what the field yields, once for each item of a list, and the weights of the
// arguments that are given. A field's @cost says its weight, else the @cost of its type, else it is 1 for objects,
// interfaces and unions and 0 for scalars and enums. An input object weighs 1 and what its fields do. A mutation costs 10
// more. Introspection is free.
package cost

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Mutation is what a mutation costs beside its fields.
const Mutation = 10

// Most is the highest cost that is told apart: whole numbers up to it are exact in JSON.
const Most = 1 << 53

// An Estimate is what an operation may cost.
type Estimate struct {
	Cost int64
	// Violations name fields whose slicing arguments are not given as requireOneSlicingArgument demands.
	Violations []string
}

// Estimator estimates operations over one supergraph.
type Estimator struct {
	Supergraph *supergraph.Supergraph
	ListSize   int // of lists of which nothing is told
}

// Estimate says what the operation may cost with these coerced values of its variables.
func (e Estimator) Estimate(op *operation.Operation, variables map[string]any) Estimate {
	w := &walk{e: e, variables: variables}
	total := base(op.Kind) + w.selection(op.Root, nil)
	return Estimate{clamp(total), w.violations}
}

func base(kind ast.Operation) float64 {
	if kind == ast.Mutation {
		return Mutation
	}
	return 0
}

func clamp(total float64) int64 { return int64(math.Min(math.Max(total, 0), Most)) }

// walk is one estimate.
type walk struct {
	e          Estimator
	variables  map[string]any
	violations []string
}

// selection adds up the fields. sized are sizes that the field above gives to fields here.
func (w *walk) selection(s *operation.Selection, sized map[string]int) float64 {
	total := 0.0
	for _, it := range s.Items {
		if free(it) {
			continue
		}
		own, below := w.sizes(it)
		each := w.e.weight(it)
		if it.Selection != nil {
			each += w.selection(it.Selection, below)
		}
		count := 1.0
		for t, outer := it.Field.Type, true; t.Elem != nil; t, outer = t.Elem, false {
			size := w.e.ListSize
			if given, ok := sized[it.Field.Name]; ok && outer {
				size = given
			} else if own >= 0 && outer {
				size = own
			}
			count *= float64(size)
		}
		total = math.Min(total+math.Max(count*each+w.arguments(it), 0), Most)
	}
	return total
}

// free reports whether the gateway answers the field by itself.
func free(it *operation.Item) bool { return strings.HasPrefix(it.Field.Name, "__") }

// coordinates lists where directives of the item's field may be: where it is asked for, and in the types it is meant for.
func (e Estimator) coordinates(it *operation.Item) []string {
	types := it.Types
	if types == nil {
		types = e.Supergraph.Possible(it.Parent)
	}
	out := []string{it.Parent + "." + it.Field.Name}
	for _, t := range types {
		if t != it.Parent {
			out = append(out, t+"."+it.Field.Name)
		}
	}
	return out
}

// weight is that of one value of the item.
func (e Estimator) weight(it *operation.Item) float64 {
	most, found := 0, false
	for _, c := range e.coordinates(it) {
		if w, ok := e.Supergraph.Weight(c); ok && (!found || w > most) {
			most, found = w, true
		}
	}
	if found {
		return float64(most)
	}
	return e.typeWeight(it.Field.Type.Name())
}

// typeWeight is that of a value of the type; of an abstract one, the most that a value may weigh.
func (e Estimator) typeWeight(name string) float64 {
	if w, ok := e.Supergraph.Weight(name); ok {
		return float64(w)
	}
	def := e.Supergraph.Type(name)
	switch {
	case def == nil || !def.IsCompositeType():
		return 0
	case def.Kind == ast.Object:
		return 1
	}
	most := math.Inf(-1)
	for _, t := range e.Supergraph.Possible(name) {
		most = math.Max(most, e.typeWeight(t))
	}
	if math.IsInf(most, 0) {
		return 1
	}
	return most
}

// sizes says how large the item's list is by @listSize (-1: it does not say), and lists in what it yields.
func (w *walk) sizes(it *operation.Item) (own int, below map[string]int) {
	own = -1
	for _, c := range w.e.coordinates(it) {
		d := w.e.Supergraph.ListSize(c)
		if d == nil {
			continue
		}
		size := w.size(it, d)
		if size < 0 {
			continue
		}
		own = max(own, size)
		for _, name := range d.Sized {
			if below == nil {
				below = map[string]int{}
			}
			below[name] = max(below[name], size)
		}
	}
	return own, below
}

// size is the largest slicing argument, else the assumed size.
func (w *walk) size(it *operation.Item, d *supergraph.ListSize) int {
	size, given := -1, 0
	var otherwise []int // defaults of arguments that are not given
	for _, name := range d.Slicing {
		if a := it.Arguments.ForName(name); a != nil && present(a.Value, w.variables) {
			if n, ok := integer(a.Value, w.variables); ok {
				given++
				size = max(size, n, 0)
			}
		} else if def := it.Field.Arguments.ForName(name); def != nil && def.DefaultValue != nil {
			if n, ok := integer(def.DefaultValue, nil); ok {
				otherwise = append(otherwise, max(n, 0))
			}
		}
	}
	if given == 0 && len(otherwise) > 0 {
		given, size = len(otherwise), slices.Max(otherwise)
	}
	if d.ExactOne && given != 1 {
		field := it.Parent + "." + it.Field.Name
		text := fmt.Sprintf("%s needs exactly one of the arguments %s, %d are given", field, strings.Join(d.Slicing, ", "), given)
		if !slices.Contains(w.violations, text) {
			w.violations = append(w.violations, text)
		}
	}
	if size < 0 {
		return d.Assumed
	}
	return size
}

// present reports whether the argument is given a value at all.
func present(v *ast.Value, variables map[string]any) bool {
	if v.Kind == ast.Variable {
		_, ok := variables[v.Raw]
		return ok
	}
	return true
}

func integer(v *ast.Value, variables map[string]any) (int, bool) {
	if v.Kind == ast.Variable {
		switch n := variables[v.Raw].(type) {
		case int64:
			return int(n), true
		case int:
			return n, true
		}
		return 0, false
	}
	n, err := strconv.Atoi(v.Raw)
	return n, err == nil && v.Kind == ast.IntValue
}
