package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Fetcher is the executor's only door to the subgraphs. It must be safe for concurrent use.
type Fetcher interface {
	// Fetch sends one query or mutation and returns the subgraph's answer. The deadline is ctx's or the fetcher's own. The
	// request's Body is used again when it has returned.
	Fetch(ctx context.Context, req *Request) (*Response, error)
	// Subscribe opens an event stream. It ends when ctx does or Close is called.
	Subscribe(ctx context.Context, req *Request) (Stream, error)
}

// Request is one GraphQL request to one subgraph.
type Request struct {
	Subgraph string
	Kind     ast.Operation // of the operation in Body; mutations must not be repeated
	Body     []byte        // {"query":…,"operationName"?:…,"variables"?:…}; read-only
}

// Response is a subgraph's answer. The executor keeps Body until the response is written and never changes it.
type Response struct {
	Body    []byte // a GraphQL response as JSON
	Release func() // called when nobody looks at Body any more; nil: that need not be known
	Private bool   // for this caller alone
}

// Stream delivers the events of a subscription.
type Stream interface {
	// Next waits for an event and returns its GraphQL response. It returns io.EOF when the subgraph completed the stream.
	// An error that wraps ErrInterrupted is not the end: there may be more events, but some may be missing before them.
	Next(ctx context.Context) ([]byte, error)
	Close() error
}

// ErrInterrupted is wrapped by the error of a Stream that was lost and is open again.
var ErrInterrupted = errors.New("the stream was interrupted")

// FetchError is a failed fetch. Message may be shown to clients; Err is for logs.
type FetchError struct {
	Message string // e.g. "answered HTTP 502 without GraphQL"; completes the sentence `subgraph "x" …`
	Err     error
}

func (e *FetchError) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// clientMessage is what a client may know about a failed fetch.
func clientMessage(subgraph string, err error) string {
	var known *FetchError
	switch {
	case errors.As(err, &known):
		return fmt.Sprintf("subgraph %q %s", subgraph, known.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("subgraph %q did not answer in time", subgraph)
	case errors.Is(err, context.Canceled):
		return fmt.Sprintf("request to subgraph %q was cancelled", subgraph)
	default:
		return fmt.Sprintf("request to subgraph %q failed", subgraph)
	}
}
