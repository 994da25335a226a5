package standalone

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway"
	"medicore.dev/medicore/internal/host"
	"medicore.dev/medicore/test/platform"
)

// waitReady waits until the gateway says that it is ready.
func waitReady(t *testing.T, addr string, done <-chan error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if resp, err := http.Get("http://" + addr + "/ready"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		case <-tick.C:
		}
	}
	t.Fatalf("%s is not ready after 20 s", addr)
}

var quiet = host.Options{Log: slog.New(slog.DiscardHandler), Version: "test"}

func one(t *testing.T) Federation {
	t.Helper()
	return Federation{
		Config: gateway.DefaultConfig(), Listen: platform.FreeAddr(t),
		Subgraphs: []gateway.Subgraph{{Name: "a", Path: "/graphql", SDL: "type Query { a: Int }"}},
		Backends:  map[string]gateway.Backend{"a": {URLs: []string{"http://a.invalid"}}},
	}
}

func TestProfilesAreServedOnTheOperationsListenerWhenAskedFor(t *testing.T) {
	for _, asked := range []bool{false, true} {
		f := one(t)
		f.Ops, f.Profiles = platform.FreeAddr(t), asked
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Run(ctx, f, quiet) }()
		waitReady(t, f.Listen, done)
		for url, want := range map[string]int{
			"http://" + f.Ops + "/debug/pprof/heap?debug=1": map[bool]int{false: http.StatusNotFound, true: http.StatusOK}[asked],
			"http://" + f.Ops + "/metrics":                  http.StatusOK,
			"http://" + f.Listen + "/debug/pprof/heap":      http.StatusNotFound,
			"http://" + f.Listen + "/metrics":               http.StatusNotFound,
		} {
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("profiles asked for: %v: %s is answered %d, want %d", asked, url, resp.StatusCode, want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping gave %v", err)
		}
	}
}

func TestProfilesAreForNoClient(t *testing.T) {
	f := one(t)
	f.Profiles = true
	if err := Run(t.Context(), f, quiet); err == nil || !strings.Contains(err.Error(), "--ops-listen") {
		t.Errorf("got %v, want an error that says what is needed", err)
	}
}
