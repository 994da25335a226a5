package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
)

// socketServer speaks graphql-transport-ws by a script: what it does once it has the subscription.
type socketServer struct {
	inits  chan map[string]string
	asked  chan string
	script func(ctx context.Context, c *websocket.Conn)
	silent bool // connection_init is not acknowledged
	conns  sync.Map
}

func (s *socketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		http.Error(w, "WebSocket only", http.StatusMethodNotAllowed)
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return
	}
	s.conns.Store(c, true)
	defer func() { _ = c.CloseNow() }()
	for {
		_, body, err := c.Read(r.Context())
		if err != nil {
			return
		}
		var f frame
		_ = json.Unmarshal(body, &f)
		switch f.Type {
		case "connection_init":
			var payload map[string]string
			_ = json.Unmarshal(f.Payload, &payload)
			if s.inits != nil {
				s.inits <- payload
			}
			if !s.silent {
				_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"type":"ping"}`))
				_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"type":"connection_ack"}`))
			}
		case "subscribe":
			if s.asked != nil {
				s.asked <- string(f.Payload)
			}
			s.script(r.Context(), c)
		case "complete":
			if s.asked != nil {
				s.asked <- "complete"
			}
		}
	}
}

func say(frames ...string) func(context.Context, *websocket.Conn) {
	return func(ctx context.Context, c *websocket.Conn) {
		for _, f := range frames {
			_ = c.Write(ctx, websocket.MessageText, []byte(f))
		}
	}
}

func closeWith(code websocket.StatusCode) func(context.Context, *websocket.Conn) {
	return func(_ context.Context, c *websocket.Conn) { _ = c.Close(code, "x") }
}

func subscription() *exec.Request {
	return &exec.Request{Subgraph: "s", Kind: ast.Subscription, Body: []byte(`{"query":"subscription{n}"}`)}
}

// client of one subgraph at the URL.
func client(t *testing.T, url string, opt Subgraph) *Client {
	opt.URLs = []string{url}
	return mustNew(t, Options{Subgraphs: map[string]Subgraph{"s": opt}})
}

func TestSockets(t *testing.T) {
	const next = `{"id":"1","type":"next","payload":{"data":{"n":1}}}`
	for _, tt := range []struct {
		name   string
		script func(context.Context, *websocket.Conn)
		want   string
	}{
		{"events and completion", say(next, `{"type":"ping"}`, next, `{"id":"1","type":"complete"}`), `{"data":{"n":1}}|{"data":{"n":1}}|end`},
		{"an error is the last event", say(next, `{"id":"1","type":"error","payload":[{"message":"no"}]}`), `{"data":{"n":1}}|{"errors":[{"message":"no"}]}|end`},
		{"messages for others are nothing", say(`{"id":"2","type":"next","payload":{}}`, `{"id":"1","type":"complete"}`), "end"},
		{"no JSON", say("x"), "sent a message that is not of graphql-transport-ws"},
		{"too large", say(`{"id":"1","type":"next","payload":"` + strings.Repeat("x", 20_000) + `"}`), "sent an event that is too large"},
		{"not authorised", closeWith(4401), "refused the subscription: it wants a credential"},
		{"forbidden", closeWith(4403), "refused the connection: the credential is not good enough"},
		{"a subscriber that exists", closeWith(4409), "already has a subscription of this id"},
		{"a code of its own is an interruption", closeWith(4999), "closed the WebSocket with code 4999"},
		{"going away is an interruption", closeWith(websocket.StatusGoingAway), "closed the WebSocket with code 1001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(&socketServer{script: tt.script})
			defer srv.Close()
			for _, protocol := range []Protocol{Auto, WebSocket} {
				s, err := client(t, srv.URL, Subgraph{Protocol: protocol, MaxBytes: 10_000}).Subscribe(t.Context(), subscription())
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(all(t.Context(), s), "|"); got != tt.want {
					t.Errorf("%q: got %q, want %q", protocol, got, tt.want)
				}
				_ = s.Close()
			}
		})
	}
}

func TestASocketPassesOnWhoAsksAndWhat(t *testing.T) {
	h := &socketServer{inits: make(chan map[string]string, 1), asked: make(chan string, 2), script: say()}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c := client(t, srv.URL, Subgraph{Protocol: WebSocket, SubscriptionPath: "/live"})
	s, err := c.Subscribe(WithHeader(t.Context(), http.Header{"Authorization": {"Bearer x"}, "Cookie": {"no"}}), subscription())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"Authorization": "Bearer x"}, <-h.inits); diff != "" {
		t.Error(diff)
	}
	if got := <-h.asked; got != `{"query":"subscription{n}"}` {
		t.Error(got)
	}
	_ = s.Close()
	if got := <-h.asked; got != "complete" {
		t.Error("the subgraph was not told that nobody listens, but", got)
	}
}

func TestASubgraphIsToldWhenASubscriptionEndsWithItsContext(t *testing.T) {
	h := &socketServer{asked: make(chan string, 2), script: say()}
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, closed := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := client(t, srv.URL, Subgraph{Protocol: WebSocket}).Subscribe(ctx, subscription())
		if err != nil {
			t.Fatal(err)
		}
		<-h.asked
		cancel()
		if closed {
			_ = s.Close()
		}
		if got := <-h.asked; got != "complete" {
			t.Error(got)
		}
		if data, err := s.Next(ctx); err == nil {
			t.Errorf("it goes on: %s", data)
		}
		_ = s.Close()
	}
}

func TestAnAcknowledgementHasADeadline(t *testing.T) {
	srv := httptest.NewServer(&socketServer{silent: true})
	defer srv.Close()
	_, err := client(t, srv.URL, Subgraph{Protocol: WebSocket, Timeout: 50 * time.Millisecond}).Subscribe(t.Context(), subscription())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestWhereThereIsNoSocketTheFirstAnswerStands(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"errors":[{"message":"no subscriptions"}]}`)
	})
	both(t, h, Subgraph{}, func(t *testing.T, c *Client) {
		s, err := c.Subscribe(t.Context(), subscription())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(all(t.Context(), s), "|"); got != `{"errors":[{"message":"no subscriptions"}]}|end` {
			t.Error(got)
		}
	})
}

// A subgraph that is killed and started again is found again, and the gap is told.
func TestALostSubscriptionIsOpenedAgain(t *testing.T) {
	const event = `{"id":"1","type":"next","payload":{"n":1}}`
	sse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: next\ndata: {\"n\":1}\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	for name, h := range map[string]http.Handler{"sse": sse, "ws": &socketServer{script: say(event)}} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			srv := httptest.NewServer(h)
			addr := srv.Listener.Addr().String()
			c := client(t, srv.URL, Subgraph{})
			s, err := c.Subscribe(t.Context(), subscription())
			if err != nil {
				t.Fatal(err)
			}
			take := func(want string) {
				t.Helper()
				data, err := s.Next(t.Context())
				if err != nil || string(data) != want {
					t.Fatalf("got %s, %v", data, err)
				}
			}
			take(`{"n":1}`)
			srv.Config.SetKeepAlivesEnabled(false)
			_ = srv.Listener.Close()
			srv.CloseClientConnections()
			kill(h)
			again := make(chan *httptest.Server, 1)
			time.AfterFunc(300*time.Millisecond, func() { // down for a while
				l, err := net.Listen("tcp", addr)
				if err != nil {
					t.Error(err)
				}
				next := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}} //nolint:gosec // a test's
				next.Start()
				again <- next
			})
			if _, err := s.Next(t.Context()); !errors.Is(err, exec.ErrInterrupted) {
				t.Fatal(err)
			}
			take(`{"n":1}`)
			_ = s.Close()
			second := <-again
			second.CloseClientConnections()
			second.Close()
			srv.Close()
			_ = c.Close()
			settled(t, before)
		})
	}
}

// A proxy whose subgraph is gone closes connections without an answer. That is not a stream's end.
func TestASubscriptionThatCannotBeOpenedAgainYetIsNotComplete(t *testing.T) {
	sse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: next\ndata: {\"n\":1}\n\n")
	})
	ws := &socketServer{script: func(ctx context.Context, c *websocket.Conn) {
		say(`{"id":"1","type":"next","payload":{"n":1}}`)(ctx, c)
		_ = c.CloseNow()
	}}
	for protocol, h := range map[Protocol]http.Handler{SSE: sse, WebSocket: ws} {
		t.Run(string(protocol), func(t *testing.T) {
			var asked atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if n := asked.Add(1); n == 1 || n == 4 {
					h.ServeHTTP(w, r)
					return
				}
				panic(http.ErrAbortHandler)
			}))
			defer srv.Close()
			s, err := client(t, srv.URL, Subgraph{Protocol: protocol}).Subscribe(t.Context(), subscription())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for i, interrupted := range []bool{false, true, false} {
				_, err := s.Next(t.Context())
				if errors.Is(err, exec.ErrInterrupted) != interrupted || err != nil && !interrupted || errors.Is(err, io.EOF) {
					t.Fatalf("%d: %v", i, err)
				}
			}
		})
	}
}

// kill ends the connections that the server has hijacked, which a server does not know any more.
func kill(h http.Handler) {
	if s, ok := h.(*socketServer); ok {
		s.conns.Range(func(c, _ any) bool {
			_ = c.(*websocket.Conn).CloseNow()
			return true
		})
	}
}

func TestALostSubscriptionIsGivenUpAfterAWhileOrWithItsContext(t *testing.T) {
	srv := httptest.NewServer(&socketServer{script: closeWith(1012)})
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := client(t, srv.URL, Subgraph{Protocol: WebSocket}).Subscribe(ctx, subscription())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 3 { // it opens, and is lost again
		if _, err := s.Next(t.Context()); !errors.Is(err, exec.ErrInterrupted) {
			t.Fatal(err)
		}
	}
	cancel()
	if _, err := s.Next(t.Context()); err == nil || errors.Is(err, exec.ErrInterrupted) {
		t.Error(err)
	}
	end := &resumed{current: s, tries: reopenTries}
	if _, err := end.Next(t.Context()); err == nil || errors.Is(err, exec.ErrInterrupted) {
		t.Error(err)
	}
}

// settled waits until no more goroutines run than before.
func settled(t *testing.T, before int) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-deadline:
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, before %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
