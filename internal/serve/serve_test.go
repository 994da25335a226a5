package serve

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestOnlyThisMachineReachesLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:80": true, "localhost:80": true, "[::1]:80": true, "127.9.9.9:80": true,
		"0.0.0.0:80": false, ":80": false, "[::]:80": false, "192.0.2.1:80": false, "example.com:80": false, "nonsense": false, "": false,
	} {
		if got := Loopback(addr); got != want {
			t.Errorf("Loopback(%q) is %v", addr, got)
		}
	}
}

func TestOperationsRoutesStandBesideTheRest(t *testing.T) {
	var state State
	state.Set(true)
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, tt := range []struct {
		name string
		ops  Ops
		own  []string
	}{
		{"all", Ops{Profiles: true}, []string{"/health", "/ready", "/metrics", "/debug/pprof/", "/debug/pprof/goroutine"}},
		{"without profiles", Ops{}, []string{"/health", "/ready", "/metrics"}},
		{"public", Ops{Public: true, Profiles: true}, []string{"/health", "/ready"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.ops.State, tt.ops.Metrics = &state, prometheus.NewRegistry()
			h := tt.ops.Beside(next)
			for _, path := range []string{"/health", "/ready", "/metrics", "/debug/pprof/", "/debug/pprof/goroutine", "/", "/graphql", "/healthy", "/debug"} {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
					want := http.StatusTeapot
					if method == http.MethodGet && slices.Contains(tt.own, path) {
						want = http.StatusOK
					}
					if w.Code != want {
						t.Errorf("%s %s: %d, want %d", method, path, w.Code, want)
					}
				}
			}
		})
	}
}
