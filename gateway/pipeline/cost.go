package pipeline

import (
	"net/http"
	"strings"

	"medicore.dev/medicore/gateway/federation/cost"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
)

// Cost limits what operations may cost by @cost and @listSize. The zero value limits nothing.
type Cost struct {
	Limit    int64 // of the estimate; 0: there is none
	ListSize int   // of lists of which nothing is told; 0 means 10
	Show     bool  // return the figures to callers who ask
}

// costs is what is known of an operation's cost. nil: nobody asks.
type costs struct {
	estimator cost.Estimator
	op        *operation.Operation
	vars      variables
	estimated int64
	limit     int64
	show      bool
}

// costs estimates the operation where that matters, and refuses what costs too much.
func (p *Pipeline) costs(e *engine, op *operation.Operation, vars variables, asked bool) (*costs, *Failure) {
	limit, show := p.opt.Cost.Limit, asked && p.opt.Cost.Show
	if limit == 0 && !show {
		return nil, nil
	}
	c := &costs{estimator: cost.Estimator{Supergraph: e.sg, ListSize: p.opt.Cost.ListSize}, op: op, vars: vars, limit: limit, show: show}
	estimate := c.estimator.Estimate(op, vars.values())
	c.estimated = estimate.Cost
	switch {
	case limit == 0:
	case len(estimate.Violations) > 0:
		return nil, fail(http.StatusBadRequest, CodeBadInput, "%s", strings.Join(estimate.Violations, "; "))
	case estimate.Cost > limit:
		f := fail(http.StatusBadRequest, CodeLimit, "the operation costs an estimated %d, at most %d is allowed", estimate.Cost, limit)
		f.Errors[0].Extensions["cost"] = c.figures(nil)
		return nil, f
	}
	return c, nil
}

// figures are what a caller is told, with the actual cost if the result is complete.
func (c *costs) figures(r *exec.Result) map[string]int64 {
	out := map[string]int64{"estimated": c.estimated}
	if c.limit > 0 {
		out["allowed"] = c.limit
	}
	if r != nil {
		out["actual"] = c.estimator.Actual(c.op, c.vars.values(), r.Data)
	}
	return out
}
