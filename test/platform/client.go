package platform

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// MustURL parses a URL.
func MustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal("a server's URL does not parse") // not quoted: it may hold a password
	}
	return u
}

func openPostgres(t testing.TB, base string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Answer is an HTTP answer, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request; a body that is not a string or []byte is sent as JSON.
func (p *Platform) Do(t testing.TB, method, path, token string, body any, header ...string) Answer {
	t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.URL+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return Answer{resp.StatusCode, resp.Header, b}
}

// JSON decodes the answer's body into v.
func (a Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("answer %d is not the JSON expected: %v\n%.500s", a.Status, err, a.Body)
	}
}

// Login signs in by REST and returns the token.
func (p *Platform) Login(t testing.TB, email, password string) string {
	t.Helper()
	a := p.Do(t, "POST", "/auth/login", "", map[string]string{"email": email, "password": password})
	if a.Status != http.StatusOK {
		t.Fatalf("login answered %d: %.300s", a.Status, a.Body)
	}
	var out struct{ Token string }
	a.JSON(t, &out)
	return out.Token
}

// GraphQL is the answer to an operation.
type GraphQL struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// Query runs an operation by POST.
func (p *Platform) Query(t testing.TB, token, query string, variables map[string]any) GraphQL {
	t.Helper()
	a := p.Do(t, "POST", "/graphql", token, map[string]any{"query": query, "variables": variables})
	var g GraphQL
	a.JSON(t, &g)
	return g
}

// MustQuery runs an operation that must answer without errors, and decodes its data into v.
func (p *Platform) MustQuery(t testing.TB, token, query string, variables map[string]any, v any) {
	t.Helper()
	g := p.Query(t, token, query, variables)
	if len(g.Errors) > 0 {
		t.Fatalf("errors: %+v\ndata: %s", g.Errors, g.Data)
	}
	if err := json.Unmarshal(g.Data, v); err != nil {
		t.Fatalf("data %s: %v", g.Data, err)
	}
}

// Subscribe opens a subscription by server-sent events and returns its `next` payloads; the channel closes at
// `complete`, when the connection ends, and at the latest when the test does.
func (p *Platform) Subscribe(t testing.TB, token, query string) <-chan GraphQL {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("subscription answered %d %s: %.300s", resp.StatusCode, resp.Header.Get("Content-Type"), b)
	}
	out := make(chan GraphQL, 1000)
	go func() {
		defer close(out)
		defer func() { _ = resp.Body.Close() }()
		var event string
		s := bufio.NewScanner(resp.Body)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			if v, ok := strings.CutPrefix(s.Text(), "event:"); ok {
				event = strings.TrimSpace(v)
			}
			v, ok := strings.CutPrefix(s.Text(), "data:")
			if !ok || event != "next" {
				if event == "complete" {
					return
				}
				continue
			}
			var g GraphQL
			if err := json.Unmarshal([]byte(v), &g); err != nil {
				g.Errors = append(g.Errors, struct {
					Message    string
					Path       []any
					Extensions map[string]any
				}{Message: fmt.Sprintf("event is not JSON: %v", err)})
			}
			out <- g
		}
	}()
	return out
}
