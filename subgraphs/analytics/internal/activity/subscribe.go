package activity

import (
	"context"
	"maps"
	"slices"
	"time"

	"medicore.dev/medicore/internal/fault"
)

// Stream yields messages to send until it returns false or ctx ends; an error ends the subscription with it.
type Stream[T any] func(ctx context.Context, send func(T) bool) error

// Subscribe follows the events of the types (none: all), beginning with what was missed since the cursor. It needs
// analytics:read. A cursor that cannot be gone on from gives CursorExpired, a reader too slow SlowConsumer.
func (s *Service) Subscribe(ctx context.Context, types []Type, cursor string) (Stream[Message], error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	var from Position
	if cursor != "" {
		var err error
		if from, err = ParseCursor(cursor); err != nil {
			return nil, err
		}
	}
	sub, live, err := s.feed.subscribe(ctx)
	if err != nil {
		return nil, err
	}
	if cursor != "" {
		if behind, ok := from.Behind(live); !ok || behind > maxCatchUp {
			s.feed.unsubscribe(sub)
			return nil, fault.New(CursorExpired, "the cursor cannot be gone on from: start without one")
		}
	}
	wanted := func(e *Event) bool { return len(types) == 0 || slices.Contains(types, e.Type) }
	return func(ctx context.Context, send func(Message) bool) error {
		defer s.feed.unsubscribe(sub)
		if cursor != "" {
			if goOn, err := s.catchUp(ctx, from, live, wanted, send); err != nil || !goOn {
				return err
			}
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case m, ok := <-sub.messages:
				if !ok {
					return s.ended(sub)
				}
				if wanted(m.Event) && !send(m) {
					return nil
				}
			}
		}
	}, nil
}

func (s *Service) ended(sub *subscriber) error {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if sub.slow {
		return fault.New(SlowConsumer, "events came faster than they were taken: subscribe again from the last cursor")
	}
	return nil // the service stops
}

// catchUp sends what lies between two positions, partition by partition, so each profile's events stay in order.
func (s *Service) catchUp(ctx context.Context, from, to Position, wanted func(*Event) bool, send func(Message) bool) (bool, error) {
	at := maps.Clone(from)
	for _, part := range slices.Sorted(maps.Keys(to)) {
		for at[part] < to[part] {
			events, err := s.store.Between(ctx, part, at[part], to[part], feedPage)
			if err != nil {
				return false, err
			}
			for _, e := range events {
				at = maps.Clone(at)
				at[part] = e.Offset + 1
				if wanted(e) && !send(Message{e, at}) {
					return false, nil
				}
			}
			if len(events) < feedPage {
				at = maps.Clone(at)
				at[part] = to[part]
			}
		}
	}
	return true, nil
}

// SubscribeSummary sends the figures now and after every change, at most twice a second. It needs analytics:read.
func (s *Service) SubscribeSummary(ctx context.Context) (Stream[*Summary], error) {
	if err := read(ctx); err != nil {
		return nil, err
	}
	return func(ctx context.Context, send func(*Summary) bool) error {
		pause := time.NewTimer(0)
		defer pause.Stop()
		<-pause.C
		for {
			changed := s.feed.change()
			sum, err := s.store.Summary(ctx)
			if err != nil {
				return err
			}
			if !send(sum) {
				return nil
			}
			pause.Reset(summaryEvery)
			select {
			case <-ctx.Done():
				return nil
			case <-pause.C:
			}
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
		}
	}, nil
}
