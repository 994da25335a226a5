package inflight

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// job is work that counts its runs, takes a second, and returns the number of its run.
type job struct{ runs atomic.Int32 }

func (j *job) run(ctx context.Context) (string, error) {
	n := j.runs.Add(1)
	select {
	case <-time.After(time.Second):
		return fmt.Sprint("run ", n), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// result is what one caller of Do got.
type result struct {
	value string
	role  Role
	err   error
	after time.Duration
}

// do calls Do from a goroutine of its own, which has reached the work, or waits, when do returns.
func do(ctx context.Context, g *Group[string], key Key, j *job) <-chan result {
	out := make(chan result, 1)
	start := time.Now()
	go func() {
		value, hold, err := g.Do(ctx, key, 10*time.Second, j.run)
		out <- result{value, hold.Role, err, time.Since(start)}
	}()
	synctest.Wait()
	return out
}

func TestEqualWorkUnderWayRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, j := NewGroup[string](), &job{}
		first := do(t.Context(), g, Key{Of: 1, Head: "h", Body: []byte("b")}, j)
		time.Sleep(400 * time.Millisecond)
		second := do(t.Context(), g, Key{Of: 1, Head: "h", Body: []byte("b")}, j)
		if got, want := <-first, (result{"run 1", Led, nil, time.Second}); got != want {
			t.Errorf("the first got %v, want %v", got, want)
		}
		if got, want := <-second, (result{"run 1", Joined, nil, 600 * time.Millisecond}); got != want {
			t.Errorf("the second got %v, want %v", got, want)
		}
		if got := <-do(t.Context(), g, Key{Of: 1, Head: "h", Body: []byte("b")}, j); got.value != "run 2" || got.role != Alone {
			t.Errorf("one that comes when the work is done got %v, want a run of its own", got)
		}
	})
}

func TestWorkThatDiffersRunsApart(t *testing.T) {
	same := Key{Of: 1, Head: "h", Body: []byte("b")}
	for _, tt := range []struct {
		name  string
		other Key
	}{
		{"in what it is of", Key{Of: 2, Head: "h", Body: []byte("b")}},
		{"in the head", Key{Of: 1, Head: "g", Body: []byte("b")}},
		{"in the body", Key{Of: 1, Head: "h", Body: []byte("c")}},
		{"with head and body in other places", Key{Of: 1, Head: "b", Body: []byte("h")}}, // which hashes alike
		{"with nothing", Key{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, j := NewGroup[string](), &job{}
				a, b := do(t.Context(), g, same, j), do(t.Context(), g, tt.other, j)
				again := do(t.Context(), g, same, j)
				if a, b := <-a, <-b; a.role != Led || b.role != Alone || j.runs.Load() != 2 {
					t.Errorf("got %v and %v in %d runs", a, b, j.runs.Load())
				}
				if got := <-again; got.value != "run 1" {
					t.Errorf("the one that is equal got %v, want run 1", got)
				}
			})
		})
	}
}

func TestThoseWhoWaitMayLeave(t *testing.T) {
	key := Key{Head: "h"}
	for _, tt := range []struct {
		name          string
		first, second time.Duration // after which it is cancelled; 0: never
		wantFirst     result
		wantSecond    result
		wantErr       error // of the second
	}{
		{
			name: "the one that began: the others get the result", first: 300 * time.Millisecond,
			wantFirst: result{"run 1", Led, nil, time.Second}, wantSecond: result{"run 1", Joined, nil, time.Second},
		},
		{
			name: "one that joined: it has its own time", second: 300 * time.Millisecond,
			wantFirst: result{"run 1", Led, nil, time.Second}, wantSecond: result{"", Joined, context.DeadlineExceeded, 300 * time.Millisecond},
		},
		{
			name: "all: the work ends", first: 200 * time.Millisecond, second: 300 * time.Millisecond,
			wantFirst: result{"", Led, context.Canceled, 300 * time.Millisecond}, wantSecond: result{"", Joined, context.DeadlineExceeded, 300 * time.Millisecond},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, j := NewGroup[string](), &job{}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.first > 0 {
					time.AfterFunc(tt.first, cancel)
				}
				second := t.Context()
				if tt.second > 0 {
					var cancel context.CancelFunc
					second, cancel = context.WithTimeout(second, tt.second)
					defer cancel()
				}
				a, b := do(ctx, g, key, j), do(second, g, key, j)
				if got := <-b; got != tt.wantSecond {
					t.Errorf("the second got %v, want %v", got, tt.wantSecond)
				}
				if got := <-a; got != tt.wantFirst {
					t.Errorf("the first got %v, want %v", got, tt.wantFirst)
				}
			})
		})
	}
}

// limited tells whether anybody asked for its deadline's timer.
type limited struct {
	context.Context
	without context.Context
	timed   bool
}

func (l *limited) Unlimited() context.Context { return l.without }

func (l *limited) Done() <-chan struct{} {
	l.timed = true
	return l.Context.Done()
}

func TestWhoHasLongerThanTheWorkNeedsNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, j := NewGroup[string](), &job{}
		for _, tt := range []struct {
			limit time.Duration
			timed bool
			want  result
		}{
			{10 * time.Second, false, result{"run 1", Joined, nil, time.Second}},
			{time.Second / 2, true, result{"", Joined, context.DeadlineExceeded, time.Second / 2}},
		} {
			j.runs.Store(0)
			first := do(t.Context(), g, Key{Of: 1}, j)
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			l := &limited{Context: ctx, without: t.Context()}
			if got := <-do(l, g, Key{Of: 1}, j); got != tt.want || l.timed != tt.timed {
				t.Errorf("with %s: got %v, timed %t; want %v", tt.limit, got, l.timed, tt.want)
			}
			cancel()
			<-first
		}
	})
}

func TestWorkThatEveryoneLeftIsNotJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[string]()
		ctx, cancel := context.WithCancel(t.Context())
		release, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			_, _, _ = g.Do(ctx, Key{}, time.Minute, func(context.Context) (string, error) { <-release; return "old", nil })
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := <-do(t.Context(), g, Key{}, &job{}); got.role != Alone {
			t.Errorf("got %v, want a run of its own", got)
		}
		close(release)
		<-ended
	})
}

func TestWhoHasLittleTimeWorksAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, j := NewGroup[string](), &job{}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		short, long := do(ctx, g, Key{}, j), do(t.Context(), g, Key{}, j)
		if got := <-short; !errors.Is(got.err, context.DeadlineExceeded) || got.after != 500*time.Millisecond {
			t.Errorf("with half a second: %v, want its deadline", got)
		}
		if got := <-long; got.value != "run 2" || got.role != Alone {
			t.Errorf("with time: %v, want a run of its own", got)
		}
	})
}

func TestPanicReleasesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[string]()
		panicked := make(chan any)
		go func() {
			defer func() { panicked <- recover() }()
			_, _, _ = g.Do(t.Context(), Key{}, time.Minute, func(context.Context) (string, error) {
				time.Sleep(time.Second)
				panic("broken")
			})
		}()
		synctest.Wait()
		joined := do(t.Context(), g, Key{}, &job{})
		if got := <-panicked; got != "broken" {
			t.Errorf("the one that works: %v, want the panic", got)
		}
		if got := <-joined; !errors.Is(got.err, ErrPanicked) {
			t.Errorf("the one that waits: %v, want ErrPanicked", got)
		}
		if got := <-do(t.Context(), g, Key{}, &job{}); got.value != "run 1" {
			t.Errorf("one that comes later: %v, want a run", got)
		}
	})
}

// Many keys, some cancelled, all at once: everyone gets the value of its own key or its own cancellation.
func TestManyAtOnce(t *testing.T) {
	g := NewGroup[string]()
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 500 {
				want := fmt.Sprint(random.IntN(5))
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					go cancel()
				}
				got, hold, err := g.Do(ctx, Key{Head: want}, time.Minute, func(ctx context.Context) (string, error) {
					time.Sleep(time.Duration(random.IntN(50)) * time.Microsecond)
					return want, ctx.Err()
				})
				if err != nil && (ctx.Err() == nil || hold.Role == Joined && got != "" && got != want) || err == nil && got != want {
					t.Errorf("asked for %s: got %q, role %v, error %v", want, got, hold.Role, err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	for i := range g.shards {
		if n := len(g.shards[i].calls); n > 0 {
			t.Errorf("%d calls are left", n)
		}
	}
}

// Memory of results is used again by whoever is the last to look at one, and never while somebody looks.
func TestTheLastWhoIsDoneHasTheResultAlone(t *testing.T) {
	g, free := NewGroup[*string](), sync.Pool{New: func() any { return new(string) }}
	var all sync.WaitGroup
	var reused atomic.Int32
	for worker := range 16 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(worker)))
			for range 500 {
				want := fmt.Sprint(random.IntN(3))
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					go cancel()
				}
				most := time.Minute
				if random.IntN(4) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Second) // too little to lead
				}
				got, hold, err := g.Do(ctx, Key{Head: want}, most, func(context.Context) (*string, error) {
					time.Sleep(time.Duration(random.IntN(50)) * time.Microsecond)
					out := free.Get().(*string)
					*out = want
					return out, nil
				})
				for range 3 {
					if err == nil && *got != want {
						t.Errorf("asked for %s, got %s", want, *got)
					}
					runtime.Gosched()
				}
				if hold.Done() && got != nil {
					*got = "used again"
					free.Put(got)
					reused.Add(1)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if reused.Load() == 0 {
		t.Error("nobody was the last")
	}
}

func BenchmarkAlone(b *testing.B) {
	g, key := NewGroup[string](), Key{Head: "subgraph", Body: make([]byte, 2000)}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	for b.Loop() {
		_, _, _ = g.Do(ctx, key, time.Minute, func(context.Context) (string, error) { return "", nil })
	}
}

// With an open channel for all of them, who joined last would go first: of clients that ask again at once, each would wait for
// two rounds and then for none.
func TestWhoJoinedFirstGoesFirst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		const n = 40
		g, began := NewGroup[int](), make(chan struct{})
		var mu sync.Mutex
		var went []int
		var all sync.WaitGroup
		join := func(i int) {
			all.Go(func() {
				_, _, _ = g.Do(t.Context(), Key{Of: 1}, time.Second, func(context.Context) (int, error) {
					<-began
					return 0, nil
				})
				mu.Lock()
				went = append(went, i)
				mu.Unlock()
			})
			synctest.Wait()
		}
		for i := range n {
			join(i)
		}
		close(began)
		all.Wait()
		swapped := 0
		for i := range went {
			for _, later := range went[i+1:] {
				if later < went[i] {
					swapped++
				}
			}
		}
		if swapped > n*(n-1)/4 { // in the other order it would be twice that; the scheduler swaps some
			t.Errorf("they went in the order %v", went)
		}
	})
}

func TestWhoJoinsLeavesBeforeTheWorkEnds(t *testing.T) {
	for _, tt := range []struct {
		name     string
		cancel   time.Duration // 0: never
		deadline time.Duration // 0: none
		want     result
	}{
		{"cancelled soon: when patience ends", 50 * time.Millisecond, 0, result{"", Joined, context.Canceled, patience}},
		{"cancelled later: at once", 300 * time.Millisecond, 0, result{"", Joined, context.Canceled, 300 * time.Millisecond}},
		{"a deadline within patience: at once", 0, 50 * time.Millisecond, result{"", Joined, context.DeadlineExceeded, 50 * time.Millisecond}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, j := NewGroup[string](), &job{}
				first := do(t.Context(), g, Key{Of: 1}, j)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				if tt.deadline > 0 {
					var end context.CancelFunc
					ctx, end = context.WithTimeout(ctx, tt.deadline)
					defer end()
				}
				if got := <-do(ctx, g, Key{Of: 1}, j); got != tt.want {
					t.Errorf("who joined got %v, want %v", got, tt.want)
				}
				if got, want := <-first, (result{"run 1", Led, nil, time.Second}); got != want {
					t.Errorf("who led got %v, want %v", got, want)
				}
			})
		})
	}
}
