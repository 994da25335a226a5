package upstream

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
)

// gate is a subgraph that answers a request with its number: a mutation at once, a query when it is let.
type gate struct {
	*httptest.Server
	mu    sync.Mutex
	asked int
	come  chan struct{}
	let   chan struct{}
	gone  chan struct{} // a value for each query that was given up
}

func newGate(t *testing.T) *gate {
	g := &gate{come: make(chan struct{}, 10), let: make(chan struct{}), gone: make(chan struct{}, 10)}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	g.asked++
	n := g.asked
	g.mu.Unlock()
	g.come <- struct{}{}
	if string(body) != "mutation" {
		select {
		case <-g.let:
		case <-r.Context().Done():
			g.gone <- struct{}{}
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if string(body) == "cookie" {
		w.Header().Set("Set-Cookie", "a=b")
	}
	_, _ = fmt.Fprintf(w, `{"data":%d}`, n)
}

// caller is who asks what.
type caller struct {
	header   http.Header
	own      string // what the gateway adds of its own
	subgraph string
	kind     ast.Operation
	body     string
}

func (c caller) fetch(ctx context.Context, client *Client) string {
	ctx = context.WithValue(WithHeader(ctx, c.header), ownKey{}, c.own)
	resp, err := client.Fetch(ctx, &exec.Request{Subgraph: c.subgraph, Kind: c.kind, Body: []byte(c.body)})
	if err != nil {
		return "error: " + err.Error()
	}
	return string(resp.Body)
}

type ownKey struct{}

func sharing(t *testing.T, g *gate) (*Client, *Queries) {
	group := NewQueries()
	return mustNew(t, Options{
		Subgraphs: map[string]Subgraph{"s": {URLs: []string{g.URL}}, "other": {URLs: []string{g.URL}}}, Propagate: []string{"X-Tenant"},
		Headers: func(ctx context.Context) http.Header {
			own, _ := ctx.Value(ownKey{}).(string)
			return http.Header{"X-Own": {own}}
		},
		Share: group,
	}), group
}

func TestEqualQueriesUnderWayAreSentOnce(t *testing.T) {
	first := caller{header: http.Header{"Authorization": {"a"}, "X-Tenant": {"t"}, "X-Request-Id": {"1"}}, subgraph: "s", kind: ast.Query, body: "q"}
	for _, tt := range []struct {
		name   string
		change func(c *caller)
		shared bool
	}{
		{"the same", func(*caller) {}, true},
		{"another trace", func(c *caller) {
			c.header = http.Header{"Authorization": {"a"}, "X-Tenant": {"t"}, "X-Request-Id": {"2"}, "Traceparent": {"3"}}
		}, true},
		{"a header that is not passed on", func(c *caller) {
			c.header = http.Header{"Authorization": {"a"}, "X-Tenant": {"t"}, "User-Agent": {"u"}}
		}, true},
		{"another token", func(c *caller) { c.header = http.Header{"Authorization": {"b"}, "X-Tenant": {"t"}} }, false},
		{"no token", func(c *caller) { c.header = http.Header{"X-Tenant": {"t"}} }, false},
		{"another header that is passed on", func(c *caller) { c.header = http.Header{"Authorization": {"a"}, "X-Tenant": {"u"}} }, false},
		{"one value of a header more", func(c *caller) { c.header = http.Header{"Authorization": {"a"}, "X-Tenant": {"t", "t"}} }, false},
		{"another header of the gateway's own", func(c *caller) { c.own = "x" }, false},
		{"another subgraph", func(c *caller) { c.subgraph = "other" }, false},
		{"another body", func(c *caller) { c.body = "p" }, false},
		{"a mutation", func(c *caller) { c.kind, c.body = ast.Mutation, "mutation" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGate(t)
			client, group := sharing(t, g)
			answers := make(chan string, 2)
			go func() { answers <- first.fetch(t.Context(), client) }()
			<-g.come
			second := first
			tt.change(&second)
			go func() { answers <- second.fetch(t.Context(), client) }()
			if tt.shared {
				waitFor(t, func() bool { return group.Joined() == 1 })
			} else {
				<-g.come
			}
			close(g.let)
			a, b := <-answers, <-answers
			if strings.Contains(a+b, "error") || (a == b) != tt.shared {
				t.Errorf("got %s and %s", a, b)
			}
		})
	}
}

// The subgraph would refuse such a value; who joins sends nothing, so that its answer must not be reached by it either.
func TestNoValueLooksLikeTwoHeaders(t *testing.T) {
	client, _ := sharing(t, newGate(t))
	likeness := func(h http.Header) string { return client.Likeness(WithHeader(t.Context(), h)) }
	two := likeness(http.Header{"Authorization": {"a"}, "X-Tenant": {"t"}})
	for _, value := range []string{"a\nX-Tenant:t", "a\nX-Tenant:1 t"} {
		if likeness(http.Header{"Authorization": {value}}) == two {
			t.Errorf("%q is taken for two headers", value)
		}
	}
}

// A query that begins when a write has ended must see what was written, so it may not have the answer to one that began before.
func TestNothingIsSharedAcrossAWrite(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(client *Client, g *gate)
	}{
		{"a mutation", func(client *Client, g *gate) {
			_ = caller{subgraph: "s", kind: ast.Mutation, body: "mutation"}.fetch(t.Context(), client)
			<-g.come
		}},
		{"one that the gateway tells of", func(client *Client, _ *gate) { client.writes.Add() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGate(t)
			client, _ := sharing(t, g)
			q := caller{subgraph: "s", kind: ast.Query, body: "q"}
			answers := make(chan string, 2)
			go func() { answers <- q.fetch(t.Context(), client) }()
			<-g.come
			tt.write(client, g)
			go func() { answers <- q.fetch(t.Context(), client) }()
			<-g.come // it is sent
			close(g.let)
			if a, b := <-answers, <-answers; a == b {
				t.Errorf("both got %s", a)
			}
		})
	}
}

func TestAnAnswerWithACookieIsForWhoAsked(t *testing.T) {
	for name, in := range map[string]bool{"http": false, "in process": true} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t)
			s, group := Subgraph{URLs: []string{g.URL}}, NewQueries()
			if in {
				s.Transport = InProcess(g)
			}
			client := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": s}, Share: group})
			q := caller{subgraph: "s", kind: ast.Query, body: "cookie"}
			answers := make(chan string, 2)
			for range 2 {
				go func() { answers <- q.fetch(t.Context(), client) }()
			}
			<-g.come
			waitFor(t, func() bool { return group.Joined() == 1 })
			close(g.let)
			if a, b := <-answers, <-answers; a == b || strings.Contains(a+b, "error") {
				t.Errorf("got %s and %s", a, b)
			}
		})
	}
}

func TestWhoJoinedLateIsNotCutWithTheFirst(t *testing.T) {
	g := newGate(t)
	group := NewQueries()
	client := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{g.URL}, Timeout: 300 * time.Millisecond}}, Share: group})
	q := caller{subgraph: "s", kind: ast.Query, body: "q"}
	first, second := make(chan string, 1), make(chan string, 1)
	go func() { first <- q.fetch(t.Context(), client) }()
	<-g.come
	go func() { second <- q.fetch(t.Context(), client) }()
	waitFor(t, func() bool { return group.Joined() == 1 })
	if got := <-first; !strings.HasPrefix(got, "error") {
		t.Errorf("the first got %s, want its time to be up", got)
	}
	<-g.gone // so that it is not the one that is let
	<-g.come // the second asks for itself
	g.let <- struct{}{}
	if got := <-second; got != `{"data":2}` {
		t.Errorf("the second got %s", got)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
		time.Sleep(time.Millisecond)
	}
}
