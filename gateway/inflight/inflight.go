// Package inflight lets equal work that is under way at the same time be done once, for all who want its result.
package inflight

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Key says what work is: equal keys name work with equal results. It is compared as a whole, never by its hash alone.
type Key struct {
	Of   any    // comparable
	Head string // compared with
	Body []byte // and with; must not change while the work is under way
}

func (k *Key) equal(other *Key) bool {
	return k.Of == other.Of && k.Head == other.Head && bytes.Equal(k.Body, other.Body)
}

// Group is work of one kind. It is safe for concurrent use.
type Group[T any] struct {
	seed   maphash.Seed
	shards [32]shard[T]
	joined atomic.Uint64
}

type shard[T any] struct {
	mu    sync.Mutex
	calls map[uint64]*call[T]
}

// call is work under way. What is not said to be otherwise belongs to its shard's mutex.
type call[T any] struct {
	key     Key
	next    *call[T]  // of the same hash
	end     time.Time // by which the work ends by itself
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}  // made by the first who joins
	soon    sync.WaitGroup // until done, or until patience ends. It lets go who joined first; closing a channel would who joined last
	late    *time.Timer    // ends soon's wait at the latest
	value   T              // set before done is closed
	err     error
	users   atomic.Int32 // of the result: who began it and all who joined, until each is done
}

// NewGroup returns a group without work.
func NewGroup[T any]() *Group[T] {
	g := &Group[T]{seed: maphash.MakeSeed()}
	for i := range g.shards {
		g.shards[i].calls = map[uint64]*call[T]{}
	}
	return g
}

// Role is what a caller of Do had in the work.
type Role int

// The roles. Who worked alone is the only one that has the result; who led has it with those who joined.
const (
	Alone Role = iota
	Led
	Joined
)

// Hold is one caller's of Do on the result.
type Hold struct {
	Role  Role
	users *atomic.Int32 // nil: nobody else's
}

// Done tells that the caller looks at the result no more, and returns whether nobody else does: then what it is made of may be
// used again. It is called once, whatever Do returned; where it is not, nobody is ever the last.
func (h Hold) Done() bool { return h.users == nil || h.users.Add(-1) == 0 }

// ErrPanicked is what those get who waited for work that panicked.
var ErrPanicked = errors.New("the work that was waited for panicked")

// Do returns what work returns, or what equal work returns that is under way.
//
// Work runs here, under a context with ctx's values that ends when nobody waits any more; it must end within most by
// itself. So who has less time than that does its work alone. Who joins waits no longer than its own ctx's
// deadline, and hears at once of its end otherwise only when it has waited for patience.
func (g *Group[T]) Do(ctx context.Context, key Key, most time.Duration, work func(context.Context) (T, error)) (value T, hold Hold, err error) {
	hash := maphash.String(g.seed, key.Head) ^ maphash.Bytes(g.seed, key.Body)
	s := &g.shards[hash%uint64(len(g.shards))]
	s.mu.Lock()
	for c := s.calls[hash]; c != nil; c = c.next {
		if c.waiting > 0 && c.key.equal(&key) {
			c.waiting++
			c.users.Add(1)
			if c.done == nil {
				c.done = make(chan struct{})
				c.soon.Add(1)
				c.late = time.AfterFunc(patience, c.soon.Done)
			}
			s.mu.Unlock()
			g.joined.Add(1)
			value, err = s.wait(ctx, c)
			return value, Hold{Joined, &c.users}, err
		}
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < most {
		s.mu.Unlock()
		value, err = work(ctx)
		return value, Hold{}, err
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &call[T]{key: key, next: s.calls[hash], end: time.Now().Add(most), waiting: 1, cancel: cancel, err: ErrPanicked}
	c.users.Store(1)
	s.calls[hash] = c
	s.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { s.leave(c) })
	defer func() {
		stop()
		hold = Hold{s.finish(hash, c), &c.users}
		cancel()
	}()
	value, err = work(own)
	c.value, c.err = value, err // nobody looks before finish
	return value, hold, err
}

// Joined is how often equal work was joined. A nil group shares nothing.
func (g *Group[T]) Joined() uint64 {
	if g == nil {
		return 0
	}
	return g.joined.Load()
}

// Limited is a context that adds a deadline to one that has none.
type Limited interface {
	context.Context
	// Unlimited returns the context without the deadline.
	Unlimited() context.Context
}

// patience is how long who joins waits before looking whether its own context ends: to be told of that costs more than most
// work takes.
const patience = 100 * time.Millisecond

// wait waits for the result of a call that was joined.
func (s *shard[T]) wait(ctx context.Context, c *call[T]) (T, error) {
	if l, ok := ctx.(Limited); ok {
		if end, ok := l.Deadline(); ok && !end.Before(c.end) {
			ctx = l.Unlimited() // the work ends before: no timer is needed
		}
	}
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > patience {
		c.soon.Wait()
	}
	select {
	case <-c.done:
		return c.value, c.err
	default:
	}
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		s.leave(c)
		var none T
		return none, ctx.Err()
	}
}

// leave ends the work when nobody waits for it any more; from then on nobody can join it.
func (s *shard[T]) leave(c *call[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.cancel()
	}
}

// finish hands out the result. Who comes later begins anew.
func (s *shard[T]) finish(hash uint64, c *call[T]) Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.calls[hash]
	if first == c {
		if first = c.next; first == nil {
			delete(s.calls, hash)
		} else {
			s.calls[hash] = first
		}
	} else {
		for first.next != c {
			first = first.next
		}
		first.next = c.next
	}
	if c.done == nil {
		return Alone
	}
	close(c.done)
	if c.late.Stop() {
		c.soon.Done()
	}
	return Led
}
