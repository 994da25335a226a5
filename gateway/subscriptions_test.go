package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"medicore.dev/medicore/gateway"
)

const federation2 = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
`

// ticker is a subgraph that speaks graphql-transport-ws only and pushes what it is told to everybody who listens.
type ticker struct {
	mu      sync.Mutex
	conns   map[*websocket.Conn]bool
	opened  int           // subscriptions since the start
	changed chan struct{} // closed and made anew when conns changes
}

func (s *ticker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return
	}
	defer func() {
		s.set(c, false)
		_ = c.CloseNow()
	}()
	for {
		_, body, err := c.Read(r.Context())
		if err != nil {
			return
		}
		switch text := string(body); {
		case strings.Contains(text, `"connection_init"`):
			_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"type":"connection_ack"}`))
		case strings.Contains(text, `"subscribe"`):
			s.set(c, true)
		case strings.Contains(text, `"complete"`):
			s.set(c, false)
		}
	}
}

func (s *ticker) set(c *websocket.Conn, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.opened++
		s.conns[c] = true
	} else {
		delete(s.conns, c)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits until n subscriptions are open.
func (s *ticker) wait(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		have, changed := len(s.conns), s.changed
		s.mu.Unlock()
		if have == n {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d subscriptions are open at the subgraph, want %d", have, n)
		}
	}
}

func (s *ticker) push(t *testing.T, payload string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(`{"id":"1","type":"next","payload":`+payload+`}`)); err != nil {
			t.Error(err)
		}
	}
}

// names is a subgraph that knows the name of every item.
type names struct {
	mu    sync.Mutex
	asked int
}

func (s *names) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Variables struct {
			Representations []struct {
				ID string `json:"id"`
			} `json:"representations"`
		} `json:"variables"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"data":{"_entities":[{"name":"item %s"}]}}`, body.Variables.Representations[0].ID)
}

// platform is a gateway over both subgraphs, all on loopback.
type platform struct {
	ticks *ticker
	names *names
	url   string
	g     *gateway.Gateway
}

func start(t *testing.T, configure func(*gateway.Config)) *platform {
	t.Helper()
	p := &platform{ticks: &ticker{conns: map[*websocket.Conn]bool{}, changed: make(chan struct{})}, names: &names{}}
	ticks, names := httptest.NewServer(p.ticks), httptest.NewServer(p.names)
	cfg := gateway.DefaultConfig()
	if configure != nil {
		configure(&cfg)
	}
	g, err := gateway.New(t.Context(), cfg, gateway.Deps{
		Log:      slog.New(slog.DiscardHandler),
		Backends: map[string]gateway.Backend{"ticks": {URLs: []string{ticks.URL}}, "names": {URLs: []string{names.URL}}},
		Subgraphs: []gateway.Subgraph{
			{Name: "ticks", Path: "/graphql", SDL: federation2 + `type Query { none: Int } type Subscription { ticked(every: Int): Item } type Item @key(fields: "id") { id: ID! text: String }`},
			{Name: "names", Path: "/graphql", SDL: federation2 + `type Item @key(fields: "id") { id: ID! name: String }`},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(g.Handler())
	p.url, p.g = srv.URL+"/graphql", g
	t.Cleanup(func() {
		g.Drain()
		srv.CloseClientConnections()
		srv.Close()
		_ = g.Close()
		ticks.CloseClientConnections()
		ticks.Close()
		names.Close()
	})
	return p
}

// events opens a subscription over server-sent events and returns its lines of data as they come.
func (p *platform) events(ctx context.Context, t *testing.T, query string) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(`{"query":"`+query+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req) //nolint:bodyclose // the goroutine below does
	if err != nil {
		t.Error(err)
		return nil
	}
	out := make(chan string, 16)
	go func() {
		defer close(out)
		defer func() { _ = resp.Body.Close() }()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "" {
				out <- data
			} else if lines.Text() == "event: complete" {
				out <- "complete"
			}
		}
	}()
	return out
}

func expect(t *testing.T, from <-chan string, want string) {
	t.Helper()
	select {
	case got := <-from:
		if got != want {
			t.Fatalf("got %.200s, want %.200s", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing came, want %.200s", want)
	}
}

const (
	tick   = `{"data":{"ticked":{"id":"1"}}}`
	joined = `{"data":{"ticked":{"id":"1","name":"item 1"}}}`
	ask    = `subscription { ticked { id name } }`
)

func TestAThousandClientsShareOneSourceAndItsJoins(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, share := range []string{"start", "always"} {
		thousandClients(t, share)
	}
	settled(t, before)
}

func thousandClients(t *testing.T, share string) {
	t.Run(share, func(t *testing.T) {
		p := start(t, func(c *gateway.Config) { c.Subscriptions.Share = share })
		ctx, leave := context.WithCancel(t.Context())
		const clients = 1000
		streams := make([]<-chan string, clients)
		var all sync.WaitGroup
		for i := range streams {
			all.Go(func() { streams[i] = p.events(ctx, t, ask) })
			if i%50 == 49 {
				all.Wait()
			}
		}
		all.Wait()
		p.ticks.wait(t, 1)
		for range 3 {
			p.ticks.push(t, tick)
			for _, s := range streams {
				expect(t, s, joined)
			}
		}
		if p.ticks.opened != 1 || p.names.asked != 3 {
			t.Errorf("%d sources were opened and %d joins made", p.ticks.opened, p.names.asked)
		}
		// With "start", one that comes later has a source of its own: it may begin with a snapshot.
		late := p.events(ctx, t, ask)
		p.ticks.wait(t, map[string]int{"start": 2, "always": 1}[share])
		p.ticks.push(t, tick)
		expect(t, late, joined)
		leave()
		p.ticks.wait(t, 0)
	})
}

func TestWhatTellsSubscriptionsApartIsNotShared(t *testing.T) {
	p := start(t, nil)
	ctx := t.Context()
	for i, q := range []string{ask, `subscription { ticked { id } }`, `subscription { ticked(every: 2) { id name } }`} {
		p.events(ctx, t, q)
		p.ticks.wait(t, i+1)
	}
	p = start(t, func(c *gateway.Config) { c.Subscriptions.Share = "never" })
	for i := range 3 {
		p.events(ctx, t, ask)
		p.ticks.wait(t, i+1)
	}
	p = start(t, func(c *gateway.Config) { c.Subscriptions.Share = "always" })
	first := p.events(ctx, t, ask)
	p.ticks.wait(t, 1)
	p.ticks.push(t, tick)
	expect(t, first, joined)
	second := p.events(ctx, t, ask)
	p.ticks.push(t, tick)
	expect(t, first, joined)
	expect(t, second, joined)
	if p.ticks.opened != 1 {
		t.Errorf("%d sources were opened", p.ticks.opened)
	}
}

func dial(t *testing.T, p *platform) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), strings.Replace(p.url, "http", "ws", 1), &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(1 << 20)
	for _, m := range []string{`{"type":"connection_init"}`, `{"id":"a","type":"subscribe","payload":{"query":"subscription { ticked { text } }"}}`} {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if m := read(t, c); m != `{"type":"connection_ack"}` {
		t.Fatal(m)
	}
	return c
}

func read(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, body, err := c.Read(ctx)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// A client that does not read loses its subscription by a clear code, and nobody else notices.
func TestASlowClientIsCutAndOthersAreNot(t *testing.T) {
	p := start(t, func(c *gateway.Config) { c.Subscriptions.Queue = 4 })
	slow := dial(t, p)
	p.ticks.wait(t, 1)
	fast := p.events(t.Context(), t, "subscription { ticked { text } }")
	event := `{"data":{"ticked":{"text":"` + strings.Repeat("x", 256<<10) + `"}}}`
	// It is slow once the buffers of the connection are full, whose size the system chooses.
	for range 100 {
		p.ticks.push(t, event)
		expect(t, fast, event)
	}
	events := 0
	for {
		m := read(t, slow)
		if m == `{"type":"ping"}` { // on a busy machine
			continue
		}
		if strings.Contains(m, `"text":"x`) {
			events++
			continue
		}
		if want := `"code":"SUBSCRIPTION_TOO_SLOW"`; !strings.Contains(m, want) || !strings.Contains(m, `"type":"next"`) {
			t.Fatalf("after %d events came %.300s", events, m)
		}
		break
	}
	if m := read(t, slow); m != `{"id":"a","type":"complete"}` || events == 100 {
		t.Errorf("after %d events and the reason came %s", events, m)
	}
	p.ticks.push(t, event)
	expect(t, fast, event)
}

func TestDrainingCompletesSubscriptions(t *testing.T) {
	p := start(t, nil)
	socket, stream := dial(t, p), p.events(t.Context(), t, ask)
	p.ticks.wait(t, 2)
	p.g.Drain()
	expect(t, stream, "complete")
	if m := read(t, socket); m != `{"id":"a","type":"complete"}` {
		t.Error(m)
	}
	if m := read(t, socket); !strings.Contains(m, "StatusServiceRestart") {
		t.Error(m)
	}
	p.ticks.wait(t, 0)
}

func TestSubscriptionsOfOneClientAreBounded(t *testing.T) {
	p := start(t, func(c *gateway.Config) { c.Subscriptions.PerClient = 2 })
	ctx, leave := context.WithCancel(t.Context())
	for range 2 {
		p.events(ctx, t, ask)
	}
	p.ticks.wait(t, 1)
	refused := p.events(t.Context(), t, ask)
	expect(t, refused, `{"errors":[{"message":"at most 2 subscriptions may be open for one client","extensions":{"code":"TOO_MANY_SUBSCRIPTIONS"}}]}`)
	expect(t, refused, "complete")
	leave()
	p.ticks.wait(t, 0)
	again := p.events(t.Context(), t, ask)
	p.ticks.wait(t, 1)
	p.ticks.push(t, tick)
	expect(t, again, joined)
}

func TestTheCompletionOfTheSourceAndItsErrorsPassThrough(t *testing.T) {
	p := start(t, nil)
	s := p.events(t.Context(), t, ask)
	p.ticks.wait(t, 1)
	p.ticks.push(t, `{"data":{"ticked":null},"errors":[{"message":"no","path":["ticked"]}]}`)
	expect(t, s, `{"data":{"ticked":null},"errors":[{"message":"no","path":["ticked"],"extensions":{"code":"DOWNSTREAM_SERVICE_ERROR","serviceName":"ticks"}}]}`)
	p.ticks.mu.Lock()
	for c := range p.ticks.conns {
		_ = c.Write(t.Context(), websocket.MessageText, []byte(`{"id":"1","type":"complete"}`))
	}
	p.ticks.mu.Unlock()
	expect(t, s, "complete")
}

// settled waits until no more goroutines run than before.
func settled(t *testing.T, before int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
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

func TestSettingsOfSubscriptionsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		set        func(*gateway.Subscriptions)
	}{
		{"a protocol there is not", "not NAME=sse", func(s *gateway.Subscriptions) { s.Protocols = []string{"ticks=mqtt"} }},
		{"a path that is none", "not NAME=sse", func(s *gateway.Subscriptions) { s.Protocols = []string{"ticks=ws:live"} }},
		{"a subgraph there is not", `no subgraph "tocks"`, func(s *gateway.Subscriptions) { s.Protocols = []string{"tocks=ws"} }},
		{"another way to share", "not start, always or never", func(s *gateway.Subscriptions) { s.Share = "sometimes" }},
		{"no queue", "must be positive", func(s *gateway.Subscriptions) { s.Queue = 0 }},
		{"all is well", "", func(s *gateway.Subscriptions) { s.Protocols = []string{"ticks=ws:/live"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := gateway.DefaultConfig()
			tt.set(&cfg.Subscriptions)
			g, err := gateway.New(t.Context(), cfg, gateway.Deps{
				Log: slog.New(slog.DiscardHandler), Backends: map[string]gateway.Backend{"ticks": {URLs: []string{"http://127.0.0.1:1"}}},
				Subgraphs: []gateway.Subgraph{{Name: "ticks", Path: "/graphql", SDL: federation2 + "type Query { a: Int }"}},
			})
			if err == nil {
				defer func() { _ = g.Close() }()
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A subgraph that loses the connection is asked again, and the client is told that events may be missing.
func TestAGapIsTold(t *testing.T) {
	p := start(t, nil)
	s := p.events(t.Context(), t, ask)
	p.ticks.wait(t, 1)
	p.ticks.push(t, tick)
	expect(t, s, joined)
	p.ticks.mu.Lock()
	for c := range p.ticks.conns {
		_ = c.CloseNow()
	}
	clear(p.ticks.conns)
	p.ticks.mu.Unlock()
	expect(t, s, `{"errors":[{"message":"subgraph \"ticks\" was lost and found again: events may be missing","extensions":{"code":"SUBSCRIPTION_GAP","serviceName":"ticks"}}]}`)
	p.ticks.wait(t, 1)
	p.ticks.push(t, tick)
	expect(t, s, joined)
}
