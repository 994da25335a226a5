// Package upstream carries requests from the gateway to the subgraphs: over HTTP, or in memory to a handler of the same
// process. Both have the same headers, limits and errors. Fetches from plain http URLs go by package http1, for its low cost,
// everything else through an http.RoundTripper.
//
// Every call has a deadline and a bound on the answer's size. Of a subgraph's URLs one that cannot be reached is left out
// for a growing time; a query may be tried once more at another URL, a mutation never is.
package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
)

// Options of a Client.
type Options struct {
	Subgraphs map[string]Subgraph
	// Propagate names headers that are passed on beside Authorization, traceparent, tracestate and X-Request-Id.
	Propagate []string
	// Headers returns headers of the gateway's own for each request, e.g. a credential; nil: none. They replace
	// propagated ones of the same name.
	Headers func(ctx context.Context) http.Header
	// Transport serves the subgraphs that have none of their own; nil: a new Network.
	Transport http.RoundTripper
	// Share is the queries under way: one that is equal to another of them is not sent. nil: every one is.
	Share *Queries
	// Writes of this client and of everything else that changes what the subgraphs know; nil: of this client alone.
	Writes *Writes
}

// Subgraph says how one subgraph is reached.
type Subgraph struct {
	URLs      []string          // of equal rank, used in turn
	Transport http.RoundTripper // e.g. InProcess(handler); nil: that of Options
	Timeout   time.Duration     // one fetch with its retry, or opening one event stream; 0 means 10s, negative none
	MaxBytes  int64             // of one answer or event; 0 means 16 MiB
	// Protocol of subscriptions, and the path they are asked for at; "": that of the URL.
	Protocol         Protocol
	SubscriptionPath string
}

// Client is an exec.Fetcher. It is safe for concurrent use.
type Client struct {
	subgraphs map[string]*subgraph
	propagate []string
	headers   func(ctx context.Context) http.Header
	own       *Network // made by New, nil otherwise
	shared    *Queries // nil: none are
	writes    *Writes
}

var _ exec.Fetcher = (*Client)(nil)

type subgraph struct {
	name      string
	endpoints []*endpoint
	turn      atomic.Uint32
	transport http.RoundTripper
	timeout   time.Duration
	maxBytes  int64
	protocol  Protocol
	path      string      // of subscriptions
	speaks    atomic.Bool // WebSocket answered where the protocol was to be found out
}

// New returns a client of the subgraphs. It fails when one has no URL or a wrong one.
func New(opt Options) (*Client, error) {
	c := &Client{subgraphs: map[string]*subgraph{}, propagate: propagated(opt.Propagate), headers: opt.Headers, shared: opt.Share, writes: opt.Writes}
	if c.writes == nil {
		c.writes = &Writes{}
	}
	shared := opt.Transport
	for name, s := range opt.Subgraphs {
		sg := &subgraph{name: name, transport: s.Transport, timeout: s.Timeout, maxBytes: s.MaxBytes, protocol: s.Protocol, path: s.SubscriptionPath}
		if !s.Protocol.valid() {
			return nil, fmt.Errorf("subgraph %q: no such subscription protocol: %q", name, s.Protocol)
		}
		if len(s.URLs) == 0 {
			return nil, fmt.Errorf("subgraph %q has no URL", name)
		}
		for _, text := range s.URLs {
			u, err := url.Parse(text)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				return nil, fmt.Errorf("subgraph %q: not an http or https URL", name)
			}
			sg.endpoints = append(sg.endpoints, &endpoint{url: u})
		}
		if sg.transport == nil {
			if shared == nil {
				c.own = NewNetwork()
				shared = c.own
			}
			sg.transport = shared
		}
		if n, ok := sg.transport.(*Network); ok {
			for _, e := range sg.endpoints {
				e.plain = n.endpoint(e.url)
			}
		}
		if sg.timeout == 0 {
			sg.timeout = 10 * time.Second
		}
		if sg.maxBytes == 0 {
			sg.maxBytes = 16 << 20
		}
		c.subgraphs[name] = sg
	}
	return c, nil
}

// Close closes the idle connections of the transport that New made, if any.
func (c *Client) Close() error {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
	return nil
}

// Fetch sends a query or mutation, or takes the answer to an equal query that is under way.
func (c *Client) Fetch(ctx context.Context, req *exec.Request) (*exec.Response, error) {
	sg, ok := c.subgraphs[req.Subgraph]
	switch {
	case !ok:
		return nil, &exec.FetchError{Message: "is not configured"}
	case req.Kind == ast.Mutation:
		defer c.writes.Add()
	case c.shared != nil && sg.timeout > 0:
		return c.share(ctx, sg, req)
	}
	a, err := c.fetch(ctx, sg, req)
	if err != nil {
		return nil, err
	}
	return a.response(), nil
}

// answer is a GraphQL response.
type answer struct {
	body    []byte
	release func() // of its memory; may be nil
	private bool   // it came with a cookie, and is nobody else's
}

func (a answer) response() *exec.Response {
	return &exec.Response{Body: a.body, Release: a.release, Private: a.private}
}

// fetch sends a query or mutation.
func (c *Client) fetch(ctx context.Context, sg *subgraph, req *exec.Request) (answer, error) {
	now := time.Now()
	var deadline time.Time
	if sg.timeout > 0 {
		deadline = now.Add(sg.timeout)
	}
	if d, ok := ctx.Deadline(); ok && (deadline.IsZero() || d.Before(deadline)) {
		deadline = d
	}
	var tried *endpoint
	for {
		e := sg.pick(now, tried)
		a, again, err := c.attempt(ctx, deadline, sg, e, req)
		if err == nil || !again || req.Kind != ast.Query || tried != nil || len(sg.endpoints) < 2 || ended(ctx, deadline) {
			return a, err
		}
		tried, now = e, time.Now()
	}
}

// ended reports whether there is no time left.
func ended(ctx context.Context, deadline time.Time) bool {
	return ctx.Err() != nil || !deadline.IsZero() && !time.Now().Before(deadline)
}

// attempt sends the request to one endpoint. again says that another URL may do better.
func (c *Client) attempt(ctx context.Context, deadline time.Time, sg *subgraph, e *endpoint, req *exec.Request) (a answer, again bool, err error) {
	if e.plain != nil {
		if a, again, err, ok := c.postPlain(ctx, deadline, sg, e, req); ok {
			return a, again, err
		}
	}
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	return c.post(ctx, sg, e, req)
}

const acceptJSON = "application/graphql-response+json, application/json;q=0.9"

// post makes one attempt by net/http, or in process, where the body may be read for longer than it takes to answer.
func (c *Client) post(ctx context.Context, sg *subgraph, e *endpoint, req *exec.Request) (a answer, again bool, err error) {
	resp, err := c.roundTrip(ctx, sg, e, req, acceptJSON) //nolint:bodyclose // read closes it
	if err != nil {
		return answer{}, true, err
	}
	defer drain(resp.Body)
	body, err := readBody(resp, sg.maxBytes)
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, false, &exec.FetchError{Message: "sent an answer that is too large", Err: err}
	case err != nil:
		return answer{}, true, fmt.Errorf("read the answer of %s: %w", e.url.Redacted(), err)
	}
	if err := checkAnswer(resp.StatusCode, resp.Header.Get("Content-Type"), body); err != nil {
		return answer{}, unavailable(resp.StatusCode), err
	}
	return answer{body: body, private: resp.Header.Get("Set-Cookie") != ""}, false, nil
}

// roundTrip sends the request to one endpoint and keeps the endpoint's state.
func (c *Client) roundTrip(ctx context.Context, sg *subgraph, e *endpoint, req *exec.Request, accept string) (*http.Response, error) {
	to := e.url
	if req.Kind == ast.Subscription {
		to = sg.subscriptions(e)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(bytes.Clone(req.Body)))
	if err != nil {
		return nil, fmt.Errorf("make a request to %s: %w", e.url.Redacted(), err)
	}
	c.setHeaders(ctx, r.Header)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	if req.Kind == ast.Query {
		// An empty key is not sent. It lets net/http repeat a request that a stale idle connection swallowed.
		r.Header["Idempotency-Key"] = []string{}
	}
	e.requests.Add(1)
	resp, err := sg.transport.RoundTrip(r)
	if err != nil {
		e.errors.Add(1)
		if ctx.Err() == nil || isDial(err) {
			e.failed(time.Now())
		}
		return nil, fmt.Errorf("post to %s: %w", e.url.Redacted(), err)
	}
	e.succeeded()
	return resp, nil
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

var errTooLarge = errors.New("body exceeds the limit")

func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, errTooLarge
	}
	buf := bytes.NewBuffer(make([]byte, 0, max(resp.ContentLength, 0)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	return buf.Bytes(), err
}

// drain reads the little that may be left, so that the connection can be used again, and closes the body.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10)
	_ = body.Close()
}

// checkAnswer tells GraphQL responses from everything else that HTTP servers and proxies answer. With a status other
// than 2xx the body is used if it is a GraphQL response.
func checkAnswer(status int, contentType string, body []byte) error {
	kind, isJSON := mediaType(contentType)
	if kind == "" {
		isJSON = bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
	}
	switch good := status >= 200 && status < 300; {
	case good && isJSON:
		return nil
	case good:
		return &exec.FetchError{Message: fmt.Sprintf("answered with %s instead of a GraphQL response", describe(kind))}
	case isJSON && isGraphQL(body):
		return nil
	}
	var err error
	if unavailable(status) {
		err = errLost
	}
	return &exec.FetchError{Message: fmt.Sprintf("answered HTTP %d without a GraphQL response", status), Err: err}
}

// mediaType returns the type without its parameters, and whether it is one of GraphQL responses.
func mediaType(header string) (kind string, isJSON bool) {
	switch header { // what nearly all send need not be taken apart
	case "application/json", "application/json; charset=utf-8", "application/graphql-response+json", "application/graphql-response+json; charset=utf-8":
		kind, _, _ = strings.Cut(header, ";")
		return kind, true
	}
	kind, _, err := mime.ParseMediaType(header)
	return kind, err == nil && (kind == "application/json" || kind == "application/graphql-response+json")
}

// unavailable reports whether the status is one of servers that may answer later.
func unavailable(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// describe keeps odd content types out of messages.
func describe(kind string) string {
	switch kind {
	case "":
		return "an untyped body"
	case "text/html", "text/plain", "application/xml", "text/event-stream":
		return kind
	}
	return "another content type"
}

func isGraphQL(body []byte) bool {
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors json.RawMessage `json:"errors"`
	}
	return json.Unmarshal(body, &answer) == nil && (answer.Data != nil || answer.Errors != nil)
}
