package cost

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
)

// arguments adds up what the given arguments of the item weigh.
func (w *walk) arguments(it *operation.Item) float64 {
	total := 0.0
	for _, a := range it.Arguments {
		def := it.Field.Arguments.ForName(a.Name)
		if def == nil || !present(a.Value, w.variables) {
			continue
		}
		value, err := a.Value.Value(w.variables)
		if err != nil {
			continue
		}
		own := math.Inf(-1)
		for _, c := range w.e.coordinates(it) {
			if weight, ok := w.e.Supergraph.Weight(c + "(" + a.Name + ":)"); ok {
				own = math.Max(own, float64(weight))
			}
		}
		total += w.value(def.Type, value, own)
	}
	return total
}

// value is what an input value weighs. own is the @cost of the argument or input field it is given to, -Inf: it has none.
// That of a list counts once, beside what its items weigh by themselves.
func (w *walk) value(t *ast.Type, v any, own float64) float64 {
	none := math.IsInf(own, -1)
	if v == nil {
		return 0
	}
	if t.Elem != nil {
		items, ok := v.([]any)
		if !ok {
			return w.value(t.Elem, v, own)
		}
		total := 0.0
		if !none {
			total = own
		}
		for _, item := range items {
			total += w.value(t.Elem, item, math.Inf(-1))
		}
		return total
	}
	def := w.e.Supergraph.Type(t.NamedType)
	if def == nil || def.Kind != ast.InputObject {
		if none {
			return w.e.typeWeight(t.NamedType)
		}
		return own
	}
	total := own
	if none {
		total = 1
	}
	fields, _ := v.(map[string]any)
	for _, f := range def.Fields {
		value, given := fields[f.Name]
		if !given {
			continue
		}
		weight := math.Inf(-1)
		if n, ok := w.e.Supergraph.Weight(def.Name + "." + f.Name); ok {
			weight = float64(n)
		}
		total += w.value(f.Type, value, weight)
	}
	return total
}
