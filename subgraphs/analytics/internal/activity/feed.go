package activity

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"medicore.dev/medicore/internal/fault"
)

// Bounds of the live feed.
const (
	pollEvery    = time.Second // at the latest then new events are seen, also when no announcement came
	feedPage     = 500         // events read at a time
	subscriberQ  = 256         // messages a subscriber may lag behind
	maxCatchUp   = 10_000      // records a cursor may be behind
	summaryEvery = 500 * time.Millisecond
)

// SlowConsumer is the code that ends a subscription whose client does not keep up.
const SlowConsumer fault.Code = "SLOW_CONSUMER"

// Message is one pushed event and the position to go on from.
type Message struct {
	Event    *Event
	Position Position
}

// Feed pushes what is newly in the store to this copy's subscribers. The store is the truth: announcements only say when
// to look, and a lost one costs a second.
type Feed struct {
	store Store
	log   *slog.Logger
	wake  chan struct{}

	mu       sync.Mutex
	position Position // up to here everything was pushed; nil until the first look
	started  chan struct{}
	subs     map[*subscriber]struct{}
	changed  chan struct{} // closed and replaced at every change
}

type subscriber struct {
	messages chan Message
	slow     bool // set, under Feed.mu, when messages is closed for that reason
}

// NewFeed returns a feed; Run moves it.
func NewFeed(store Store, log *slog.Logger) *Feed {
	return &Feed{store: store, log: log, wake: make(chan struct{}, 1), started: make(chan struct{}), subs: map[*subscriber]struct{}{}, changed: make(chan struct{})}
}

// Wake makes the feed look for new events now.
func (f *Feed) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run looks for new events until ctx ends; then it ends all subscriptions.
func (f *Feed) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	defer f.end()
	for {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.log.LogAttrs(ctx, slog.LevelWarn, "the event log was not read, trying again", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-tick.C:
		}
	}
}

func (f *Feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		close(s.messages)
		delete(f.subs, s)
	}
}

// look pushes what was applied since the last time.
func (f *Feed) look(ctx context.Context) error {
	now, err := f.store.Position(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	first := f.position == nil
	if first {
		f.position = now
		close(f.started)
	}
	from := maps.Clone(f.position)
	f.mu.Unlock()
	if first {
		return nil
	}
	for _, part := range slices.Sorted(maps.Keys(now)) {
		for at := from[part]; at < now[part]; {
			events, err := f.store.Between(ctx, part, at, now[part], feedPage)
			if err != nil {
				return err
			}
			at = now[part]
			if len(events) == feedPage {
				at = events[len(events)-1].Offset + 1
			}
			f.push(part, events, at)
		}
	}
	return nil
}

// push hands events of one partition to the subscribers and moves the position to next.
func (f *Feed) push(part int32, events []*Event, next int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.position = maps.Clone(f.position)
		f.position[part] = e.Offset + 1
		for s := range f.subs {
			select {
			case s.messages <- Message{e, f.position}:
			default:
				s.slow = true
				close(s.messages)
				delete(f.subs, s)
			}
		}
	}
	f.position = maps.Clone(f.position)
	f.position[part] = next
	close(f.changed)
	f.changed = make(chan struct{})
}

// subscribe adds a subscriber; everything after the returned position reaches it.
func (f *Feed) subscribe(ctx context.Context) (*subscriber, Position, error) {
	select {
	case <-f.started:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &subscriber{messages: make(chan Message, subscriberQ)}
	f.subs[s] = struct{}{}
	return s, f.position, nil
}

func (f *Feed) unsubscribe(s *subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subs, s)
}

// change returns a channel that is closed at the next change.
func (f *Feed) change() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Subscribers returns how many follow the feed now.
func (f *Feed) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}
