package plan_test

import (
	"testing"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// check asserts what holds for every plan.
func check(t testing.TB, sg *supergraph.Supergraph, op *operation.Operation, p *plan.Plan) {
	t.Helper()
}
