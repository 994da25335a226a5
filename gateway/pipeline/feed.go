package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/federation/exec"
)

// Sharing says which subscriptions share one source and its joins. They must be the same operation with the same
// variables, for callers whom neither the subgraphs nor the schema's requirements tell apart.
type Sharing string

// The ways to share. ShareStart lets a subscription join another until that has had its first event: sources that begin
// with a snapshot, or with what was missed, begin so for everybody. ShareAlways lets it join at any time.
const (
	ShareStart  Sharing = "start"
	ShareAlways Sharing = "always"
	ShareNever  Sharing = "never"
)

// Subscriptions bound and share subscriptions. The zero value of each field is its default.
type Subscriptions struct {
	Sharing   Sharing // default ShareStart
	Queue     int     // events that wait for a slow client before it is cut; default 64
	Total     int     // open at a time; default 20,000
	PerCaller int     // open at a time; default 2,000
	// Caller names whom PerCaller counts; nil: the caller. "" is not counted.
	Caller func(context.Context) string
}

func (s Subscriptions) orDefault() Subscriptions {
	if s.Sharing == "" {
		s.Sharing = ShareStart
	}
	for _, f := range []struct {
		field    *int
		fallback int
	}{{&s.Queue, 64}, {&s.Total, 20_000}, {&s.PerCaller, 2_000}} {
		if *f.field == 0 {
			*f.field = f.fallback
		}
	}
	if s.Caller == nil {
		s.Caller = func(ctx context.Context) string { return authn.FromContext(ctx).Subject }
	}
	return s
}

// identifier is a fetcher that knows which callers subgraphs cannot tell apart.
type identifier interface {
	Identity(ctx context.Context) string
}

// identity is equal for callers who may share a subscription: the same caller, or what the fetcher says of callers with the
// same rights.
func identity(ctx context.Context, f exec.Fetcher) string {
	if f, ok := f.(identifier); ok {
		who := authn.FromContext(ctx)
		return fmt.Sprintf("%s %q %q", f.Identity(ctx), who.Scopes, who.Policies)
	}
	return fmt.Sprintf("%#v", authn.FromContext(ctx))
}

// feeds are the open subscriptions.
type feeds struct {
	opt     Subscriptions
	mu      sync.Mutex
	shared  map[feedKey]*feed // that can be joined
	open    int
	callers map[string]int
}

// feedKey is equal for subscriptions that get the same events.
type feedKey struct {
	engine    *engine
	operation string // and the requirements that are not met
	variables string
	identity  string
	wantPlan  bool
	wantCost  bool
}

// feed reads one source and serves its followers.
type feed struct {
	feeds  *feeds
	key    feedKey
	cancel context.CancelFunc
	done   chan struct{}
	ready  chan struct{} // closed when the source is open or has failed
	failed *Failure      // set before ready is closed

	mu        sync.Mutex
	followers map[*follower]bool
	begun     bool // an event was sent
	over      bool
}

// follower is one client's subscription.
type follower struct {
	feed   *feed
	caller string
	once   sync.Once
	queue  chan []byte // closed after the last result
	last   []byte      // with queue closed: one more result; nil: none
}

// follow opens a subscription, or joins one that is the same.
func (s *feeds) follow(ctx context.Context, x *execution) (Events, *Failure) {
	key := feedKey{engine: x.e, operation: x.planned.id, wantPlan: x.wantPlan, wantCost: x.costs != nil && x.costs.show}
	if s.opt.Sharing != ShareNever {
		key.variables, key.identity = string(x.vars.text()), identity(ctx, x.e.fetcher)
	}
	f := &follower{caller: s.opt.Caller(ctx), queue: make(chan []byte, s.opt.Queue)}
	if refused := s.join(ctx, f, key, x); refused != nil {
		return nil, refused
	}
	select {
	case <-f.feed.ready:
	case <-ctx.Done():
		f.Close()
		return nil, fail(http.StatusServiceUnavailable, CodeInternal, "the subscription was given up")
	}
	if failed := f.feed.failed; failed != nil {
		f.Close()
		return nil, failed
	}
	return f, nil
}

// join puts the follower on a feed, a new one if there is none to join.
func (s *feeds) join(ctx context.Context, f *follower, key feedKey, x *execution) *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open >= s.opt.Total:
		return fail(http.StatusServiceUnavailable, CodeSubscriptions, "the gateway serves as many subscriptions as it may")
	case f.caller != "" && s.callers[f.caller] >= s.opt.PerCaller:
		return fail(http.StatusTooManyRequests, CodeSubscriptions, "at most %d subscriptions may be open for one client", s.opt.PerCaller)
	}
	s.open++
	if f.caller != "" {
		s.callers[f.caller]++
	}
	if have := s.shared[key]; have != nil && have.add(f, s.opt.Sharing) {
		return nil
	}
	source, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it ends with its last follower
	fd := &feed{feeds: s, key: key, cancel: cancel, done: make(chan struct{}), ready: make(chan struct{}), followers: map[*follower]bool{f: true}}
	f.feed = fd
	if s.opt.Sharing != ShareNever {
		s.shared[key] = fd
	}
	go fd.run(source, x)
	return nil
}

// add puts a follower on the feed if it is not too late.
func (fd *feed) add(f *follower, sharing Sharing) bool {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	if fd.over || fd.begun && sharing != ShareAlways {
		return false
	}
	fd.followers[f] = true
	f.feed = fd
	return true
}

// Next implements Events.
func (f *follower) Next(ctx context.Context) ([]byte, error) {
	select {
	case body, ok := <-f.queue:
		if ok {
			return body, nil
		}
		if body, f.last = f.last, nil; body != nil {
			return body, nil
		}
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close implements Events. The last follower ends the feed and waits for its end.
func (f *follower) Close() {
	f.once.Do(func() {
		s, fd := f.feed.feeds, f.feed
		s.mu.Lock()
		if s.open--; f.caller != "" {
			if s.callers[f.caller]--; s.callers[f.caller] == 0 {
				delete(s.callers, f.caller)
			}
		}
		fd.mu.Lock()
		delete(fd.followers, f)
		left := len(fd.followers)
		fd.over = fd.over || left == 0
		fd.mu.Unlock()
		if left == 0 && s.shared[fd.key] == fd {
			delete(s.shared, fd.key)
		}
		s.mu.Unlock()
		if left == 0 {
			fd.cancel()
			<-fd.done
		}
	})
}

// run reads the source until it ends, or ctx does because nobody follows any more.
func (fd *feed) run(ctx context.Context, x *execution) {
	defer close(fd.done)
	defer fd.cancel()
	events, err := x.e.exec.Subscribe(ctx, x.planned.plan, x.input())
	if err != nil {
		fd.failed = &Failure{Errors: list(err), Status: http.StatusBadGateway}
		fd.end(nil)
		close(fd.ready)
		return
	}
	defer func() { _ = events.Close() }()
	close(fd.ready)
	for {
		event, err := events.Wait(ctx)
		var told gqlerror.List
		switch {
		case err == nil:
		case errors.As(err, &told) && errors.Is(err, exec.ErrInterrupted):
			fd.send((&Failure{Errors: told}).JSON())
			continue
		case errors.As(err, &told) && ctx.Err() == nil:
			fd.end((&Failure{Errors: told}).JSON())
			return
		default:
			fd.end(nil)
			return
		}
		next, failed := x.renewed(ctx)
		if failed != nil {
			fd.end(failed.JSON())
			return
		}
		if next != x {
			x = next
			events.Use(x.e.exec, x.planned.plan, x.input())
		}
		fd.send(x.join(ctx, events, event))
	}
}

// join completes an event from the other subgraphs, in the time that an operation may take.
func (x *execution) join(ctx context.Context, events *exec.Events, event []byte) []byte {
	ctx, cancel := context.WithTimeout(ctx, x.p.opt.Timeout)
	defer cancel()
	return x.respond(events.Join(ctx, event))
}

// renewed returns the execution by the supergraph in force, x itself where that is still its own. It is also x where the
// subscription would have another source now: it goes on as it is then, unless the caller may not read the same any more.
// A failure says that the supergraph cannot serve it.
func (x *execution) renewed(ctx context.Context) (*execution, *Failure) {
	now := x.p.engine.Load()
	if now == x.e || now == x.checked {
		return x, nil
	}
	next, failed := x.p.prepare(ctx, now, x.req)
	if failed != nil {
		return nil, failed
	}
	a, b := x.planned.plan.Source, next.planned.plan.Source
	switch {
	case a.Subgraph == b.Subgraph && a.Document == b.Document:
		return next, nil
	case !slices.EqualFunc(x.planned.denied, next.planned.denied, func(x, y denial) bool { return slices.Equal(x.path, y.path) }):
		return nil, fail(http.StatusForbidden, CodeForbidden, "what the caller may read has changed with the schema: subscribe again")
	}
	same := *x
	same.checked = next.e
	return &same, nil
}

// tooSlow is the last result of a client that was cut.
var tooSlow = fail(0, CodeTooSlow, "events came faster than they were taken: subscribe again").JSON()

// send gives a result to all followers. One whose queue is full is cut: it gets what waits for it, then the reason.
func (fd *feed) send(body []byte) {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	fd.begun = true
	for f, open := range fd.followers {
		if !open {
			continue
		}
		select {
		case f.queue <- body:
		default:
			fd.followers[f] = false // it is there until it is closed, but gets nothing any more
			f.last = tooSlow
			close(f.queue)
		}
	}
}

// end completes all followers, after one more result if there is one.
func (fd *feed) end(last []byte) {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	fd.over = true
	for f, open := range fd.followers {
		if open {
			fd.followers[f] = false
			f.last = last
			close(f.queue)
		}
	}
}
