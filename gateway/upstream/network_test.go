package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
)

// TestBothClientsSendTheSame compares what arrives at a subgraph by http1 with what net/http sends.
func TestBothClientsSendTheSame(t *testing.T) {
	fromClient := http.Header{
		"Authorization": {"Bearer x"}, "Traceparent": {"00-1-2-01"}, "X-Request-Id": {" r "}, "X-Tenant": {"a", "b"}, "Accept": {"text/html"},
		"User-Agent": {"browser"}, "Idempotency-Key": {"k"}, "Range": {"bytes=0-1"}, "Cookie": {"c=1"}, "X-Empty": {""},
	}
	tests := []struct {
		name      string
		propagate []string
		headers   http.Header // of the gateway's own
		kind      ast.Operation
		path      string
	}{
		{"what is passed on always", nil, nil, ast.Query, "/graphql"},
		{"no path", nil, nil, ast.Query, ""},
		{"a query in the URL", nil, nil, ast.Query, "/a%20b/%C3%A4?x=1&y=%20#f"},
		{"more that is passed on", []string{"x-tenant", "X-Empty", "Cookie", "Accept", "Absent"}, nil, ast.Query, "/graphql"},
		{"the client's user agent", []string{"User-Agent"}, nil, ast.Query, "/graphql"},
		{"the key of a query", []string{"Idempotency-Key"}, nil, ast.Query, "/graphql"},
		{"the key of a mutation", []string{"Idempotency-Key"}, nil, ast.Mutation, "/graphql"},
		{"what only net/http sends", []string{"Range"}, nil, ast.Mutation, "/graphql"},
		{"the gateway's own", nil, http.Header{"authorization": {"Basic y"}, "Accept": {"text/html"}, "Content-Type": {"text/plain"}, "X-Key": {"1", "2"}}, ast.Query, "/graphql"},
		{"the gateway's own coding", nil, http.Header{"Accept-Encoding": {"identity"}}, ast.Query, "/graphql"},
	}
	var got atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s %v %d\n%s\n", r.Method, r.RequestURI, r.Host, r.TransferEncoding, r.ContentLength, body)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(&b, "%s: %q\n", name, r.Header[name])
		}
		got.Store(b.String())
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{}}`)
	}))
	defer srv.Close()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var seen []string
			for _, transport := range []http.RoundTripper{NewNetwork(), DefaultTransport()} {
				opt := Options{Propagate: tt.propagate, Transport: transport, Subgraphs: map[string]Subgraph{"s": {URLs: []string{srv.URL + tt.path}}}}
				if tt.headers != nil {
					opt.Headers = func(context.Context) http.Header { return tt.headers }
				}
				req := query()
				req.Kind = tt.kind
				if _, err := mustNew(t, opt).Fetch(WithHeader(t.Context(), fromClient), req); err != nil {
					t.Fatal(err)
				}
				seen = append(seen, got.Load().(string))
			}
			if diff := cmp.Diff(seen[1], seen[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHeadersThatWouldEndEarlyAreNotSent(t *testing.T) {
	var served atomic.Int32
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, `{"data":{}}`)
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, transport := range []http.RoundTripper{NewNetwork(), DefaultTransport()} {
		c := mustNew(t, Options{Transport: transport, Subgraphs: map[string]Subgraph{"s": {URLs: []string{srv.URL}}}})
		_, err := c.Fetch(WithHeader(t.Context(), http.Header{"Authorization": {"secret\r\nX-Admin: 1"}}), query())
		if err == nil || !strings.Contains(err.Error(), "invalid header field") || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
	if served.Load() != 0 {
		t.Error("it was sent")
	}
}

// TestWhichClientFetches shows what is left to net/http.
func TestWhichClientFetches(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{}}`)
	})
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.IsAbs() {
			http.Error(w, "not a request to a proxy", http.StatusBadRequest)
			return
		}
		h(w, r)
	}))
	defer proxy.Close()
	tests := []struct {
		name  string
		url   string
		proxy string
		own   bool // ours
	}{
		{"http", plain.URL, "", true},
		{"https", secure.URL, "", false},
		{"http over a proxy", "http://subgraph.example", proxy.URL, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := NewNetwork()
			defer n.CloseIdleConnections()
			if tt.proxy != "" {
				to, err := url.Parse(tt.proxy)
				if err != nil {
					t.Fatal(err)
				}
				n.http.Proxy = http.ProxyURL(to)
			}
			if transport, ok := secure.Client().Transport.(*http.Transport); ok {
				n.http.TLSClientConfig = transport.TLSClientConfig.Clone()
			}
			c := mustNew(t, Options{Transport: n, Subgraphs: map[string]Subgraph{"s": {URLs: []string{tt.url}}}})
			if _, err := c.Fetch(t.Context(), query()); err != nil {
				t.Fatal(err)
			}
			if own := c.subgraphs["s"].endpoints[0].plain != nil; own != tt.own {
				t.Errorf("by http1: %v, want %v", own, tt.own)
			}
		})
	}
}

func TestAStaleConnectionIsNoFailure(t *testing.T) {
	var served atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{}}`)
	}))
	defer srv.Close()
	c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{srv.URL}}}})
	for _, kind := range []ast.Operation{ast.Query, ast.Mutation, ast.Query} {
		req := query()
		req.Kind = kind
		if _, err := c.Fetch(t.Context(), req); err != nil {
			t.Error(err)
		}
		srv.CloseClientConnections() // as a server does that restarts
	}
	if state := c.State()[0]; !state.Up || state.Errors != 0 || state.Requests != 3 || served.Load() != 3 {
		t.Errorf("%+v, served %d", state, served.Load())
	}
}

// TestAMutationIsNotSentTwice loses the connection after the mutation was read.
func TestAMutationIsNotSentTwice(t *testing.T) {
	var served atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if served.Add(1) > 1 && strings.Contains(string(body), "lost") {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{}}`)
	}))
	defer srv.Close()
	for kind, want := range map[ast.Operation]int32{ast.Mutation: 2, ast.Query: 3} {
		served.Store(0)
		c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{srv.URL}}}})
		if _, err := c.Fetch(t.Context(), query()); err != nil { // so that there is a connection that was kept
			t.Fatal(err)
		}
		_, err := c.Fetch(t.Context(), &exec.Request{Subgraph: "s", Kind: kind, Body: []byte("lost")})
		if err == nil || served.Load() != want {
			t.Errorf("%s: served %d, want %d: %v", kind, served.Load(), want, err)
		}
		if state := c.State()[0]; state.Up || state.Errors != 1 {
			t.Errorf("%s: %+v", kind, state)
		}
	}
}

func TestACancelledFetchIsNotTheEndpointsFailure(t *testing.T) {
	began := make(chan struct{}, 2)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		began <- struct{}{}
		<-r.Context().Done()
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, transport := range []http.RoundTripper{NewNetwork(), DefaultTransport()} {
		c := mustNew(t, Options{Transport: transport, Subgraphs: map[string]Subgraph{"s": {URLs: []string{srv.URL}}}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-began
			cancel()
		}()
		if _, err := c.Fetch(ctx, query()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if state := c.State()[0]; !state.Up || state.Errors != 1 {
			t.Errorf("%+v", state)
		}
	}
}
