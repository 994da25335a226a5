package plan_test

import (
	"context"
	"sync"
	"testing"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
)

// One planner used by many goroutines, warm or cold, makes the plans that a planner of its own makes.
func TestPlannerIsSharedSafely(t *testing.T) {
	for name, sg := range supergraphs(t) {
		if name != "requires/shop" && name != "interface_object/both_ways" && name != "keys/enriched_list" {
			continue
		}
		texts := map[string][]string{
			"requires/shop":              {"{ top { shippingEstimate tax } }", "{ me { reviews { product { inStock shippingEstimate } } } }", "{ top { reviews { author { name } } } }"},
			"interface_object/both_ways": {"{ os { r ... on A { p } } }", "{ is { o r } }", "{ os { __typename n } }"},
			"keys/enriched_list":         {"{ top { price } }", "{ top { items { cost } sel { pid } } }"},
		}[name]
		shared := plan.NewPlanner(sg)
		var wg sync.WaitGroup
		for range 8 {
			for _, text := range texts {
				op := prepare(t, sg, text, nil)
				wg.Go(func() { planBoth(t, shared, plan.NewPlanner(sg), op) })
			}
		}
		wg.Wait()
	}
}

func planBoth(t *testing.T, shared, own *plan.Planner, op *operation.Operation) {
	a, err := shared.Plan(context.Background(), op)
	if err != nil {
		t.Error(err)
		return
	}
	b, err := own.Plan(context.Background(), op)
	if err != nil {
		t.Error(err)
		return
	}
	if plan.Print(a) != plan.Print(b) {
		t.Errorf("shared:\n%s\nown:\n%s", plan.Print(a), plan.Print(b))
	}
}
