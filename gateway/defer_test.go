package gateway_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway"
)

// slowNames answers when it is let, and tells when it is asked and when its caller leaves.
type slowNames struct{ asked, let, left chan struct{} }

func (s *slowNames) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.asked <- struct{}{}
	select {
	case <-s.let:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{"_entities":[{"name":"late"}]}}`)
	case <-r.Context().Done():
		s.left <- struct{}{}
	}
}

func startSlow(t *testing.T) (*slowNames, string) {
	t.Helper()
	slow := &slowNames{asked: make(chan struct{}, 1), let: make(chan struct{}), left: make(chan struct{}, 1)}
	items := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{"item":{"id":"1"}}}`)
	}))
	names := httptest.NewServer(slow)
	g, err := gateway.New(t.Context(), gateway.DefaultConfig(), gateway.Deps{
		Log:      slog.New(slog.DiscardHandler),
		Backends: map[string]gateway.Backend{"items": {URLs: []string{items.URL}}, "names": {URLs: []string{names.URL}}},
		Subgraphs: []gateway.Subgraph{
			{Name: "items", Path: "/graphql", SDL: federation2 + `type Query { item: Item } type Item @key(fields: "id") { id: ID! }`},
			{Name: "names", Path: "/graphql", SDL: federation2 + `type Item @key(fields: "id") { id: ID! name: String }`},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		_ = g.Close()
		items.Close()
		names.Close()
	})
	return slow, srv.URL + "/graphql"
}

// deferredName asks for a deferred name and returns the payloads of the response as they come.
func deferredName(ctx context.Context, t *testing.T, url string) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"query":"{ item { id ... @defer { name } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "multipart/mixed;deferSpec=20220824, application/json")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) //nolint:bodyclose // the goroutine below does
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan string, 4)
	go func() {
		defer close(out)
		defer func() { _ = resp.Body.Close() }()
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if text := lines.Text(); strings.HasPrefix(text, "{") || strings.HasSuffix(text, "---") {
				out <- text
			}
		}
	}()
	return out
}

func TestTheFirstResultDoesNotWaitForADeferredPart(t *testing.T) {
	slow, url := startSlow(t)
	parts := deferredName(t.Context(), t, url)
	expect(t, parts, "---")
	expect(t, parts, `{"data":{"item":{"id":"1"}},"hasNext":true}`)
	<-slow.asked // and it has not answered yet
	close(slow.let)
	expect(t, parts, "---")
	expect(t, parts, `{"incremental":[{"path":["item"],"data":{"name":"late"}}],"hasNext":false}`)
	expect(t, parts, "-----")
}

func TestAClientThatLeavesCancelsTheDeferredParts(t *testing.T) {
	slow, url := startSlow(t)
	ctx, leave := context.WithCancel(t.Context())
	parts := deferredName(ctx, t, url)
	expect(t, parts, "---")
	expect(t, parts, `{"data":{"item":{"id":"1"}},"hasNext":true}`)
	<-slow.asked
	leave()
	select {
	case <-slow.left:
	case <-time.After(20 * time.Second):
		t.Error("the subgraph is still working for nobody")
	}
}
