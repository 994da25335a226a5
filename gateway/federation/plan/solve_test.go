package plan

import (
	"context"
	"errors"
	"testing"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/querygraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

func TestWorkBeyondTheBudgetIsAnError(t *testing.T) {
	sg, err := supergraph.Read(`schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
		enum join__Graph { A @join__graph(name: "a", url: "") }
		type Query @join__type(graph: A) { a: Int }`)
	if err != nil {
		t.Fatal(err)
	}
	g, err := querygraph.Build(sg, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newSolver(context.Background(), g)
	s.spend(unitsMax)
	if s.err != nil {
		t.Fatalf("the budget itself is too much: %v", s.err)
	}
	sol := s.solve(&operation.Selection{Type: "Query"}, "Query", nil)
	if err := s.failed(sol); !errors.Is(err, ErrTooComplex) {
		t.Errorf("got %v, want ErrTooComplex", err)
	}
}
