package cost

import (
	"bytes"
	"encoding/json"
	"math"

	"medicore.dev/medicore/gateway/federation/operation"
)

// Actual says what the operation cost that returned data, the JSON of the response's `data`. What is null weighs nothing;
// the arguments of its field do.
func (e Estimator) Actual(op *operation.Operation, variables map[string]any, data []byte) int64 {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return 0
	}
	w := &walk{e: e, variables: variables}
	root, _ := v.(map[string]any)
	return clamp(base(op.Kind) + w.object(op.Root, root))
}

// object adds up the members of an object. Where several fields share a response name, the runtime type decides which was
// meant; without knowing it, it is the one that costs most.
func (w *walk) object(s *operation.Selection, o map[string]any) float64 {
	byName := map[string]float64{}
	for _, it := range s.Items {
		v, ok := o[it.Name]
		if free(it) || !ok {
			continue
		}
		sum := math.Max(w.returned(it, v)+w.arguments(it), 0)
		if have, ok := byName[it.Name]; ok {
			sum = math.Max(have, sum)
		}
		byName[it.Name] = sum
	}
	total := 0.0
	for _, c := range byName {
		total += c
	}
	return total
}

func (w *walk) returned(it *operation.Item, v any) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		total := 0.0
		for _, item := range v {
			total += w.returned(it, item)
		}
		return total
	case map[string]any:
		total := w.e.weight(it)
		if it.Selection != nil {
			total += w.object(it.Selection, v)
		}
		return total
	}
	return w.e.weight(it)
}
