package plan_test

import (
	"testing"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/internal/golden"
)

// Each case prints every stage of one operation, over composed subgraphs or a supergraph as it is.
func TestTrace(t *testing.T) {
	golden.Run(t, "testdata/trace/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		stages := func() map[string]string {
			sdl := c.Input("supergraph.graphql")
			sg := composed(t, c.Inputs(".graphqls"))
			if sdl != "" {
				sg = read(t, sdl)
			}
			op := prepare(t, sg, c.Input("operation.graphql"), nil)
			trace, err := plan.NewPlanner(sg).Trace(t.Context(), op)
			out := map[string]string{
				"operation": operation.Print(op) + "\n",
				"reach":     trace.PrintReach(),
				"choose":    trace.PrintChoose(),
				"groups":    trace.PrintGroups(),
			}
			if err != nil {
				out["plan"] = "error: " + err.Error() + "\n"
			} else {
				out["plan"] = plan.Print(trace.Plan)
			}
			return out
		}
		first := stages()
		for range 5 {
			for name, text := range stages() {
				if text != first[name] {
					t.Errorf("stage %s printed again differs:\n%s\n%s", name, first[name], text)
				}
			}
		}
		return first
	})
}
