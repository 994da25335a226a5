package pipeline

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/gateway/inflight"
)

// Options of a pipeline. The zero value of each is usable.
type Options struct {
	Limits        Limits
	Introspection bool // answer __schema and __type
	Suggestions   bool // "did you mean" in validation errors
	Plans         bool // return the plan to callers who ask
	RejectDenied  bool // refuse an operation that asks for what the caller may not read, instead of answering null there
	Cost          Cost
	Overrides     Overrides
	Policies      Policies      // decides @policy; nil: no policy is met
	Timeout       time.Duration // of one query or mutation, and of one event's joins; 0 means 30s
	Documents     int           // documents kept; 0 means 1,000
	PlanCache     int           // plans kept; 0 means 1,000
	Subscriptions Subscriptions
	Share         *inflight.Group[*[]byte] // the queries under way: one that is equal to another of them is not executed. nil: every one is
}

// Pipeline takes requests through their stages over the current supergraph. It is safe for concurrent use.
type Pipeline struct {
	opt    Options
	rules  []validator.Rule
	feeds  *feeds
	seen   *seen
	engine atomic.Pointer[engine]
}

// engine is everything that belongs to one supergraph; requests that began with it end with it.
type engine struct {
	sg        *supergraph.Supergraph
	planner   *plan.Planner
	exec      *exec.Executor
	fetcher   exec.Fetcher
	documents *cache[string, *document]
	asked     *cache[askKey, *asked]
	plans     *cache[planKey, *planned]
}

// askKey names an operation with its conditions decided.
type askKey struct {
	op     *prepared
	bits   string // values of the operation's conditions: '0', '1', or '-' for one that has none
	labels string // override labels that are on, of those that can matter to it
	parts  bool   // heed @defer
}

// planKey is what a plan is a function of.
type planKey struct {
	asked  *asked
	denied string // which of its requirements the caller does not meet
}

// planned is a plan and what goes with it.
type planned struct {
	id     string // equal for what is planned alike, also where two requests plan it at the same time
	plan   *plan.Plan
	by     denied
	denied []denial
	err    *Failure // planning failed: as costly to find out, so kept too
}

// New returns a pipeline without a supergraph: it answers that it is not ready until Swap.
func New(opt Options) *Pipeline {
	if opt.Timeout == 0 {
		opt.Timeout = 30 * time.Second
	}
	if opt.Documents == 0 {
		opt.Documents = 1000
	}
	if opt.PlanCache == 0 {
		opt.PlanCache = 1000
	}
	if opt.Cost.ListSize == 0 {
		opt.Cost.ListSize = 10
	}
	opt.Limits = opt.Limits.orDefault()
	return &Pipeline{
		opt:   opt,
		rules: checks(opt.Suggestions),
		seen:  newSeen(4 * opt.Documents),
		feeds: &feeds{opt: opt.Subscriptions.orDefault(), shared: map[feedKey]*feed{}, callers: map[string]int{}},
	}
}

// Swap makes the supergraph, whose subgraphs fetcher reaches, the one for requests that begin from now on. Those that
// have begun end with the one they began with. A subscription goes on with its plan for as long as the new one can serve it.
func (p *Pipeline) Swap(sg *supergraph.Supergraph, fetcher exec.Fetcher) error {
	docs, err := newCache[string, *document](p.opt.Documents, documentBytes)
	if err != nil {
		return err
	}
	asks, err := newCache[askKey, *asked](p.opt.PlanCache, askedBytes)
	if err != nil {
		return err
	}
	plans, err := newCache[planKey, *planned](p.opt.PlanCache, planBytes)
	if err != nil {
		return err
	}
	e := &engine{sg: sg, planner: plan.NewPlanner(sg), exec: exec.New(fetcher, exec.Options{}), fetcher: fetcher, documents: docs, asked: asks, plans: plans}
	if old := p.engine.Load(); old != nil {
		p.warm(e, old)
	}
	p.engine.Store(e)
	return nil
}

var _ Preparer = (*Pipeline)(nil)

// Prepare implements Preparer.
func (p *Pipeline) Prepare(ctx context.Context, req *Request) (Operation, *Failure) {
	e := p.engine.Load()
	if e == nil {
		return nil, fail(http.StatusServiceUnavailable, CodeNotReady, "no supergraph has been composed yet, try again in a moment")
	}
	x, f := p.prepare(ctx, e, req)
	if f != nil {
		return nil, f
	}
	return x, nil
}

func (p *Pipeline) prepare(ctx context.Context, e *engine, req *Request) (*execution, *Failure) {
	doc, f := p.document(e, req.Query)
	if f != nil {
		return nil, f
	}
	op, f := doc.operation(e, req.OperationName, p.opt.Limits)
	if f != nil {
		return nil, f
	}
	vars, errs := coerceVariables(e.sg.API(), op.definition, req.Variables)
	if len(errs) > 0 {
		return nil, coded(errs, CodeBadInput)
	}
	on := p.opt.Overrides.on(ctx, op.labels)
	ask, f := e.ask(op, vars, on, req.Incremental != NotIncremental)
	if f != nil {
		return nil, f
	}
	costs, f := p.costs(e, ask.whole, vars, req.WantCost)
	if f != nil {
		return nil, f
	}
	by, f := p.rights(ctx, ask)
	if f != nil {
		return nil, f
	}
	denied := ask.denied(by)
	if denied.any && ask.whole.Deferred { // what is left of it is answered at once
		if ask, f = e.ask(op, vars, on, false); f != nil {
			return nil, f
		}
		denied = ask.denied(by)
	}
	if list := ask.denials(denied); len(list) > 0 && (p.opt.RejectDenied || op.definition.Operation == ast.Subscription && len(list[0].path) == 1) {
		return nil, reject(list) // a subscription that is denied as a whole has nothing to follow
	}
	pl := e.plan(ctx, ask, denied)
	switch {
	case pl.err != nil:
		return nil, pl.err
	case pl.plan.Source == nil && op.definition.Operation == ast.Subscription:
		return nil, fail(http.StatusBadRequest, CodeOperation, "the subscription asks for nothing: its field is skipped")
	}
	return &execution{p: p, e: e, req: req, kind: op.definition.Operation, planned: pl, vars: vars, wantPlan: req.WantPlan && p.opt.Plans, costs: costs}, nil
}

// ask decides the operation's conditions by the variables. labels are on; parts: deferred fragments are to be answered later.
func (e *engine) ask(op *prepared, vars variables, labels []string, parts bool) (*asked, *Failure) {
	bits := make([]byte, len(op.conditions))
	var values map[string]bool
	for i, name := range op.conditions {
		value, given := vars.value(name).(bool)
		switch {
		case !given:
			bits[i] = '-'
			continue
		case value:
			bits[i] = '1'
		default:
			bits[i] = '0'
		}
		if values == nil {
			values = make(map[string]bool, len(op.conditions))
		}
		values[name] = value
	}
	key := askKey{op, string(bits), strings.Join(labels, " "), parts}
	if have, ok := e.asked.Get(key); ok {
		return have, nil
	}
	specialise := op.prepared.Specialise
	if parts {
		specialise = op.prepared.SpecialiseDeferred
	}
	whole, err := specialise(values, labels...)
	if err != nil {
		return nil, fail(http.StatusBadRequest, CodeOperation, "%s", err)
	}
	out := newAsked(e.sg, whole)
	out.key = key
	if op.kept {
		out.weight = op.weight + operationWeight(whole)
		e.asked.Add(key, out, out.weight)
	}
	return out, nil
}

// plan returns the plan for what is asked, less what the caller is denied.
func (e *engine) plan(ctx context.Context, ask *asked, denied denied) *planned {
	key := planKey{ask, denied.key}
	if have, ok := e.plans.Get(key); ok {
		return have
	}
	out := &planned{id: ask.whole.Hash + " " + denied.key, by: denied}
	op := ask.whole
	if denied.any {
		op = ask.without(denied)
		out.denied = ask.denials(denied)
	}
	pl, err := e.planner.Plan(ctx, op)
	if err != nil {
		out.err = planFailure(err)
		if ctx.Err() != nil {
			return out // not the operation's fault
		}
	} else {
		if denied.any {
			restore(pl, ask.whole.Root, e.sg.API(), denied.reason())
		}
		out.plan = pl
	}
	if ask.key.op.kept {
		weight := ask.weight // it is kept along
		if pl != nil {
			weight += pl.Weight()
		}
		e.plans.Add(key, out, weight)
	}
	return out
}

func planFailure(err error) *Failure {
	switch {
	case errors.Is(err, plan.ErrTooComplex):
		return fail(http.StatusBadRequest, CodeTooComplex, "%s", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fail(http.StatusServiceUnavailable, CodePlan, "planning was given up: %s", err)
	}
	return fail(http.StatusBadRequest, CodePlan, "%s", err)
}
