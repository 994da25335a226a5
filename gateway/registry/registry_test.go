package registry

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

const (
	good    = `type Query { a: Int }`
	better  = `type Query { a: Int b: Int }`
	broken  = `type Query { a: Nothing }`
	another = `type Query { c: Int }`
)

// subgraphs answer `_service { sdl }`; an empty schema is a subgraph that is down.
type subgraphs struct {
	mu  sync.Mutex
	sdl map[string]string
}

func (s *subgraphs) set(sdl string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sdl["one"] = sdl
}

func (s *subgraphs) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sdl := s.sdl[req.Subgraph]
	if sdl == "" {
		return nil, errors.New("no connection")
	}
	body, err := json.Marshal(map[string]any{"data": map[string]any{"_service": map[string]string{"sdl": sdl}}})
	return &exec.Response{Body: body}, err
}

func (s *subgraphs) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, errors.New("not asked for")
}

// applied collects the supergraphs put in force.
type applied chan []string

func (a applied) apply(sg *supergraph.Supergraph) error {
	var fields []string
	for _, f := range sg.API().Query.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			fields = append(fields, f.Name)
		}
	}
	a <- fields
	return nil
}

func (a applied) next(t *testing.T) string {
	t.Helper()
	select {
	case fields := <-a:
		return strings.Join(fields, " ")
	case <-time.After(10 * time.Second):
		t.Fatal("no supergraph was put in force in 10 s")
	}
	return ""
}

func start(t *testing.T, opt Options) (*Registry, applied) {
	t.Helper()
	a := make(applied, 10)
	opt.Apply, opt.Log, opt.Every = a.apply, slog.New(slog.DiscardHandler), 10*time.Millisecond
	r := New(opt)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return r, a
}

func TestAChangedSchemaIsComposedAndABrokenOneIsNot(t *testing.T) {
	subs := &subgraphs{sdl: map[string]string{"one": good}}
	r, a := start(t, Options{Sources: []Source{{Name: "one", URL: "http://one", SDL: good, Poll: true}}, Fetcher: subs})
	if got := a.next(t); got != "a" {
		t.Errorf("at the start %q", got)
	}
	subs.set(better)
	if got := a.next(t); got != "a b" {
		t.Errorf("after the change %q", got)
	}
	subs.set(broken)
	waitFor(t, func() bool { return len(r.State().Errors) > 0 })
	if st := r.State(); st.Errors[0].Code == "" || st.Origin != "composed" || !strings.Contains(st.SDL, "b: Int") {
		t.Errorf("with a broken schema the state is %+v", st)
	}
	subs.set(good)
	if got := a.next(t); got != "a" {
		t.Errorf("mended, it is %q", got)
	}
	subs.set("")
	waitFor(t, func() bool { return r.State().Subgraphs["one"].Error != "" })
	if len(r.State().Errors) > 0 {
		t.Error("a subgraph that is down is no composition error")
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("not after 10 s")
		}
	}
}

func TestTheLastGoodSupergraphServesWhileASubgraphIsDownAtTheStart(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "kept", "supergraph.graphql")
	sources := []Source{{Name: "one", URL: "http://one", Poll: true}, {Name: "two", URL: "http://two", Poll: true}}
	subs := &subgraphs{sdl: map[string]string{"one": good, "two": another}}
	r, a := start(t, Options{Sources: sources, Fetcher: subs, Cache: cache})
	if got := a.next(t); got != "a c" {
		t.Errorf("composed of what was asked: %q", got)
	}
	if r.State().Origin != "composed" {
		t.Errorf("state %+v", r.State())
	}
	down := &subgraphs{sdl: map[string]string{"one": good}}
	r, a = start(t, Options{Sources: sources, Fetcher: down, Cache: cache})
	if got := a.next(t); got != "a c" || r.State().Origin != "cache" {
		t.Errorf("with a subgraph down it is %q from %s", got, r.State().Origin)
	}
}

func TestNothingToServeYetIsNoFailure(t *testing.T) {
	r, _ := start(t, Options{Sources: []Source{{Name: "one", Poll: true}}, Fetcher: &subgraphs{sdl: map[string]string{}}})
	if r.State().Origin != "" {
		t.Errorf("state %+v", r.State())
	}
}
