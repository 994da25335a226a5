// Package registry keeps the supergraph current: it takes the subgraphs' schemas as given or asks running subgraphs for
// them, composes them, and hands each new supergraph on. A composition that fails leaves the one in force and is told.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/gateway/upstream"
)

// Source is a subgraph and its schema.
type Source struct {
	Name string
	URL  string // as the supergraph names it
	SDL  string // the schema to begin with; "": it is asked for
	Poll bool   // ask the running subgraph for it, again and again
}

// Options of a Registry.
type Options struct {
	Sources    []Source
	Supergraph string                             // served when nothing can be composed yet; with no Sources the only one
	Cache      string                             // file that keeps the last good supergraph; "": none
	Fetcher    exec.Fetcher                       // asks subgraphs; needed if any source polls
	Credential func() (string, error)             // token for asking; nil: none
	Every      time.Duration                      // between two looks at a subgraph; 0 means 10s
	Apply      func(*supergraph.Supergraph) error // puts a supergraph in force
	Log        *slog.Logger
}

// State is what is known of the supergraph in force.
type State struct {
	Since     time.Time                `json:"since"`            // when the one in force was put there; zero: none is
	Origin    string                   `json:"origin"`           // composed, cache, or given
	SDL       string                   `json:"-"`                // of the one in force
	Errors    []compose.Error          `json:"errors,omitempty"` // why the last composition failed; none if it did not
	Subgraphs map[string]SubgraphState `json:"subgraphs"`
}

// SubgraphState is what is known of one subgraph's schema.
type SubgraphState struct {
	Known bool      `json:"known"`           // there is a schema
	Seen  time.Time `json:"seen"`            // when it last answered; zero: never
	Error string    `json:"error,omitempty"` // why it did not, the last time
}

// Registry keeps one supergraph current.
type Registry struct {
	opt Options

	mu    sync.Mutex
	sdl   map[string]string
	state State
}

// Bounds of asking a subgraph for its schema.
const (
	askTimeout = 5 * time.Second
	maxPause   = time.Minute
)

// New returns a registry that has applied nothing yet.
func New(opt Options) *Registry {
	if opt.Every == 0 {
		opt.Every = 10 * time.Second
	}
	r := &Registry{opt: opt, sdl: map[string]string{}, state: State{Subgraphs: map[string]SubgraphState{}}}
	for _, s := range opt.Sources {
		if s.SDL != "" {
			r.sdl[s.Name] = s.SDL
		}
		r.state.Subgraphs[s.Name] = SubgraphState{Known: s.SDL != ""}
	}
	return r
}

// Start puts the best supergraph there is in force: composed of the given schemas, else the last good one, else the one
// given. It fails if that is wrong; with nothing to serve yet, and subgraphs to ask, it does not.
func (r *Registry) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.opt.Sources) > 0 && len(r.sdl) == len(r.opt.Sources) {
		return r.compose(ctx)
	}
	if text, err := os.ReadFile(r.opt.Cache); r.opt.Cache != "" && err == nil {
		if err := r.apply(ctx, string(text), "cache"); err == nil {
			return nil
		}
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "the kept supergraph is not usable")
	}
	if r.opt.Supergraph != "" {
		return r.apply(ctx, r.opt.Supergraph, "given")
	}
	return nil
}

func (r *Registry) apply(ctx context.Context, sdl, origin string) error {
	sg, err := supergraph.Read(sdl)
	if err != nil {
		return fmt.Errorf("read the supergraph: %w", err)
	}
	if err := r.opt.Apply(sg); err != nil {
		return fmt.Errorf("put the supergraph in force: %w", err)
	}
	r.state.Since, r.state.Origin, r.state.SDL = time.Now().UTC(), origin, sdl
	r.opt.Log.LogAttrs(ctx, slog.LevelInfo, "supergraph in force", slog.String("origin", origin), slog.Int("subgraphs", len(sg.Subgraphs)))
	return nil
}

// compose composes what is known. Called with the lock held.
func (r *Registry) compose(ctx context.Context) error {
	var sources []subgraph.Source
	for _, s := range r.opt.Sources {
		sources = append(sources, subgraph.Source{Name: s.Name, URL: s.URL, SDL: r.sdl[s.Name]})
	}
	r.state.Errors = nil
	result, err := compose.Compose(sources)
	if found, ok := errors.AsType[compose.Errors](err); ok {
		for _, e := range found {
			r.state.Errors = append(r.state.Errors, *e)
		}
	}
	if err != nil {
		return fmt.Errorf("compose the subgraphs: %w", err)
	}
	if result.SupergraphSDL == r.state.SDL {
		return nil
	}
	if err := r.apply(ctx, result.SupergraphSDL, "composed"); err != nil {
		return err
	}
	r.keep(ctx, result.SupergraphSDL)
	return nil
}

// keep writes the supergraph to the cache; without one the next start asks the subgraphs again.
func (r *Registry) keep(ctx context.Context, sdl string) {
	if r.opt.Cache == "" {
		return
	}
	tmp := r.opt.Cache + ".new"
	err := os.MkdirAll(filepath.Dir(r.opt.Cache), 0o700)
	if err == nil {
		err = os.WriteFile(tmp, []byte(sdl), 0o600)
	}
	if err == nil {
		err = os.Rename(tmp, r.opt.Cache)
	}
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "the supergraph was not kept", slog.String("error", err.Error()))
	}
}

// Run asks the subgraphs that are polled until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range r.opt.Sources {
		if s.Poll {
			all.Go(func() { r.follow(ctx, s) })
		}
	}
	all.Wait()
	<-ctx.Done()
	return nil
}

// follow asks one subgraph again and again: at its pace while it answers, ever more rarely while it does not.
func (r *Registry) follow(ctx context.Context, s Source) {
	pause := time.Duration(0)
	for {
		jitter := time.Duration(rand.Int64N(int64(pause/5 + 1))) //nolint:gosec // spreads load
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause + jitter):
		}
		if err := r.look(ctx, s.Name); err != nil && ctx.Err() == nil {
			pause = min(max(2*pause, 250*time.Millisecond), maxPause)
			r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "subgraph schema not renewed", slog.String("subgraph", s.Name), slog.String("error", err.Error()))
		} else {
			pause = r.opt.Every
		}
	}
}

// look asks a subgraph for its schema and composes anew if it has changed.
func (r *Registry) look(ctx context.Context, name string) error {
	sdl, err := r.ask(ctx, name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		st := r.state.Subgraphs[name]
		st.Error = err.Error()
		r.state.Subgraphs[name] = st
		return err
	}
	r.state.Subgraphs[name] = SubgraphState{Known: true, Seen: time.Now().UTC()}
	if r.sdl[name] == sdl {
		return nil
	}
	r.sdl[name] = sdl
	if len(r.sdl) < len(r.opt.Sources) {
		return nil // others are not known yet
	}
	return r.compose(ctx)
}

func (r *Registry) ask(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if r.opt.Credential != nil {
		tok, err := r.opt.Credential()
		if err != nil {
			return "", err
		}
		ctx = upstream.WithHeader(ctx, http.Header{"Authorization": {"Bearer " + tok}})
	}
	resp, err := r.opt.Fetcher.Fetch(ctx, &exec.Request{Subgraph: name, Kind: ast.Query, Body: []byte(`{"query":"{ _service { sdl } }"}`)})
	if err != nil {
		return "", err
	}
	var out struct {
		Data struct {
			Service struct {
				SDL string `json:"sdl"`
			} `json:"_service"`
		} `json:"data"`
	}
	if err := json.Unmarshal(resp.Body, &out); err != nil || out.Data.Service.SDL == "" {
		return "", errors.New("the subgraph does not tell its schema (_service { sdl })")
	}
	return out.Data.Service.SDL, nil
}

// State returns what is known now.
func (r *Registry) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.state
	out.Subgraphs = make(map[string]SubgraphState, len(r.state.Subgraphs))
	maps.Copy(out.Subgraphs, r.state.Subgraphs)
	return out
}
