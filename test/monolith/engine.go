package monolith

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/test/monolith/server"
	"medicore.dev/medicore/test/monolith/world"
)

// Engine answers operations by federation.
type Engine struct {
	Supergraph *supergraph.Supergraph
	planner    *plan.Planner
	exec       *exec.Executor
}

// ErrCompose is wrapped by the error about subgraphs that do not compose.
var ErrCompose = errors.New("the subgraphs do not compose")

// NewEngine composes the subgraphs and starts their servers.
func NewEngine(sources []subgraph.Source, w *world.World) (*Engine, error) {
	result, err := compose.Compose(sources)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompose, err)
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil {
		return nil, fmt.Errorf("read the supergraph: %w", err)
	}
	servers, err := server.New(sources, w)
	if err != nil {
		return nil, err
	}
	if err := servers.Check(); err != nil {
		return nil, fmt.Errorf("the subgraphs do not agree: %w", err)
	}
	return &Engine{Supergraph: sg, planner: plan.NewPlanner(sg), exec: exec.New(servers, exec.Options{})}, nil
}

// Execution is how the engine answered an operation.
type Execution struct {
	Answer
	Faults   []string   // what was wrong on the way
	Rejected error      // why there is no plan
	Plan     *plan.Plan // nil when there is none
	Messages []string
	Touched  map[string]bool // what of federation was used
}

// Execute answers the case's operation. The error is about an operation that is not valid.
func (e *Engine) Execute(ctx context.Context, c *Case) (out *Execution, err error) {
	out = &Execution{}
	defer func() {
		if p := recover(); p != nil {
			out.Faults = append(out.Faults, fmt.Sprintf("panic: %v", p))
		}
	}()
	op, in, err := e.prepare(c, false)
	if err != nil {
		return nil, err
	}
	if out.Plan, out.Rejected = e.planner.Plan(ctx, op); out.Rejected != nil {
		return out, nil
	}
	session := &server.Session{Labels: c.Labels, Mutation: op.Kind == ast.Mutation}
	result := e.exec.Execute(session.Context(ctx), out.Plan, in)
	out.Faults, out.Calls, out.Touched = session.Faults(), session.Calls(), session.Touched()
	if err := json.Unmarshal(result.Data, &out.Data); err != nil {
		out.Faults = append(out.Faults, fmt.Sprintf("data is not JSON: %v", err))
	}
	switch extra := session.Requests() > out.Plan.Cost.Requests; {
	case extra && (out.Touched["resolver fails"] || out.Touched["entity that resolves to null"] || out.Touched["null where null is not allowed"]):
		out.Touched["requirement that is missing"] = true // the other fields were asked for without it
	case extra:
		out.Faults = append(out.Faults, fmt.Sprintf("%d requests for a plan of %d", session.Requests(), out.Plan.Cost.Requests))
	}
	out.Errors = paths(out.Data, errorPaths(result.Errors))
	for _, err := range result.Errors {
		out.Messages = append(out.Messages, err.Path.String()+": "+err.Message)
	}
	if out.Plan.Operation != ast.Mutation {
		out.Calls = nil
	}
	return out, nil
}

// prepare validates and normalises the case's operation.
func (e *Engine) prepare(c *Case, deferring bool) (*operation.Operation, exec.Input, error) {
	values := exec.VariableMap{}
	in := exec.Input{Variables: values}
	api := e.Supergraph.API()
	doc, errs := gqlparser.LoadQueryWithRules(api, c.Operation, nil)
	if len(errs) > 0 {
		return nil, in, errs
	}
	prepared, err := operation.Prepare(api, doc, "", operation.Limits{})
	if err != nil {
		return nil, in, err
	}
	vars := world.Variables(api, prepared.Definition().VariableDefinitions, c.Variables)
	for name, v := range vars {
		values[name] = json.RawMessage(world.Canonical(v))
	}
	bits := map[string]bool{}
	for _, name := range prepared.Conditions() {
		if on, ok := vars[name].(bool); ok {
			bits[name] = on
		}
	}
	specialise := prepared.Specialise
	if deferring {
		specialise = prepared.SpecialiseDeferred
	}
	op, err := specialise(bits, c.Labels...)
	return op, in, err
}

func errorPaths(list gqlerror.List) [][]any {
	var out [][]any
	for _, err := range list {
		var path []any
		for _, p := range err.Path {
			switch p := p.(type) {
			case ast.PathName:
				path = append(path, string(p))
			case ast.PathIndex:
				path = append(path, float64(p))
			}
		}
		out = append(out, path)
	}
	return out
}

// differences lists what the execution did not do as the oracle says.
func (e *Execution) differences(want *Answer) string {
	if e.Rejected != nil {
		return "rejected: " + e.Rejected.Error()
	}
	out := e.Faults
	if diff := difference(want, &e.Answer); diff != "" {
		out = append(out, diff)
	}
	return strings.Join(out, "\n")
}
