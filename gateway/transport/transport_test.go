package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/pipeline"
)

// fake prepares operations by their text: query, mutation, subscription, endless, flood, deferred, bad.
type fake struct{}

func (fake) Prepare(_ context.Context, req *pipeline.Request) (pipeline.Operation, *pipeline.Failure) {
	if req.Query == "bad" {
		return nil, &pipeline.Failure{Errors: gqlerror.List{{Message: "no", Extensions: map[string]any{"code": "GRAPHQL_PARSE_FAILED"}}}, Status: 400}
	}
	return &fakeOperation{text: req.Query, left: 2, parts: req.Incremental}, nil
}

type fakeOperation struct {
	text  string
	left  int
	parts pipeline.Incremental
}

func (o *fakeOperation) Kind() ast.Operation {
	switch o.text {
	case "mutation":
		return ast.Mutation
	case "subscription", "endless", "flood":
		return ast.Subscription
	}
	return ast.Query
}

func (o *fakeOperation) Execute(_ context.Context, write func([]byte)) {
	write([]byte(`{"data":{"ok":true}}`))
}

func (o *fakeOperation) Subscribe(context.Context) (pipeline.Events, *pipeline.Failure) {
	return o, nil
}

func (o *fakeOperation) Incremental() bool {
	return o.text == "deferred" && o.parts != pipeline.NotIncremental
}
func (o *fakeOperation) Increments(context.Context) pipeline.Events { return o }
func (o *fakeOperation) Close()                                     {}
func (o *fakeOperation) Next(ctx context.Context) ([]byte, error) {
	if o.text == "endless" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if o.text == "flood" {
		return []byte(`{"data":{"much":"` + strings.Repeat("x", 1<<20) + `"}}`), ctx.Err()
	}
	if o.left == 0 {
		return nil, io.EOF
	}
	o.left--
	return []byte(`{"data":{"n":` + string(rune('0'+o.left)) + `}}`), nil
}

func endpoint(t *testing.T, opt Options) (*httptest.Server, *Handler) {
	t.Helper()
	h, err := New("/graphql", fake{}, opt)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, h
}

func TestRequestsAndTheirAnswers(t *testing.T) {
	s, _ := endpoint(t, Options{MaxBody: 200})
	const js, gql = "application/json", "application/graphql-response+json"
	for _, tt := range []struct {
		name, method, query, kind, accept, body string
		status                                  int
		media, contains                         string
	}{
		{"a query", "POST", "", js, "", `{"query":"query"}`, 200, js, `"ok":true`},
		{"a query that likes the newer media type", "POST", "", js, gql, `{"query":"query"}`, 200, gql, `"ok":true`},
		{"of two types the one liked better", "POST", "", js, js + ";q=0.5, " + gql, `{"query":"query"}`, 200, gql, ""},
		{"a query by GET", "GET", "?query=query", "", js, "", 200, js, `"ok":true`},
		{"a mutation by GET", "GET", "?query=mutation", "", js, "", 405, js, "POST"},
		{"what does not parse, in plain JSON", "POST", "", js, js, `{"query":"bad"}`, 200, js, "GRAPHQL_PARSE_FAILED"},
		{"what does not parse, in the newer type", "POST", "", js, gql, `{"query":"bad"}`, 400, gql, "GRAPHQL_PARSE_FAILED"},
		{"no JSON", "POST", "", js, "", `{"query":`, 400, js, "JSON"},
		{"a list", "POST", "", js, "", `[{"query":"query"}]`, 400, js, "JSON object"},
		{"no query", "POST", "", js, "", `{}`, 400, js, "no query"},
		{"a query that is a number", "POST", "", js, "", `{"query":1}`, 400, js, "query must be a string"},
		{"variables that are a list", "POST", "", js, "", `{"query":"query","variables":[]}`, 400, js, "variables must be an object"},
		{"nulls count as absent", "POST", "", js, "", `{"query":"query","variables":null,"operationName":null,"extensions":null}`, 200, js, ""},
		{"bad UTF-8", "POST", "", js, "", "{\"query\":\"\xff\"}", 400, js, "UTF-8"},
		{"another charset", "POST", "", js + "; charset=latin1", "", `{"query":"query"}`, 415, js, ""},
		{"a form", "POST", "", "application/x-www-form-urlencoded", "", "query=query", 415, js, "application/json"},
		{"no content type", "POST", "", "", "", `{"query":"query"}`, 415, js, ""},
		{"too large", "POST", "", js, "", `{"query":"` + strings.Repeat("x", 300) + `"}`, 413, js, "200 bytes"},
		{"nothing acceptable", "POST", "", js, "image/png", `{"query":"query"}`, 406, js, "accept"},
		{"another method", "PUT", "", js, "", `{}`, 405, js, "GET or POST"},
		{"the same parameter twice", "GET", "?query=query&query=mutation", "", "", "", 400, js, "more than once"},
		{"a subscription without a stream", "POST", "", js, js, `{"query":"subscription"}`, 400, js, "text/event-stream"},
		{"deferred parts that were not asked for", "POST", "", js, js, `{"query":"deferred"}`, 200, js, `"ok":true`},
		{"deferred parts in a form that is not spoken", "POST", "", js, "multipart/mixed;deferSpec=1999, " + gql, `{"query":"deferred"}`, 200, gql, `"ok":true`},
		{"parts of subscriptions", "POST", "", js, "multipart/mixed;subscriptionSpec=1.0, " + gql, `{"query":"deferred"}`, 200, gql, `"ok":true`},
		{"one result where several would be taken", "POST", "", js, "multipart/mixed;deferSpec=20220824", `{"query":"query"}`, 200, js, `"ok":true`},
		{"a page that there is not", "GET", "", "", "text/html", "", 406, js, "not HTML"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL+"/graphql"+tt.query, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.kind != "" {
				req.Header.Set("Content-Type", tt.kind)
			}
			if tt.accept != "" {
				req.Header.Set("Accept", tt.accept)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.media+"; charset=utf-8" || !strings.Contains(string(body), tt.contains) {
				t.Errorf("got %d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
			if tt.status == 405 && resp.Header.Get("Allow") == "" {
				t.Error("405 does not say what is allowed")
			}
		})
	}
}

func TestABodyMustArriveInTime(t *testing.T) {
	s, h := endpoint(t, Options{})
	h.arrival = 50 * time.Millisecond
	body, write := io.Pipe()
	defer write.Close()
	go func() { _, _ = io.WriteString(write, `{"query":`) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/graphql", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(got), "in time") {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
}

func stream(t *testing.T, s *httptest.Server, query string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), ":\n\n", "")
}

func TestStreams(t *testing.T) {
	s, _ := endpoint(t, Options{})
	for query, want := range map[string]string{
		"subscription": "event: next\ndata: {\"data\":{\"n\":1}}\n\nevent: next\ndata: {\"data\":{\"n\":0}}\n\nevent: complete\ndata: \n\n",
		"query":        "event: next\ndata: {\"data\":{\"ok\":true}}\n\nevent: complete\ndata: \n\n",
	} {
		if got := stream(t, s, query); got != want {
			t.Errorf("%s streamed %q", query, got)
		}
	}
	if got := stream(t, s, "bad"); !strings.Contains(got, "GRAPHQL_PARSE_FAILED") || !strings.HasSuffix(got, "event: complete\ndata: \n\n") {
		t.Errorf("a bad request streamed %q", got)
	}
}

func TestDeferredPartsComeAsTheyWereAskedFor(t *testing.T) {
	s, _ := endpoint(t, Options{})
	const parts = "\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{\"data\":{\"n\":1}}\r\n---" +
		"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{\"data\":{\"n\":0}}\r\n-----\r\n"
	const events = "event: next\ndata: {\"data\":{\"n\":1}}\n\nevent: next\ndata: {\"data\":{\"n\":0}}\n\nevent: complete\ndata: \n\n"
	for accept, want := range map[string][2]string{
		"multipart/mixed;deferSpec=20220824, application/json":                          {`multipart/mixed; boundary="-"; deferSpec=20220824`, parts},
		"application/graphql-response+json, multipart/mixed;incrementalSpec=v0.2;q=0.1": {`multipart/mixed; boundary="-"; incrementalSpec=v0.2`, parts},
		"multipart/mixed": {`multipart/mixed; boundary="-"`, parts},
		"multipart/mixed;deferSpec=20220824;q=0.1, multipart/mixed;incrementalSpec=v0.2;q=0.2": {`multipart/mixed; boundary="-"; incrementalSpec=v0.2`, parts},
		"text/event-stream;incrementalSpec=v0.2":                                               {"text/event-stream; charset=utf-8", events},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/graphql", strings.NewReader(`{"query":"deferred"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.Header.Get("Content-Type") != want[0] || string(body) != want[1] {
			t.Errorf("%s: got %s %q", accept, resp.Header.Get("Content-Type"), body)
		}
	}
	c := dial(t, s)
	say(t, c, `{"type":"connection_init"}`)
	say(t, c, `{"id":"a","type":"subscribe","payload":{"query":"deferred","extensions":{"incrementalSpec":"v0.2"}}}`)
	for _, want := range []string{"connection_ack", "next", "next", "complete"} {
		if m := hear(t, c); m.Type != want {
			t.Errorf("got %+v, want %s", m, want)
		}
	}
}

func TestAStreamEndsWithItsCallersTokenAndWithTheGateway(t *testing.T) {
	end := time.Now().Add(50 * time.Millisecond)
	s, _ := endpoint(t, Options{End: func(context.Context) time.Time { return end }})
	if got := stream(t, s, "endless"); !strings.Contains(got, "UNAUTHENTICATED") || !strings.HasSuffix(got, "event: complete\ndata: \n\n") {
		t.Errorf("at the token's end came %q", got)
	}
	s, h := endpoint(t, Options{})
	time.AfterFunc(50*time.Millisecond, h.Drain)
	if got := stream(t, s, "endless"); got != "event: complete\ndata: \n\n" {
		t.Errorf("while draining came %q", got)
	}
}

func dial(t *testing.T, s *httptest.Server) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/graphql", &websocket.DialOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func say(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c *websocket.Conn) message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, body, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSockets(t *testing.T) {
	s, _ := endpoint(t, Options{})
	c := dial(t, s)
	say(t, c, `{"type":"connection_init"}`)
	if m := hear(t, c); m.Type != "connection_ack" {
		t.Fatalf("got %+v", m)
	}
	say(t, c, `{"type":"ping"}`)
	if m := hear(t, c); m.Type != "pong" {
		t.Fatalf("got %+v", m)
	}
	say(t, c, `{"id":"a","type":"subscribe","payload":{"query":"subscription"}}`)
	for _, want := range []string{"next", "next", "complete"} {
		if m := hear(t, c); m.Type != want || m.ID != "a" {
			t.Errorf("got %+v, want %s", m, want)
		}
	}
	say(t, c, `{"id":"b","type":"subscribe","payload":{"query":"bad"}}`)
	if m := hear(t, c); m.Type != "error" || !strings.Contains(string(m.Payload), "GRAPHQL_PARSE_FAILED") {
		t.Errorf("got %+v", m)
	}
	say(t, c, `{"id":"a","type":"subscribe","payload":{"query":"endless"}}`) // an id may be used again
	say(t, c, `{"id":"a","type":"complete"}`)
	say(t, c, `{"id":"a","type":"subscribe","payload":{"query":"query"}}`)
	if m := hear(t, c); m.Type != "next" {
		t.Errorf("got %+v", m)
	}
}

func TestWhatClosesASocket(t *testing.T) {
	opt := Options{MaxBody: 1000, Authenticate: func(ctx context.Context, header string) (context.Context, bool) { return ctx, header == "Bearer good" }}
	const init, endless = `{"type":"connection_init"}`, `{"id":"a","type":"subscribe","payload":{"query":"endless"}}`
	for _, tt := range []struct {
		name  string
		send  []string
		drain bool
		want  websocket.StatusCode
	}{
		{"no JSON", []string{init, "x"}, false, 4400},
		{"an unknown type", []string{init, `{"type":"x"}`}, false, 4400},
		{"no id", []string{init, `{"type":"subscribe","payload":{"query":"query"}}`}, false, 4400},
		{"no query", []string{init, `{"id":"a","type":"subscribe","payload":{}}`}, false, 4400},
		{"too early", []string{endless}, false, 4401},
		{"a bad token", []string{`{"type":"connection_init","payload":{"authorization":"Bearer bad"}}`}, false, 4403},
		{"twice begun", []string{init, init}, false, 4429},
		{"an id in use", []string{init, endless, endless}, false, 4409},
		{"a message too large", []string{init, `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 2000) + `"}}`}, false, websocket.StatusMessageTooBig},
		{"the gateway stops", []string{`{"type":"connection_init","payload":{"Authorization":"Bearer good"}}`, endless}, true, websocket.StatusServiceRestart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, h := endpoint(t, opt)
			c := dial(t, s)
			for _, m := range tt.send {
				say(t, c, m)
			}
			if tt.drain {
				h.Drain()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for {
				if _, _, err := c.Read(ctx); err != nil {
					if got := websocket.CloseStatus(err); got != tt.want {
						t.Errorf("closed with %v (%v), want %v", got, err, tt.want)
					}
					return
				}
			}
		})
	}
}

func TestASocketThatIsReadTooSlowlyIsClosedWithTheReason(t *testing.T) {
	s, h := endpoint(t, Options{})
	h.patience = time.Second
	for name, tt := range map[string]struct {
		pause time.Duration
		want  websocket.StatusCode
	}{
		"it is read again": {1700 * time.Millisecond, closeTooSlow},
		"it is not":        {3500 * time.Millisecond, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, s)
			c.SetReadLimit(-1)
			say(t, c, `{"type":"connection_init"}`)
			hear(t, c)
			say(t, c, `{"id":"1","type":"subscribe","payload":{"query":"flood"}}`)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for range 10 { // on a busy machine the flood may come late, and the pause be too short
				time.Sleep(tt.pause)
				for read := 0; read < 64<<20; { // more than waits on the way
					_, body, err := c.Read(ctx)
					if err != nil {
						if code := websocket.CloseStatus(err); code != tt.want {
							t.Errorf("closed with %d: %v", code, err)
						}
						return
					}
					read += len(body)
				}
			}
			t.Error("it is never closed")
		})
	}
}

func TestThePageForBrowsers(t *testing.T) {
	s, _ := endpoint(t, Options{GraphiQL: fstest.MapFS{"index.html": {Data: []byte("<html>page")}, "assets/a.js": {Data: []byte("code")}}})
	for path, want := range map[string]string{"/graphql": "<html>page", "/graphql?query=%7Ba%7D": "<html>page", "/graphql/assets/a.js": "code"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != want || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s answered %d %s", path, resp.StatusCode, body)
		}
	}
}

// What is read from a body is what encoding/json reads from it.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"query":"{a}","variables":{"a":1},"operationName":null,"extensions":{}}`,
		` { "query" : "\u007ba\\n}" , "operationName":"\ud83d\ude00" ,"variables" : { "a\"b" : [ {"c":"]"} , 1e3 ] , "d":null } } `,
		`{"query":1}`, `{"query":"{a}","query":"{b}","QUERY":"{c}"}`, `{"query":"{a}","variables":[]}`, `[]`, "{\"query\":\"\xff\"}", `{"quer\u0079":"{a}"}`,
		`{"query":"\"\\\/\b\f\n\r\t\u00e9\uABCD\uabcd\u0000"}`, `{"query":"\ud83d"}`, `{"query":"\ud83dx"}`, `{"query":"\ud83d\n"}`, `{"query":"\uDE00\uD83D"}`,
		`{"query":"\ud83d\ud83d\ude00"}`, `{"query":"\ud83d\u0041"}`, `{"query":"\ud83d\u004"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, bad := parse(body)
		if (req == nil) == (bad == nil) {
			t.Fatal("neither a request nor what is wrong with it")
		}
		var members map[string]any
		var query, name string
		var variables map[string]json.RawMessage
		err := json.Unmarshal(body, &members)
		isText := func(name string, into *string, required bool) bool {
			v, is := members[name].(string)
			*into = v
			return is || !required && members[name] == nil
		}
		isObject := func(name string) bool {
			_, is := members[name].(map[string]any)
			return is || members[name] == nil
		}
		good := utf8.Valid(body) && err == nil && isText("query", &query, true) && isText("operationName", &name, false) && isObject("variables") && isObject("extensions")
		if good != (req != nil) {
			t.Fatalf("read: %v, wrong: %v", req, bad)
		}
		if req == nil {
			return
		}
		if members["variables"] != nil {
			last := map[string]json.RawMessage{}
			if err := json.Unmarshal(body, &last); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(last["variables"], &variables); err != nil {
				t.Fatal(err)
			}
		}
		given := map[string]json.RawMessage{}
		for _, v := range req.Variables {
			given[v.Name] = v.Value
		}
		if diff := cmp.Diff(variables, given, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(&pipeline.Request{Query: query, OperationName: name, Variables: req.Variables, Incremental: req.Incremental}, req); diff != "" {
			t.Fatal(diff)
		}
	})
}
