package gateway

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"medicore.dev/medicore/gateway/rest"
)

// sharingGateway is a gateway over one subgraph and one REST route, that shares whole requests.
func sharingGateway(t *testing.T) (url string, s *service, joined func() float64) {
	s = newService(t, "s", `type Query { a: String b: String }`)
	things := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(things.Close)
	metrics := prometheus.NewRegistry()
	cfg := DefaultConfig()
	cfg.Sharing = Sharing{Requests: true}
	srv := frontWith(t, cfg, Deps{
		Metrics:   metrics,
		Subgraphs: []Subgraph{{Name: "s", Path: "/graphql", SDL: *s.sdl.Load()}},
		Backends:  map[string]Backend{"s": {URLs: []string{s.URL}}, "things": {URLs: []string{things.URL}}},
		Routes:    []rest.Route{{Prefix: "/things", Service: "things"}},
	})
	return srv.URL, s, func() float64 {
		families, err := metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "medicore_gateway_shared_total" && m.GetLabel()[0].GetValue() == "request" {
					return m.GetCounter().GetValue()
				}
			}
		}
		t.Fatal("there is no such metric")
		return 0
	}
}

// send sends a query and gives the response's body, or the error, on a channel.
func send(ctx context.Context, url, body string, header http.Header) <-chan string {
	out := make(chan string, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", strings.NewReader(body))
		req.Header = header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			out <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		text, _ := io.ReadAll(resp.Body)
		out <- string(text)
	}()
	return out
}

func TestEqualRequestsUnderWayAreAnsweredOnce(t *testing.T) {
	const query = `{"query":"query($x: Boolean = true) { a @include(if: $x) b }"}`
	for _, tt := range []struct {
		name   string
		body   string
		header http.Header
		before func(url string) error
		shared bool
	}{
		{name: "the same", body: query, shared: true},
		{name: "the same with another trace", body: query, header: http.Header{"X-Request-Id": {"r"}, "Traceparent": {"t"}}, shared: true},
		{name: "the same value of a variable", body: `{"query":"query($x: Boolean = true) { a @include(if: $x) b }","variables":{"x":true}}`, shared: true},
		{name: "another value of a variable", body: `{"query":"query($x: Boolean = true) { a @include(if: $x) b }","variables":{"x":false}}`},
		{name: "another selection", body: `{"query":"{ a }"}`},
		{name: "another token", body: query, header: http.Header{"Authorization": {"Bearer x"}}},
		{name: "the plan too", body: query, header: http.Header{"Medicore-Query-Plan": {"1"}}},
		{name: "the costs too", body: query, header: http.Header{"Medicore-Query-Cost": {"1"}}},
		{name: "the same after a REST write", body: query, before: func(url string) error {
			resp, err := http.Post(url+"/things", "text/plain", strings.NewReader("x"))
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		}},
		{name: "the same after a REST read", body: query, shared: true, before: func(url string) error {
			resp, err := http.Get(url + "/things")
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, s, joined := sharingGateway(t)
			first := send(t.Context(), url, query, nil)
			<-s.asked
			if tt.before != nil {
				if err := tt.before(url); err != nil {
					t.Fatal(err)
				}
			}
			second := send(t.Context(), url, tt.body, tt.header)
			if tt.shared {
				waitUntil(t, func() bool { return joined() == 1 })
			} else {
				<-s.asked
				s.let <- struct{}{}
			}
			s.let <- struct{}{}
			a, b := <-first, <-second
			if !strings.HasPrefix(a, `{"data":{"a":"s"`) || !strings.HasPrefix(b, `{"data":{`) || tt.shared && a != b {
				t.Errorf("got %s and %s", a, b)
			}
			if len(s.asked) > 0 || joined() > 0 != tt.shared {
				t.Errorf("%v joined", joined())
			}
		})
	}
}

func TestAClientThatGoesLeavesTheAnswerToTheOthers(t *testing.T) {
	url, s, joined := sharingGateway(t)
	ctx, cancel := context.WithCancel(t.Context())
	first := send(ctx, url, `{"query":"{ a }"}`, nil)
	<-s.asked
	second := send(t.Context(), url, `{"query":"{ a }"}`, nil)
	waitUntil(t, func() bool { return joined() == 1 })
	cancel()
	if got := <-first; !strings.Contains(got, "canceled") {
		t.Errorf("the first got %s", got)
	}
	s.let <- struct{}{}
	if got := <-second; got != `{"data":{"a":"s"}}` {
		t.Errorf("the second got %s", got)
	}
}

// What a subgraph answers with a cookie is for the one who asked: who joined asks again.
func TestAnAnswerWithACookieIsNotSharedWithAnotherRequest(t *testing.T) {
	url, s, joined := sharingGateway(t)
	s.cookie = true
	first := send(t.Context(), url, `{"query":"{ a }"}`, nil)
	<-s.asked
	second := send(t.Context(), url, `{"query":"{ a }"}`, nil)
	waitUntil(t, func() bool { return joined() == 1 })
	s.let <- struct{}{}
	if got := <-first; got != `{"data":{"a":"s"}}` {
		t.Errorf("the first got %s", got)
	}
	<-s.asked
	s.let <- struct{}{}
	if got := <-second; got != `{"data":{"a":"s"}}` {
		t.Errorf("the second got %s", got)
	}
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}
