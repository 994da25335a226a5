package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"medicore.dev/medicore/bench/world"
)

// answers is a transport that answers at once: a request's body stands for its answer.
type answers map[string][]byte

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer, ok := a[string(body)]
	if !ok {
		answer = a[""]
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer)), Request: r}, nil
}

// written is what a client gets, as far as the benchmark looks.
type written struct {
	header http.Header
	status int
	size   int
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { w.size += len(b); return len(b), nil }

// BenchmarkHandler is what the gateway adds to HTTP for an operation that one subgraph answers, with the ways to share.
func BenchmarkHandler(b *testing.B) {
	shapes := world.Shapes()
	i := slices.IndexFunc(shapes, func(s world.Shape) bool { return s.Name == "pass-through" })
	body, err := json.Marshal(shapes[i].Request(0))
	if err != nil {
		b.Fatal(err)
	}
	subgraph := answers{"": []byte(`{"data":{"person":{"id":"3","name":"Ada","email":"a@b.c","city":"London"}}}`)}
	for _, sharing := range []Sharing{{}, {Fetches: true}, {Fetches: true, Requests: true}} {
		b.Run(fmt.Sprintf("%+v", sharing), func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Sharing = sharing
			backends := map[string]Backend{}
			var subgraphs []Subgraph
			for _, name := range world.Subgraphs {
				backends[name] = Backend{URLs: []string{"http://" + name}, Transport: subgraph}
				sdl, err := world.SDL(name)
				if err != nil {
					b.Fatal(err)
				}
				subgraphs = append(subgraphs, Subgraph{Name: name, Path: "/graphql", SDL: sdl})
			}
			g, err := New(b.Context(), cfg, Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Subgraphs: subgraphs, Backends: backends})
			if err != nil {
				b.Fatal(err)
			}
			h := g.Handler()
			b.ReportAllocs()
			for b.Loop() {
				r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://gateway/graphql", bytes.NewReader(body))
				r.RemoteAddr = "127.0.0.1:1234"
				r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"benchmark"}}
				w := &written{header: http.Header{}}
				h.ServeHTTP(w, r)
				if w.status != http.StatusOK || w.size != len(subgraph[""]) {
					b.Fatal(w.status, w.size)
				}
			}
		})
	}
}
