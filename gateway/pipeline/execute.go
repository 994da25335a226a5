package pipeline

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/introspect"
	"medicore.dev/medicore/gateway/federation/plan"
)

// execution is a request with its plan.
type execution struct {
	p        *Pipeline
	e        *engine
	checked  *engine // subscription: another that it has gone on over
	req      *Request
	kind     ast.Operation
	planned  *planned
	vars     variables
	wantPlan bool
	costs    *costs
}

func (x *execution) Kind() ast.Operation { return x.kind }

func (x *execution) input() exec.Input {
	in := exec.Input{Variables: x.vars.json}
	if list := x.planned.plan.Introspection; len(list) > 0 {
		in.Raw = make(map[plan.Key]json.RawMessage, len(list))
		for _, f := range list {
			in.Raw[f.Key] = introspect.Resolve(x.e.sg.API(), f.Field, x.vars.values)
		}
	}
	return in
}

// Execute implements Operation.
func (x *execution) Execute(ctx context.Context) []byte {
	ctx, cancel := context.WithTimeout(ctx, x.p.opt.Timeout)
	defer cancel()
	return x.respond(x.e.exec.Execute(ctx, x.planned.plan, x.input()))
}

// respond writes the response.
func (x *execution) respond(r *exec.Result) []byte {
	var extensions map[string]any
	if x.wantPlan {
		extensions = map[string]any{"queryPlan": plan.Print(x.planned.plan)}
	}
	if x.costs != nil && x.costs.show {
		complete := r
		if len(x.planned.plan.Parts) > 0 {
			complete = nil
		}
		if extensions == nil {
			extensions = map[string]any{}
		}
		extensions["cost"] = x.costs.figures(complete)
	}
	body, err := r.AppendJSON(make([]byte, 0, len(r.Data)+128), extensions)
	if err != nil {
		return fail(http.StatusInternalServerError, CodeInternal, "internal error").JSON()
	}
	return body
}

// Subscribe implements Operation.
func (x *execution) Subscribe(ctx context.Context) (Events, *Failure) {
	return x.p.feeds.follow(ctx, x)
}
