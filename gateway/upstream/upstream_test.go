package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
)

func query() *exec.Request {
	return &exec.Request{Subgraph: "s", Kind: ast.Query, Body: []byte(`{"query":"{ping}"}`)}
}

func mustNew(t *testing.T, opt Options) *Client {
	t.Helper()
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// both runs the test over HTTP, by our client and by that of net/http, and in process: they must be the same.
func both(t *testing.T, h http.Handler, opt Subgraph, do func(t *testing.T, c *Client)) {
	t.Helper()
	for name, transport := range map[string]http.RoundTripper{"http": nil, "net/http": DefaultTransport()} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(h)
			t.Cleanup(srv.Close)
			s := opt
			s.URLs, s.Transport = []string{srv.URL + "/graphql"}, transport
			do(t, mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": s}, Propagate: []string{"x-tenant", "Host"}}))
		})
	}
	t.Run("in process", func(t *testing.T) {
		s := opt
		s.URLs, s.Transport = []string{"http://s/graphql"}, InProcess(h)
		do(t, mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": s}, Propagate: []string{"x-tenant", "Host"}}))
	})
}

func TestRequestIsSentAsItShouldBe(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"data":%q,"auth":%q,"tenant":%q,"secret":%q,"type":%q,"accept":%q,"path":%q,"key":%v}`, body, r.Header.Get("Authorization"),
			r.Header.Get("X-Tenant"), r.Header.Get("Cookie"), r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.URL.Path, r.Header["Idempotency-Key"] == nil)
	})
	both(t, h, Subgraph{}, func(t *testing.T, c *Client) {
		ctx := WithHeader(t.Context(), http.Header{"Authorization": {"Bearer x"}, "X-Tenant": {"t"}, "Cookie": {"no"}})
		resp, err := c.Fetch(ctx, query())
		if err != nil {
			t.Fatal(err)
		}
		want := `{"data":"{\"query\":\"{ping}\"}","auth":"Bearer x","tenant":"t","secret":"","type":"application/json",` +
			`"accept":"application/graphql-response+json, application/json;q=0.9","path":"/graphql","key":true}`
		if diff := cmp.Diff(want, string(resp.Body)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnswers(t *testing.T) {
	const graphql = `{"data":{"ping":1}}`
	tests := []struct {
		name   string
		status int
		kind   string
		body   string
		want   string // body, or the error's message for clients
	}{
		{"JSON is used", 200, "application/json; charset=utf-8", graphql, graphql},
		{"the GraphQL media type is used", 200, "application/graphql-response+json", graphql, graphql},
		{"an untyped JSON object is used", 200, "", " " + graphql, " " + graphql},
		{"GraphQL with an error status is used", 422, "application/json", `{"errors":[{"message":"x"}]}`, `{"errors":[{"message":"x"}]}`},
		{"another JSON with an error status is not", 401, "application/json", `{"error":"x"}`, "answered HTTP 401 without a GraphQL response"},
		{"HTML with status 200 is an error", 200, "text/html; charset=utf-8", "<html>", "answered with text/html instead of a GraphQL response"},
		{"HTML of a proxy is an error", 502, "text/html", "<html>", "answered HTTP 502 without a GraphQL response"},
		{"a redirect is not followed", 302, "application/json", "", "answered HTTP 302 without a GraphQL response"},
		{"an answer over the limit is an error", 200, "application/json", graphql + strings.Repeat(" ", 100_000), "sent an answer that is too large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if w.Header()["Content-Type"] = nil; tt.kind != "" {
					w.Header().Set("Content-Type", tt.kind)
				}
				if tt.status == 302 {
					w.Header().Set("Location", "/other")
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			both(t, h, Subgraph{MaxBytes: 50_000}, func(t *testing.T, c *Client) {
				resp, err := c.Fetch(t.Context(), query())
				var got string
				var known *exec.FetchError
				switch {
				case errors.As(err, &known):
					got = known.Message
				case err != nil:
					t.Fatal(err)
				default:
					got = string(resp.Body)
				}
				if got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestACallHasADeadline(t *testing.T) {
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that its client left when it reads
		<-r.Context().Done()
	})
	both(t, h, Subgraph{Timeout: 20 * time.Millisecond}, func(t *testing.T, c *Client) {
		if _, err := c.Fetch(t.Context(), query()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := c.Subscribe(t.Context(), query()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestASlowBodyEndsAtTheDeadline(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	both(t, h, Subgraph{Timeout: 50 * time.Millisecond}, func(t *testing.T, c *Client) {
		if _, err := c.Fetch(t.Context(), query()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// The executor uses the memory of a request again when Fetch has returned, even where the request was given up.
func TestARequestThatWasGivenUpIsReadAsItWas(t *testing.T) {
	began, given, read := make(chan struct{}), make(chan struct{}), make(chan string)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-given
		body, _ := io.ReadAll(r.Body)
		read <- string(body)
	})
	c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{"http://s/graphql"}, Transport: InProcess(h)}}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	req := query()
	want := string(req.Body)
	if _, err := c.Fetch(ctx, req); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	clear(req.Body)
	close(given)
	if got := <-read; got != want {
		t.Errorf("%q was read", got)
	}
}

func TestAPanicInTheHandlerIsAnError(t *testing.T) {
	for _, flush := range []bool{false, true} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if flush {
				_ = http.NewResponseController(w).Flush()
			}
			panic("secret")
		})
		c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{"http://s"}, Transport: InProcess(h)}}})
		if _, err := c.Fetch(t.Context(), query()); err == nil || !strings.Contains(err.Error(), "panic in handler") {
			t.Errorf("flush %v: %v", flush, err)
		}
	}
}

func TestTheHandlerSeesNoContextValues(t *testing.T) {
	type key struct{}
	seen := make(chan any, 1)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Context().Value(key{}) })
	c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{"http://s"}, Transport: InProcess(h)}}})
	_, _ = c.Fetch(context.WithValue(t.Context(), key{}, "v"), query())
	if v := <-seen; v != nil {
		t.Error(v)
	}
}

func TestAURLThatIsDownIsLeftOutAndTheQueryRetried(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://user:pass@" + l.Addr().String()
	_ = l.Close()
	var served atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{}}`)
	}))
	defer srv.Close()
	c := mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{dead, srv.URL}}}})
	for range 4 {
		if _, err := c.Fetch(t.Context(), query()); err != nil {
			t.Fatal(err)
		}
	}
	state := c.State()
	if len(state) != 2 || state[0].Up || state[0].Requests != 1 || state[0].Errors != 1 || !state[1].Up || served.Load() != 4 {
		t.Errorf("%+v, served %d", state, served.Load())
	}
	if strings.Contains(state[0].URL, "pass") {
		t.Error("the password is shown")
	}

	c = mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": {URLs: []string{dead, srv.URL}}}})
	mutation := query()
	mutation.Kind = ast.Mutation
	if _, err := c.Fetch(t.Context(), mutation); err == nil || served.Load() != 4 {
		t.Errorf("a mutation was repeated: %v, served %d", err, served.Load())
	}
}

func TestPausesGrowAndOneRequestProbes(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	s := &subgraph{endpoints: []*endpoint{{}, {}}}
	down, up := s.endpoints[0], s.endpoints[1]
	used := func() (n int) {
		for range 10 {
			if s.pick(now, nil) == down {
				n++
			}
		}
		return n
	}
	down.failed(now)
	if n := used(); n != 0 {
		t.Errorf("used %d times while left out", n)
	}
	now = now.Add(firstPause)
	if n := used(); n != 1 {
		t.Errorf("probed by %d requests", n)
	}
	down.failed(now)
	if pause := down.pausedUntil().Sub(now); pause < firstPause {
		t.Errorf("second pause is %v", pause)
	}
	for range 20 {
		down.failed(now)
	}
	if pause := down.pausedUntil().Sub(now); pause > lastPause {
		t.Errorf("pause is %v", pause)
	}
	down.succeeded()
	if n := used(); n != 5 {
		t.Errorf("used %d times after it came back", n)
	}
	up.failed(now)
	down.failed(now)
	if s.pick(now, nil) == nil {
		t.Error("none was tried when all are down")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, urls := range [][]string{nil, {""}, {"ftp://x"}, {"http://"}, {"://"}} {
		if _, err := New(Options{Subgraphs: map[string]Subgraph{"s": {URLs: urls}}}); err == nil {
			t.Errorf("%q was taken", urls)
		}
	}
}
