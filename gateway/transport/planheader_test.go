package transport

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/pipeline"
)

// planWanted notes whether the last request asked for its plan and its cost.
type planWanted struct {
	fake
	asked, cost bool
}

// Prepare implements pipeline.Preparer.
func (p *planWanted) Prepare(ctx context.Context, req *pipeline.Request) (pipeline.Operation, *pipeline.Failure) {
	p.asked, p.cost = req.WantPlan, req.WantCost
	return p.fake.Prepare(ctx, req)
}

func TestHeadersAskForThePlanAndTheCost(t *testing.T) {
	p := &planWanted{}
	h, err := New("/graphql", p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{"1": true, "": false, "0": false, "true": false} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"query"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("MediCore-Query-Plan", value)
		r.Header.Set("MediCore-Query-Cost", value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || p.asked != want || p.cost != want {
			t.Errorf("MediCore-Query-Plan: %q: status %d, plan asked for: %v, cost: %v", value, w.Code, p.asked, p.cost)
		}
	}
}
