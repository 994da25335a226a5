package pipeline

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

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

// respond writes the response: the executor's, with an error for each field that the caller was denied.
func (x *execution) respond(r *exec.Result) []byte {
	if len(x.planned.denied) > 0 {
		r.Errors = slices.DeleteFunc(r.Errors, x.denied) // the null there has its own reason
		for _, d := range x.planned.denied {
			r.Errors = append(r.Errors, d.err())
		}
	}
	var extensions map[string]any
	if x.wantPlan {
		extensions = map[string]any{"queryPlan": plan.Print(x.planned.plan)}
	}
	body, err := r.AppendJSON(make([]byte, 0, len(r.Data)+128), extensions)
	if err != nil {
		return fail(http.StatusInternalServerError, CodeInternal, "internal error").JSON()
	}
	return body
}

// denied reports whether the error is about a field that was left out.
func (x *execution) denied(e *gqlerror.Error) bool {
	var names ast.Path
	for _, s := range e.Path {
		if _, ok := s.(ast.PathName); ok {
			names = append(names, s)
		}
	}
	return slices.ContainsFunc(x.planned.denied, func(d denial) bool { return slices.Equal(d.path, names) })
}

// Subscribe implements Operation.
func (x *execution) Subscribe(ctx context.Context) (Events, *Failure) {
	return x.p.feeds.follow(ctx, x)
}
