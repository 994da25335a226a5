// Package registry keeps the supergraph current: it takes the subgraphs' schemas as given, from files or from running
// subgraphs, composes them, and hands each new supergraph on; or it follows a supergraph that others compose. What does
// not compose leaves the supergraph in force and is told.
package registry

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Source is a subgraph and where its schema comes from.
type Source struct {
	Name string
	URL  string // as the supergraph names it
	SDL  string // the schema to begin with, when there is nothing better; "": none
	Look Look   // again and again; none: SDL never changes
}

// Options of a Registry. Either Sources are composed, or the supergraph is followed as it is.
type Options struct {
	Sources    []Source
	Supergraph string        // served when there is nothing better; with neither Sources nor Follow the only one
	Follow     Look          // for the whole supergraph, again and again, when there are no Sources
	FollowFrom string        // where that looks: tells apart what is kept
	Cache      string        // file that keeps the last good supergraph; "": none
	Every      time.Duration // between two looks at a server; 0 means 10s
	Timeout    time.Duration // of one look; 0 means 10s, which is also the most
	Apply      func(*supergraph.Supergraph) error
	Log        *slog.Logger
}

// Times of the looks before the start.
const (
	startTimeout     = 5 * time.Second
	startTimeoutKept = 2 * time.Second // when there is a supergraph to start with
)

// Registry keeps one supergraph current. It is a prometheus.Collector.
type Registry struct {
	opt     Options
	sources []*source
	metrics *metrics
	changed chan struct{} // a schema is new: compose

	mu    sync.Mutex // held for moments, never while composing
	state State
}

// source is followed by one goroutine.
type source struct {
	Source
	whole    bool            // it is the supergraph
	wake     chan chan<- any // look now, and say so when done
	sdl      string          // the schema known; "": none. Guarded by Registry.mu
	failures int             // looks that failed in a row; of the goroutine that follows
	looked   bool            // before the start
}

// New returns a registry that has applied nothing yet.
func New(opt Options) *Registry {
	if opt.Every == 0 {
		opt.Every = 10 * time.Second
	}
	if opt.Timeout == 0 {
		opt.Timeout = lookTimeout
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	r := &Registry{opt: opt, metrics: newMetrics(), changed: make(chan struct{}, 1), state: State{Errors: []Problem{}, Hints: []Hint{}, Subgraphs: map[string]SourceState{}}}
	for _, s := range opt.Sources {
		r.sources = append(r.sources, &source{Source: s, wake: make(chan chan<- any, 1)})
		r.state.Subgraphs[s.Name] = SourceState{}
		r.metrics.failures.WithLabelValues(s.Name) // from 0 on
	}
	if len(opt.Sources) == 0 && opt.Follow.ask != nil {
		r.sources = []*source{{Source: Source{Look: opt.Follow}, whole: true, wake: make(chan chan<- any, 1)}}
		r.state.Followed = &SourceState{}
	}
	return r
}

// Start puts the best supergraph there is in force: made of the schemas that are found within a few seconds, else the last
// good one, else made of the schemas that were given to begin with, else the one given. With nothing to serve it fails,
// unless a server may yet tell what is needed.
func (r *Registry) Start(ctx context.Context) error {
	if len(r.sources) == 0 {
		return r.apply(ctx, r.opt.Supergraph, "given")
	}
	kept, err := r.readCache()
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "the kept supergraph is not used", slog.String("error", err.Error()))
	}
	limit := startTimeout
	if kept != "" {
		limit = startTimeoutKept
	}
	r.begin(kept != "")
	r.lookAll(ctx, limit)
	if err = r.renew(ctx); r.inForce() {
		return nil
	}
	if kept != "" && r.apply(ctx, kept, "cache") == nil {
		return nil
	}
	if r.begin(false) {
		if err = r.renew(ctx); r.inForce() {
			return nil
		}
	}
	if r.opt.Supergraph != "" {
		return r.apply(ctx, r.opt.Supergraph, "given")
	}
	return r.nothing(ctx, err)
}

// nothing says why there is nothing to serve, or nil when a server may yet tell what is needed. composing is why what
// is known does not compose.
func (r *Registry) nothing(ctx context.Context, composing error) error {
	missing, remote := r.missing(), false
	for _, s := range r.sources {
		remote = remote || s.Look.remote
		if !s.Look.remote && slices.Contains(missing, s.label()) {
			return fmt.Errorf("%s: %s", s.label(), r.sourceState(s).Error)
		}
	}
	if !remote {
		return composing
	}
	r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "there is nothing to serve yet", slog.Any("waiting_for", missing))
	return nil
}

// begin makes the schemas that were given the known ones where there is none, and tells whether there was such. With
// something better to serve, what is given is not used for a subgraph that can be asked.
func (r *Registry) begin(better bool) (any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sources {
		if s.sdl != "" || s.SDL == "" || better && s.Look.ask != nil {
			continue
		}
		st := r.state.source(s)
		s.sdl, st.Known, any = s.SDL, true, true
		r.state.setSource(s, st)
	}
	return any
}

// lookAll looks once for every schema that is not known, at all at the same time.
func (r *Registry) lookAll(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	missing := r.missing()
	var all sync.WaitGroup
	for _, s := range r.sources {
		if slices.Contains(missing, s.label()) && s.Look.ask != nil {
			all.Go(func() {
				s.looked = true
				_, _ = r.look(ctx, s)
			})
		}
	}
	all.Wait()
}

// missing names the sources whose schema is not known.
func (r *Registry) missing() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, s := range r.sources {
		if s.sdl == "" {
			out = append(out, s.label())
		}
	}
	return out
}

func (s *source) label() string {
	if s.whole {
		return "supergraph"
	}
	return "subgraph " + s.Name
}

// renew composes what is known and puts it in force, if it is new. With a schema missing it does nothing.
func (r *Registry) renew(ctx context.Context) error {
	if len(r.missing()) > 0 {
		return nil
	}
	r.mu.Lock()
	whole, sdl := r.sources[0].whole, r.sources[0].sdl
	var sources []subgraph.Source
	for _, s := range r.sources {
		sources = append(sources, subgraph.Source{Name: s.Name, URL: s.URL, SDL: s.sdl})
	}
	r.mu.Unlock()

	began, origin := time.Now(), "followed"
	var hints []compose.Hint
	var err error
	if !whole {
		origin = "composed"
		var result *compose.Result
		if result, err = r.compose(ctx, sources); err == nil {
			sdl, hints = result.SupergraphSDL, result.Hints
		}
	}
	unchanged := false
	if err == nil {
		if unchanged = r.same(sdl); !unchanged {
			err = r.apply(ctx, sdl, origin)
		}
	}
	r.finished(began, origin, err, unchanged, hints)
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelError, "the schemas do not make a supergraph: the one in force is kept", slog.String("error", shortened(err.Error(), maxLogged)))
		return err
	}
	r.keep(ctx, sdl)
	return nil
}

func (r *Registry) compose(ctx context.Context, sources []subgraph.Source) (result *compose.Result, err error) {
	defer r.guard(ctx, &err)
	if result, err = compose.Compose(sources); err != nil {
		return nil, fmt.Errorf("compose the subgraphs: %w", err)
	}
	return result, nil
}

// apply puts a supergraph in force.
func (r *Registry) apply(ctx context.Context, sdl, origin string) (err error) {
	defer r.guard(ctx, &err)
	sg, err := supergraph.Read(sdl)
	if err != nil {
		return fmt.Errorf("read the supergraph: %w", err)
	}
	if err := r.opt.Apply(sg); err != nil {
		return fmt.Errorf("put the supergraph in force: %w", err)
	}
	st := r.applied(sdl, origin)
	r.opt.Log.LogAttrs(ctx, slog.LevelInfo, "supergraph in force", slog.String("origin", origin), slog.String("hash", st.Hash), slog.Int("subgraphs", len(sg.Subgraphs)))
	return nil
}

// guard makes a panic an error like any other, so that whatever schema is told the gateway goes on with the one in force.
func (r *Registry) guard(ctx context.Context, err *error) {
	if v := recover(); v != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelError, "composition panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		*err = fmt.Errorf("an internal error of the gateway: %v", v)
	}
}
