package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/upstream/http1"
)

// postPlain makes one attempt by http1, as post does by net/http. ok is false if the request is not for it.
func (c *Client) postPlain(ctx context.Context, deadline time.Time, sg *subgraph, e *endpoint, req *exec.Request) (a answer, again bool, err error, ok bool) {
	var space [8]http1.Field
	fields, ok := c.fields(ctx, space[:0], req.Kind == ast.Query)
	if !ok {
		return answer{}, false, nil, false
	}
	e.requests.Add(1)
	resp, err := e.plain.Post(ctx, http1.Request{
		Body: req.Body, Deadline: deadline, MaxBytes: sg.maxBytes, Repeatable: req.Kind == ast.Query,
	}, fields...)
	switch {
	case errors.Is(err, http1.ErrField):
		return answer{}, false, fmt.Errorf("make a request to %s: %w", e.url.Redacted(), err), true
	case resp.Status == 0:
		e.errors.Add(1)
		if !ended(ctx, deadline) || isDial(err) {
			e.failed(time.Now())
		}
		return answer{}, true, fmt.Errorf("post to %s: %w", e.url.Redacted(), err), true
	}
	e.succeeded()
	switch {
	case errors.Is(err, http1.ErrTooLarge):
		return answer{}, false, &exec.FetchError{Message: "sent an answer that is too large", Err: err}, true
	case err != nil:
		return answer{}, true, fmt.Errorf("read the answer of %s: %w", e.url.Redacted(), err), true
	}
	if err := checkAnswer(resp.Status, resp.Header("Content-Type"), resp.Body); err != nil {
		return answer{}, unavailable(resp.Status), err, true
	}
	return answer{body: resp.Body, release: resp.Release, private: resp.Header("Set-Cookie") != ""}, false, nil, true
}

// fields appends the headers of setHeaders. ok is false if there is one that http1 does not send.
func (c *Client) fields(ctx context.Context, to []http1.Field, isQuery bool) (_ []http1.Field, ok bool) {
	from, names := Header(ctx), c.propagate
	if c.headers != nil {
		all := http.Header{}
		c.setHeaders(ctx, all)
		from, names = all, names[:0:0]
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		values := from[name]
		switch {
		case len(values) == 0, name == "Content-Type", name == "Accept", name == "Idempotency-Key" && isQuery:
			continue // they are of the request itself
		case http1.Reserved(name):
			return nil, false
		}
		for _, v := range values {
			to = append(to, http1.Field{Name: name, Value: v})
		}
	}
	return to, true
}
