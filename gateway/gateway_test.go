package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/registry"
)

// service is a subgraph over HTTP. It answers every query with its name once it is let, and sends the events it is given.
type service struct {
	*httptest.Server
	name   string
	sdl    atomic.Pointer[string]
	asked  chan struct{} // a query has come
	let    chan struct{} // answer one query
	events chan string
	cookie bool // answers come with one
}

func newService(t *testing.T, name, sdl string) *service {
	t.Helper()
	s := &service{name: name, asked: make(chan struct{}, 10), let: make(chan struct{}, 10), events: make(chan string)}
	s.sdl.Store(&sdl)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case strings.Contains(string(body), "_service"):
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"_service": map[string]string{"sdl": *s.sdl.Load()}}})
	case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case e := <-s.events:
				_, _ = fmt.Fprintf(w, "event: next\ndata: %s\n\n", e)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	default:
		s.asked <- struct{}{}
		select {
		case <-s.let:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if s.cookie {
			w.Header().Set("Set-Cookie", "a=b")
		}
		_, _ = fmt.Fprintf(w, `{"data":{"a":%q,"b":%q}}`, s.name, s.name)
	}
}

// front starts a gateway and its server.
func front(t *testing.T, deps Deps) *httptest.Server {
	t.Helper()
	deps.Metrics = prometheus.NewRegistry()
	return frontWith(t, DefaultConfig(), deps)
}

func frontWith(t *testing.T, cfg Config, deps Deps) *httptest.Server {
	t.Helper()
	cfg.PollInterval = 10 * time.Millisecond
	deps.Log, deps.OpenAdmin = slog.New(slog.DiscardHandler), true
	g, err := New(t.Context(), cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = g.Run(ctx); close(done) }()
	srv := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		g.Drain()
		srv.Close()
		cancel()
		<-done
		_ = g.Close()
	})
	return srv
}

func post(url, query, accept string) (*http.Response, error) {
	body, _ := json.Marshal(map[string]string{"query": query})
	req, err := http.NewRequest(http.MethodPost, url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	return http.DefaultClient.Do(req)
}

// ask answers a query's body.
func ask(url, query string) string {
	resp, err := post(url, query, "application/json")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// told is what the state's API tells.
type told struct {
	Hash, Origin, SDL string
	Errors            []struct {
		Code, Message string
		Locations     []struct {
			Subgraph     string
			Line, Column int
		}
	}
	Subgraphs map[string]struct{ Known bool }
}

func waitForState(t *testing.T, url, what string, ok func(told) bool) {
	t.Helper()
	deadline, tick := time.NewTimer(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		resp, err := http.Get(url + "/admin/api/supergraph")
		if err != nil {
			t.Fatal(err)
		}
		var st told
		err = json.NewDecoder(resp.Body).Decode(&st)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("the state is answered %s: %v", resp.Status, err)
		}
		if ok(st) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not after 20 s: %s; it is %+v", what, st)
		}
	}
}

// follow opens a subscription and returns the data of its events; the channel is closed when it ends.
func follow(t *testing.T, url, query string) <-chan string {
	t.Helper()
	resp, err := post(url, query, "text/event-stream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	out := make(chan string, 10)
	go func() {
		defer close(out)
		s := bufio.NewScanner(resp.Body)
		for s.Scan() {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok && data != "" {
				out <- data
			}
		}
	}()
	return out
}

func receive(t *testing.T, ch <-chan string) string {
	t.Helper()
	select {
	case v, ok := <-ch:
		if !ok {
			return "(the end)"
		}
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came in 20 s")
		return ""
	}
}

func TestASwapLosesNoRequestAndEndsNoSubscriptionItCanServe(t *testing.T) {
	const before = "type Query { a: String } type Subscription { tick: Int }"
	s := newService(t, "one", before)
	gw := front(t, Deps{Subgraphs: []Subgraph{{Name: "one", Path: "/graphql", Poll: true}}, Backends: map[string]Backend{"one": {URLs: []string{s.URL}}}})
	waitForState(t, gw.URL, "there is a supergraph", func(st told) bool { return st.Origin == "composed" })

	events := follow(t, gw.URL, "subscription { tick }")
	s.events <- `{"data":{"tick":1}}`
	if got := receive(t, events); got != `{"data":{"tick":1}}` {
		t.Errorf("the first event is %s", got)
	}
	inFlight := make(chan string, 1)
	go func() { inFlight <- ask(gw.URL, "{ a }") }()
	<-s.asked

	after := before + " extend type Query { b: String }"
	s.sdl.Store(&after)
	waitForState(t, gw.URL, "the new supergraph is in force", func(st told) bool { return strings.Contains(st.SDL, "b: String") })
	s.let <- struct{}{}
	if got := receive(t, inFlight); got != `{"data":{"a":"one"}}` {
		t.Errorf("the request in flight is answered %s", got)
	}
	s.let <- struct{}{}
	if got := ask(gw.URL, "{ b }"); got != `{"data":{"b":"one"}}` {
		t.Errorf("the new field is answered %s", got)
	}
	s.events <- `{"data":{"tick":2}}`
	if got := receive(t, events); got != `{"data":{"tick":2}}` {
		t.Errorf("the event after the swap is %s", got)
	}

	broken := "type Query { a: Nothing }"
	s.sdl.Store(&broken)
	waitForState(t, gw.URL, "the error is told with its place", func(st told) bool {
		return len(st.Errors) == 1 && st.Errors[0].Code == "INVALID_GRAPHQL" && len(st.Errors[0].Locations) == 1 && st.Errors[0].Locations[0].Subgraph == "one" &&
			strings.Contains(st.SDL, "b: String")
	})
	s.events <- `{"data":{"tick":3}}`
	if got := receive(t, events); got != `{"data":{"tick":3}}` {
		t.Errorf("the event after a broken schema is %s", got)
	}

	without := "type Query { a: String }"
	s.sdl.Store(&without)
	waitForState(t, gw.URL, "there are no subscriptions any more", func(st told) bool { return !strings.Contains(st.SDL, "tick") && len(st.Errors) == 0 })
	s.events <- `{"data":{"tick":4}}`
	if got := receive(t, events); !strings.Contains(got, `"errors"`) || strings.Contains(got, "tick\":4") {
		t.Errorf("a subscription that the schema has no more gets %s", got)
	}
	if got := receive(t, events); got != "(the end)" {
		t.Errorf("then comes %s", got)
	}
}

func TestAFollowedSupergraphMayMoveItsSubgraphs(t *testing.T) {
	first, second := newService(t, "first", ""), newService(t, "second", "")
	file := filepath.Join(t.TempDir(), "supergraph.graphql")
	write := func(s *service, sdl string) {
		t.Helper()
		result, err := compose.Compose([]subgraph.Source{{Name: "one", URL: s.URL, SDL: sdl}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(result.SupergraphSDL), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first, "type Query { a: String }")
	gw := front(t, Deps{Follow: registry.SupergraphFile(file), FollowFrom: file})
	inFlight := make(chan string, 1)
	go func() { inFlight <- ask(gw.URL, "{ a }") }()
	<-first.asked
	write(second, "type Query { a: String b: String }")
	waitForState(t, gw.URL, "the new supergraph is in force", func(st told) bool { return strings.Contains(st.SDL, second.URL) })
	second.let <- struct{}{}
	if got := ask(gw.URL, "{ a b }"); got != `{"data":{"a":"second","b":"second"}}` {
		t.Errorf("where the subgraph moved to, it answers %s", got)
	}
	first.let <- struct{}{}
	if got := receive(t, inFlight); got != `{"data":{"a":"first"}}` {
		t.Errorf("the request in flight is answered %s", got)
	}
	if err := os.WriteFile(file, []byte("type Query"), 0o600); err != nil {
		t.Fatal(err)
	}
	waitForState(t, gw.URL, "what is no supergraph is told", func(st told) bool { return len(st.Errors) == 1 && strings.Contains(st.SDL, second.URL) })
}

func TestTheStateIsForAdministratorsOnly(t *testing.T) {
	s := newService(t, "one", "type Query { a: String }")
	g, err := New(t.Context(), DefaultConfig(), Deps{
		Log: slog.New(slog.DiscardHandler), Subgraphs: []Subgraph{{Name: "one", Path: "/graphql", SDL: *s.sdl.Load()}}, Backends: map[string]Backend{"one": {URLs: []string{s.URL}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/admin/api/supergraph", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("without tokens and not open it is answered %d", w.Code)
	}
}
