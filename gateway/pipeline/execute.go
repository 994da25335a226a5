package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/introspect"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/inflight"
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
	in := exec.Input{Variables: &x.vars}
	if list := x.planned.plan.Introspection; len(list) > 0 {
		in.Raw = make(map[plan.Key]json.RawMessage, len(list))
		left, values := x.e.exec.MaxOutput(), x.vars.values()
		for _, f := range list {
			raw := introspect.Resolve(x.e.sg.API(), f.Field, values, left)
			in.Raw[f.Key] = raw
			if left -= len(raw); raw == nil {
				break // there will be no data at all
			}
		}
	}
	return in
}

// Execute implements Operation.
func (x *execution) Execute(ctx context.Context, write func(body []byte)) {
	body, hold, ok := x.share(ctx)
	if !ok {
		recycle(body, hold)
		body, hold = x.alone(ctx), inflight.Hold{}
	}
	write(*body)
	recycle(body, hold)
}

// share returns the response to an equal query that is under way, or executes the query, for others too; false where it must
// be executed for this caller alone.
func (x *execution) share(ctx context.Context) (*[]byte, inflight.Hold, bool) {
	like, knows := x.e.fetcher.(likener)
	if x.p.opt.Share == nil || x.kind != ast.Query || !knows {
		return nil, inflight.Hold{}, false
	}
	what := sharedKey{engine: x.e, operation: x.planned.id, wantPlan: x.wantPlan, wantCost: x.costs != nil && x.costs.show}
	key := inflight.Key{Of: what, Head: like.Likeness(ctx), Body: x.vars.text()}
	body, hold, err := x.p.opt.Share.Do(ctx, key, x.p.opt.Timeout, func(ctx context.Context) (*[]byte, error) {
		within := withLimit(ctx, x.p.opt.Timeout)
		defer within.stop()
		body, private := x.execute(within)
		if private {
			return body, errPrivate
		}
		return body, within.Err()
	})
	return body, hold, err == nil || hold.Role != inflight.Joined // whose time was up has less of an answer than who came later may have
}

// alone executes the operation for one caller.
func (x *execution) alone(ctx context.Context) *[]byte {
	within := withLimit(ctx, x.p.opt.Timeout)
	defer within.stop()
	body, _ := x.execute(within)
	return body
}

// bodies is memory of responses that were written.
var bodies sync.Pool // of *[]byte

// keptBody is the size up to which memory of a response is kept for another, in bytes.
const keptBody = 2 << 20

// recycle keeps the memory of a response, if nobody else looks at it.
func recycle(body *[]byte, hold inflight.Hold) {
	if hold.Done() && body != nil && cap(*body) <= keptBody {
		bodies.Put(body)
	}
}

// errPrivate is what those get who joined a query whose answer is for one caller.
var errPrivate = errors.New("the answer is for one caller")

// likener is a fetcher that knows which queries the subgraphs answer alike, whatever is asked.
type likener interface {
	Likeness(ctx context.Context) string
}

// sharedKey is equal for queries that are answered alike, with equal variables and for callers of whom the subgraphs are
// told the same.
type sharedKey struct {
	engine    *engine
	operation string // and the requirements that are not met
	wantPlan  bool
	wantCost  bool
}

// execute returns the response, and whether it is for this caller alone.
func (x *execution) execute(ctx context.Context) (body *[]byte, private bool) {
	if body, _ = bodies.Get().(*[]byte); body == nil {
		body = new([]byte)
	}
	in := x.input()
	in.Out = (*body)[:0]
	result := x.e.exec.Execute(ctx, x.planned.plan, in)
	*body = x.respond(result)
	return body, result.Private
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
	body, err := r.JSON(extensions)
	if err != nil {
		return fail(http.StatusInternalServerError, CodeInternal, "internal error").JSON()
	}
	return body
}

// Subscribe implements Operation.
func (x *execution) Subscribe(ctx context.Context) (Events, *Failure) {
	return x.p.feeds.follow(ctx, x)
}
