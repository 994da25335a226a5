package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// entities resolves representations.
func (w *World) entities(representations any) (any, error) {
	reps, _ := representations.([]any)
	out := make([]object, len(reps))
	for i, r := range reps {
		rep, _ := r.(map[string]any)
		o, err := w.entity(rep)
		if err != nil {
			return nil, err
		}
		out[i] = o
	}
	return out, nil
}

func (w *World) entity(rep map[string]any) (object, error) {
	switch rep["__typename"] {
	case "Person":
		if p := w.person(rep["id"]); p != nil {
			return p, nil
		}
	case "Product":
		if p := w.product(rep["upc"]); p != nil {
			return &represented{product: p, rep: rep}, nil
		}
	}
	return nil, fmt.Errorf("nothing is represented by %v", rep)
}

// represented is a product whose fields with requirements are computed from what its representation brings.
type represented struct {
	*product
	rep map[string]any
}

func (p *represented) field(name string, args map[string]any) (any, error) {
	if name != "shippingCost" {
		return p.product.field(name, args)
	}
	price, err1 := integer(p.rep["price"])
	weight, err2 := integer(p.rep["weight"])
	return shippingCost(price, weight), errors.Join(err1, err2)
}

func integer(v any) (int, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("the representation lacks a required number, it has %v", v)
	}
	return strconv.Atoi(n.String())
}
