package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"medicore.dev/medicore/bench/world"
)

// gateway answers right, but for what spoil does with the n-th answer.
func gateway(t *testing.T, spoil func(n int64, answer string) string) *httptest.Server {
	t.Helper()
	whole, _, err := world.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	w := world.New()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req, err := world.ParseRequest(body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := w.Execute(whole, req)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = rw.Write([]byte(spoil(n.Add(1), string(answer))))
	}))
	t.Cleanup(server.Close)
	return server
}

func shape(t *testing.T, name string) *world.Shape {
	t.Helper()
	for _, s := range world.Shapes() {
		if s.Name == name {
			return &s
		}
	}
	t.Fatalf("no shape %s", name)
	return nil
}

func TestEveryAnswerIsChecked(t *testing.T) {
	right := func(_ int64, answer string) string { return answer }
	for _, tt := range []struct {
		name, shape string
		spoil       func(n int64, answer string) string
		first, all  bool // the first answer, and all of them, are found right
	}{
		{"right", "pass-through", right, true, true},
		{"right, each another operation", "cold", right, true, true},
		{"other order of members and white space", "pass-through", func(_ int64, _ string) string {
			return `{ "data": {"person": {"city": "Town 2", "id": "3", "name": "Person Number 3", "email": "person3@example.com"} } }`
		}, true, true},
		{"wrong from the beginning", "pass-through", func(_ int64, answer string) string { return strings.Replace(answer, "Town 2", "Town 1", 1) }, false, false},
		{"errors beside the data", "pass-through", func(_ int64, answer string) string {
			return strings.Replace(answer, `{"data"`, `{"errors":[],"data"`, 1)
		}, false, false},
		{"wrong once, later", "pass-through", func(n int64, answer string) string {
			if n == 20 {
				return strings.Replace(answer, "Town 2", "Town 1", 1)
			}
			return answer
		}, true, false},
		{"the answer to another operation", "cold", func(n int64, answer string) string {
			if n == 20 {
				return strings.Replace(answer, `"n00`, `"n99`, 1)
			}
			return answer
		}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole, _, err := world.Schemas()
			if err != nil {
				t.Fatal(err)
			}
			s := shape(t, tt.shape)
			answer, err := world.New().Execute(whole, s.Request(0))
			if err != nil {
				t.Fatal(err)
			}
			l, err := newLoad(t.Context(), gateway(t, tt.spoil).URL+"/graphql", s, answer)
			if (err == nil) != tt.first {
				t.Fatalf("the first answer: %v", err)
			}
			if !tt.first {
				return
			}
			defer l.disconnect()
			if err := l.connect(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
			took, err := l.run(t.Context(), 300*time.Millisecond)
			if (err == nil) != tt.all || tt.all && len(took) < 3 {
				t.Errorf("%d answers, %v", len(took), err)
			}
		})
	}
}
