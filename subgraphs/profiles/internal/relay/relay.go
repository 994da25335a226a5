// Package relay delivers the outbox: events to the topic of profile events, accounts to open and close to the billing
// service. Each record is delivered at least once, and those of a profile in one queue in their order: the next is taken only
// when the one before is acknowledged. What cannot be delivered waits, and is tried again until it is.
package relay

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// Queue is the stored outbox.
type Queue interface {
	// Claim takes up to limit records that are due, in their order, of each profile only the first that is undelivered, and
	// keeps them from other claims for the time of hold.
	Claim(ctx context.Context, queue profile.Queue, limit int, hold time.Duration) ([]profile.Record, error)
	// Hold keeps claimed records from other claims for the time of hold from now.
	Hold(ctx context.Context, seqs []int64, hold time.Duration) error
	// Delivered marks records as delivered.
	Delivered(ctx context.Context, seqs []int64) error
	// Postpone gives claimed records back, to be claimed again after the wait.
	Postpone(ctx context.Context, seqs []int64, wait time.Duration) error
	// Forget removes what is kept no longer.
	Forget(ctx context.Context) error
}

// Publisher writes to the topic of profile events. It returns nil once all are acknowledged; on an error some may be.
type Publisher interface {
	Publish(ctx context.Context, messages []Message) error
}

// Biller opens and closes billing accounts; both may be repeated. A *Refused error is about the one record, any other about
// the billing service.
type Biller interface {
	Deliver(ctx context.Context, r profile.Record) error
}

// Options of a relay. The zero value of each is its default.
type Options struct {
	Poll        time.Duration // how often an idle queue is looked at; 0: 1s. New records of this process are seen at once
	MaxBackoff  time.Duration // longest pause while a queue cannot be delivered; 0: 5s
	BillingWait time.Duration // how long a create may wait for its billing account; 0: not at all
	NoPHI       bool          // leave name and email out of events
}

// What one round of a queue takes, how long it may take, and for how long its records are kept from others.
const (
	roundSize      = 200
	publishTimeout = 40 * time.Second // longer than the producer's own, so that its answer is final
	billingTimeout = 5 * time.Second  // of one call
	billingCalls   = 8                // at a time
	markTimeout    = 5 * time.Second
	hold           = 10 * time.Second // renewed meanwhile: so long do records wait whose claimer died
	renewEvery     = 3 * time.Second
	grace          = time.Second     // for marking what Try delivered
	coolDown       = 5 * time.Second // no Try after one that failed
	forgetEvery    = 10 * time.Minute
	maxTried       = 10_000
)

// Relay delivers the outbox while it runs.
type Relay struct {
	queue Queue
	out   Publisher
	bill  Biller
	log   *slog.Logger
	opt   Options
	lanes [2]lane

	coolUntil atomic.Int64 // Unix time in ns until which Try does nothing
	mu        sync.Mutex
	tried     []int64 // delivered by Try, not marked yet
}

// lane is the state of one queue.
type lane struct {
	queue   profile.Queue
	deliver func(context.Context, []profile.Record) outcome
	wake    chan struct{}
	waiting atomic.Bool // delivery fails at present
}

// outcome is what became of a round's records: delivered, to be tried again with the queue, or put off by themselves. err
// is why the queue as a whole cannot be delivered.
type outcome struct {
	delivered, again []int64
	putOff           map[int64]time.Duration
	err              error
}

// New returns a relay; nothing is delivered before Run, except by Try.
func New(queue Queue, out Publisher, bill Biller, log *slog.Logger, opt Options) *Relay {
	if opt.Poll == 0 {
		opt.Poll = time.Second
	}
	if opt.MaxBackoff == 0 {
		opt.MaxBackoff = 5 * time.Second
	}
	r := &Relay{queue: queue, out: out, bill: bill, log: log, opt: opt}
	for i := range r.lanes {
		r.lanes[i].wake = make(chan struct{}, 1)
	}
	r.lanes[0].queue, r.lanes[0].deliver = profile.Events, r.publish
	r.lanes[1].queue, r.lanes[1].deliver = profile.Billing, r.callBilling
	return r
}

var _ profile.Courier = (*Relay)(nil)

// Wake implements profile.Courier.
func (r *Relay) Wake() {
	for i := range r.lanes {
		select {
		case r.lanes[i].wake <- struct{}{}:
		default:
		}
	}
}

// Waiting reports whether the queue cannot be delivered at present.
func (r *Relay) Waiting(queue profile.Queue) bool {
	for i := range r.lanes {
		if r.lanes[i].queue == queue {
			return r.lanes[i].waiting.Load()
		}
	}
	return false
}

// Run delivers until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	var g errgroup.Group
	for i := range r.lanes {
		g.Go(func() error { r.serve(ctx, &r.lanes[i]); return nil })
	}
	g.Go(func() error { r.forget(ctx); return nil })
	return g.Wait()
}

func (r *Relay) serve(ctx context.Context, l *lane) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failures := 0
	for ctx.Err() == nil {
		pause, wake := r.opt.Poll, l.wake
		more, err := r.round(ctx, l, r.backoff(failures+1))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			pause, wake = r.backoff(failures), nil
			r.failing(ctx, l, err, failures)
		case more:
			if failures > 0 {
				r.log.LogAttrs(ctx, slog.LevelInfo, "outbox is delivered again", slog.String("queue", string(l.queue)))
			}
			failures = 0
			l.waiting.Store(false)
			continue
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
	}
}

// round claims and delivers once. more says that something was delivered, so that there may be more at once.
func (r *Relay) round(ctx context.Context, l *lane, wait time.Duration) (more bool, err error) {
	if l.queue == profile.Billing {
		if err := r.markTried(ctx); err != nil {
			return false, err
		}
	}
	records, err := r.queue.Claim(ctx, l.queue, roundSize, hold)
	if err != nil || len(records) == 0 {
		return false, err
	}
	o := r.holding(ctx, l, records)
	// What happened is kept even while stopping; without it the records would be delivered once more.
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
	defer cancel()
	if len(o.delivered) > 0 {
		if err := r.queue.Delivered(mark, o.delivered); err != nil {
			return false, err
		}
	}
	for seq, off := range o.putOff {
		if err := r.queue.Postpone(mark, []int64{seq}, off); err != nil {
			return false, err
		}
	}
	if len(o.again) > 0 {
		if ctx.Err() != nil {
			wait = 0
		}
		if err := r.queue.Postpone(mark, o.again, wait); err != nil {
			return false, err
		}
	}
	return true, o.err
}

// holding delivers the records while it keeps others from them. A hold that is lost means a record delivered twice, no more.
func (r *Relay) holding(ctx context.Context, l *lane, records []profile.Record) outcome {
	renew, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error {
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-renew.Done():
				return nil
			case <-tick.C:
				if err := r.queue.Hold(renew, all(records), hold); err != nil && renew.Err() == nil {
					r.log.LogAttrs(ctx, slog.LevelWarn, "outbox records are not held", slog.String("queue", string(l.queue)), slog.String("error", err.Error()))
				}
			}
		}
	})
	o := l.deliver(ctx, records)
	stop()
	_ = g.Wait()
	return o
}

func (r *Relay) failing(ctx context.Context, l *lane, err error, failures int) {
	level := slog.LevelDebug
	if failures == 1 {
		level = slog.LevelWarn
	}
	l.waiting.Store(true)
	r.log.LogAttrs(ctx, level, "outbox is not delivered, its records wait",
		slog.String("queue", string(l.queue)), slog.Int("failures", failures), slog.String("error", err.Error()))
}

// backoff is the pause after so many failures in a row: 100ms doubling up to the longest, less up to a quarter at random.
func (r *Relay) backoff(failures int) time.Duration {
	d := min(100*time.Millisecond<<min(failures-1, 16), r.opt.MaxBackoff)
	return d - time.Duration(rand.Int64N(int64(d)/4+1))
}

func (r *Relay) forget(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if err := r.queue.Forget(ctx); err != nil && ctx.Err() == nil {
			r.log.LogAttrs(ctx, slog.LevelWarn, "delivered outbox records were not removed", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
