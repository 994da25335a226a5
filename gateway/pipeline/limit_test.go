package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever asks, and whenever, a limited context is as one of context.WithTimeout.
func TestALimitedContextEndsAsOneWithATimeout(t *testing.T) {
	type make func(context.Context, time.Duration) (context.Context, context.CancelFunc)
	kinds := map[string]make{
		"the library's": context.WithTimeout,
		"ours": func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			l := withLimit(ctx, d)
			return l, l.stop
		},
	}
	type key struct{}
	cause := errors.New("the client has gone")
	for _, tt := range []struct {
		name  string
		end   func(cancel context.CancelCauseFunc, stop context.CancelFunc)
		err   error
		cause error
	}{
		{"in time", func(context.CancelCauseFunc, context.CancelFunc) {}, nil, nil},
		{"by the limit", func(context.CancelCauseFunc, context.CancelFunc) { time.Sleep(time.Second) }, context.DeadlineExceeded, context.DeadlineExceeded},
		{"by its parent", func(cancel context.CancelCauseFunc, _ context.CancelFunc) { cancel(cause) }, context.Canceled, cause},
		{"by its owner", func(_ context.CancelCauseFunc, stop context.CancelFunc) { stop() }, context.Canceled, context.Canceled},
	} {
		for kind, limit := range kinds {
			for _, early := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
					defer cancel(nil)
					ctx, stop := limit(parent, time.Second)
					defer stop()
					if end, ok := ctx.Deadline(); !ok || time.Until(end) != time.Second {
						t.Errorf("%s, %s: it ends at %v", tt.name, kind, end)
					}
					heard := false
					listen := func() { context.AfterFunc(ctx, func() { heard = true }) }
					if early {
						listen()
					}
					tt.end(cancel, stop)
					if !early {
						listen()
					}
					synctest.Wait()
					if ctx.Err() != tt.err || context.Cause(ctx) != tt.cause || heard != (tt.err != nil) || ctx.Value(key{}) != "value" { //nolint:errorlint // exactly these
						t.Errorf("%s, %s, asked early %t: error %v, cause %v, heard %t", tt.name, kind, early, ctx.Err(), context.Cause(ctx), heard)
					}
				})
			}
		}
	}
}

func TestAnEarlierDeadlineStays(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	l := withLimit(ctx, time.Hour)
	defer l.stop()
	if end, _ := l.Deadline(); time.Until(end) > time.Second {
		t.Errorf("it ends at %v", end)
	}
}
