package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// limited is a context with a deadline, for work that mostly ends before anybody asks when: there is a timer only from the
// first Done on. Until then it costs one allocation.
type limited struct {
	context.Context
	end time.Time

	mu    sync.Mutex
	over  atomic.Bool
	timed atomic.Pointer[timed]
}

type timed struct {
	context.Context
	cancel context.CancelFunc
}

// withLimit returns a context that ends when ctx does, after some time, and at stop.
func withLimit(ctx context.Context, limit time.Duration) *limited {
	l := &limited{Context: ctx, end: time.Now().Add(limit)}
	if end, ok := ctx.Deadline(); ok && end.Before(l.end) {
		l.end = end
	}
	return l
}

// Unlimited implements inflight.Limited.
func (l *limited) Unlimited() context.Context { return l.Context }

func (l *limited) Deadline() (time.Time, bool) { return l.end, true }

func (l *limited) Done() <-chan struct{} { return l.ticking().Done() }

func (l *limited) Err() error {
	if t := l.timed.Load(); t != nil {
		return t.Err()
	}
	if err := l.Context.Err(); err != nil {
		return err
	}
	if l.over.Load() {
		return context.Canceled
	}
	if !time.Now().Before(l.end) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value also says to children, which have asked for Done before, by what they are ended.
func (l *limited) Value(key any) any {
	if t := l.timed.Load(); t != nil {
		return t.Value(key)
	}
	return l.Context.Value(key)
}

// ticking is the context that somebody waits for.
func (l *limited) ticking() *timed {
	if t := l.timed.Load(); t != nil {
		return t
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.timed.Load()
	if t == nil {
		t = &timed{}
		t.Context, t.cancel = context.WithDeadline(l.Context, l.end)
		if l.over.Load() {
			t.cancel()
		}
		l.timed.Store(t)
	}
	return t
}

func (l *limited) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over.Store(true)
	if t := l.timed.Load(); t != nil {
		t.cancel()
	}
}
