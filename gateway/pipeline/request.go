// Package pipeline takes a GraphQL request through its stages, one file each: parse, validate, limit, coerce variables,
// authorise, normalise, plan, execute, respond. What a document costs is paid once: stages are cached by its text.
package pipeline

import (
	"context"
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Request is a GraphQL request as the transports read it. Nothing in it has been checked but its JSON types.
type Request struct {
	Query         string
	OperationName string
	Variables     []Variable  // as they were given: of two with one name the last counts
	WantPlan      bool        // the caller asks for the plan in extensions.queryPlan; given where that is allowed
	WantCost      bool        // the caller asks for the operation's cost in extensions.cost; alike
	Incremental   Incremental // how the caller takes deferred parts
}

// Variable is the value of a variable as a client gives it.
type Variable struct {
	Name  string
	Value json.RawMessage
}

// Failure is a request that does not reach execution: its errors and no data.
//
// GraphQL spec, "Request Error Result" (#sec-Request-Error-Result).
type Failure struct {
	Errors gqlerror.List
	Status int // HTTP status where the media type lets it differ: 400, 401, 403, 413, 503
}

// JSON returns the complete response body.
func (f *Failure) JSON() []byte {
	b, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{f.Errors})
	if err != nil {
		return []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	return b
}

// Operation is a request that can be executed.
type Operation interface {
	// Kind says whether it is a query, a mutation or a subscription.
	Kind() ast.Operation
	// Execute runs a query or mutation and has the complete response body written. The body is valid during write only.
	Execute(ctx context.Context, write func(body []byte))
	// Incremental reports whether a query or mutation has deferred parts, so that Increments should be called.
	Incremental() bool
	// Increments runs a query or mutation with deferred parts: the first result, then what is added to it. Each is a
	// complete body in the form that the request asked for.
	Increments(ctx context.Context) Events
	// Subscribe opens a subscription. A failure is what the source answered instead of a stream.
	Subscribe(ctx context.Context) (Events, *Failure)
}

// Events is the stream of a subscription.
type Events interface {
	// Next waits for the next event and returns its complete response body; io.EOF after the last one.
	Next(ctx context.Context) ([]byte, error)
	// Close ends the stream.
	Close()
}

// Preparer takes a request up to execution. The caller (authn.FromContext) and the headers to pass on
// (upstream.WithHeader) are in ctx. Exactly one of the results is nil.
type Preparer interface {
	Prepare(ctx context.Context, req *Request) (Operation, *Failure)
}
