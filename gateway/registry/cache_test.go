package registry

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/federation/supergraph"
)

func TestTheLastGoodSupergraphServesAtTheStart(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "kept", "supergraph.graphql")
	c := &cluster{sdl: map[string]string{"one": good, "two": another}}
	sources := c.sources(t, "one", "two")
	ctx, cancel := context.WithCancel(t.Context())
	a := make(applied, 10)
	opt := Options{Sources: sources, Cache: cache, Every: 10 * time.Millisecond, Apply: a.apply}
	first := New(opt)
	if err := first.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if got := a.next(t); got != "a c" {
		t.Fatalf("composed of what was asked: %q", got)
	}
	kept, err := os.ReadFile(cache)
	if err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(filepath.Dir(cache)); len(files) != 1 {
		t.Errorf("beside the kept file there are %v", files)
	}
	if _, err := supergraph.Read(string(kept)); err != nil {
		t.Errorf("what is kept is no supergraph: %v", err)
	}

	c.set(map[string]string{"one": good})
	t.Run("while a subgraph is down, until it is up", func(t *testing.T) {
		r, a := start(t, Options{Sources: sources, Cache: cache})
		if got := a.next(t); got != "a c" || r.State().Origin != "cache" {
			t.Errorf("it is %q from %s", got, r.State().Origin)
		}
		c.set(map[string]string{"one": better, "two": another})
		if got := a.next(t); got != "a b c" {
			t.Errorf("with all up it is %q", got)
		}
	})
	c.set(map[string]string{"one": good})
	for name, tt := range map[string]struct {
		sources []Source
		text    string
	}{
		"unless it was kept for other subgraphs":          {[]Source{sources[0], {Name: "three", URL: "http://two", Look: sources[1].Look}}, string(kept)},
		"unless it was kept for subgraphs somewhere else": {[]Source{sources[0], {Name: "two", URL: "http://elsewhere", Look: sources[1].Look}}, string(kept)},
		"unless it was not written to its end":            {sources, string(kept[:len(kept)-20])},
		"unless it is not what was kept":                  {sources, strings.Replace(string(kept), "a: Int", "z: Int", 1)},
		"unless it is empty":                              {sources, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kept.graphql")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if r, a := start(t, Options{Sources: tt.sources, Cache: path}); len(a) > 0 || r.State().Origin != "" {
				t.Errorf("in force is %+v", r.State())
			}
		})
	}
	t.Run("when what is there does not compose", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "one.graphqls")
		if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		r, a := start(t, Options{Sources: []Source{{Name: "one", URL: "http://one", Look: File(file)}, {Name: "two", URL: "http://two", SDL: another}}, Cache: cache})
		if got := a.next(t); got != "a b c" || r.State().Origin != "cache" || len(r.State().Errors) != 1 {
			t.Errorf("it is %q, %+v", got, r.State())
		}
	})
	t.Run("rather than the schemas to begin with, until all are told", func(t *testing.T) {
		c.set(map[string]string{"one": good})
		begin := []Source{sources[0], sources[1]}
		begin[0].SDL, begin[1].SDL = "type Query { old: Int }", "type Query { older: Int }"
		r, a := start(t, Options{Sources: begin, Cache: cache})
		if got := a.next(t); got != "a b c" || r.State().Origin != "cache" {
			t.Errorf("it is %q from %s", got, r.State().Origin)
		}
		c.set(map[string]string{"one": better})
		waitFor(t, "one subgraph is asked again", func() bool {
			return r.State().Subgraphs["one"].Failures == 0 && r.State().Subgraphs["two"].Failures > 1
		})
		if len(a) > 0 {
			t.Errorf("without two, it became %q", a.next(t))
		}
		c.set(map[string]string{"one": good, "two": another})
		if got := a.next(t); got != "a c" {
			t.Errorf("with all told it is %q", got)
		}
		r, a = start(t, Options{Sources: begin})
		if got := a.next(t); got != "old older" || r.State().Origin != "composed" {
			t.Errorf("with nothing kept it begins with %q", got)
		}
	})
}
