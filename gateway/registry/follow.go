package registry

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Times of following a source.
const (
	firstPause  = 250 * time.Millisecond // after a look that failed; doubled up to lastPause
	lastPause   = time.Minute
	gatherFor   = 2 * time.Second // the others are given to tell what they changed together with one
	gatherEvery = time.Second     // at most
)

// Run follows the sources until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range r.sources {
		if s.Look.ask != nil {
			all.Go(func() { r.follow(ctx, s) })
		}
	}
	all.Go(func() { r.composeChanges(ctx) })
	<-ctx.Done()
	all.Wait()
	return nil
}

// follow looks at one source again and again: at its pace while it answers, ever more rarely while it does not, and at
// once when told to.
func (r *Registry) follow(ctx context.Context, s *source) {
	every := r.opt.Every
	if !s.Look.remote {
		every = min(every, fileEvery)
	}
	pause := time.Duration(0)
	if s.looked {
		pause = s.pause(every)
	}
	timer := time.NewTimer(jittered(pause))
	defer timer.Stop()
	for {
		var done chan<- any
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case done = <-s.wake:
		}
		if isNew, _ := r.look(ctx, s); isNew {
			select {
			case r.changed <- struct{}{}:
			default: // a composition is due already
			}
		}
		if done != nil {
			done <- nil
		}
		timer.Reset(jittered(s.pause(every)))
	}
}

func (s *source) pause(every time.Duration) time.Duration {
	if s.failures == 0 {
		return every
	}
	return min(firstPause<<min(s.failures-1, 10), lastPause)
}

// jittered spreads what would come at once from all copies of the gateway.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1) //nolint:gosec // spreads load
}

// look looks at one source and tells whether its schema is new.
func (r *Registry) look(ctx context.Context, s *source) (isNew bool, err error) {
	ask, cancel := context.WithTimeout(ctx, r.opt.Timeout)
	sdl, err := s.Look.Once(ask)
	cancel()
	if err != nil && ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return false, err // stopping
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.state.source(s)
	before := st.Error
	if err != nil && !errors.Is(err, errUnchanged) {
		s.failures++
		st.Error, st.Failures = err.Error(), s.failures
		r.state.setSource(s, st)
		r.metrics.lookFailed(s)
		level := slog.LevelDebug
		if before != st.Error {
			level = slog.LevelWarn
		}
		r.opt.Log.LogAttrs(ctx, level, "schema not renewed", slog.String("source", s.label()), slog.Int("failures", s.failures), slog.String("error", st.Error))
		return false, err
	}
	s.failures = 0
	if err == nil {
		isNew = s.sdl != sdl
		s.sdl = sdl
	}
	r.state.setSource(s, SourceState{Known: true, Seen: time.Now().UTC()})
	if before != "" {
		r.opt.Log.LogAttrs(ctx, slog.LevelInfo, "schema seen again", slog.String("source", s.label()))
	}
	return isNew, nil
}

// composeChanges composes when a schema is new. What changes in one subgraph often changes in others with it, so those
// are asked before, and all is composed once.
func (r *Registry) composeChanges(ctx context.Context) {
	var gathered time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		}
		if time.Since(gathered) >= gatherEvery {
			r.gather(ctx)
			gathered = time.Now()
		}
		select {
		case <-r.changed: // what was gathered
		default:
		}
		_ = r.renew(ctx) // told by the state and the log
	}
}

// gather has every other source looked at now; those that do not answer are not waited for.
func (r *Registry) gather(ctx context.Context) {
	done := make(chan any, len(r.sources))
	woken := 0
	r.mu.Lock()
	for _, s := range r.sources {
		if s.Look.ask == nil || r.state.source(s).Error != "" {
			continue
		}
		select {
		case s.wake <- done:
			woken++
		default:
		}
	}
	r.mu.Unlock()
	limit := time.NewTimer(gatherFor)
	defer limit.Stop()
	for range woken {
		select {
		case <-done:
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
