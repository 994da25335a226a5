package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/pipeline"
)

// events answers as server-sent events: every result as `next`, then `complete`. answer is sent instead of running op
// when the request was refused.
//
// GraphQL over Server-Sent Events Protocol, "Distinct connections mode".
func (h *Handler) events(ctx context.Context, w http.ResponseWriter, op pipeline.Operation, answer []byte) {
	out := &sse{w: w, control: http.NewResponseController(w)}
	head := w.Header()
	head.Set("Content-Type", mediaEvents+"; charset=utf-8")
	head.Set("Cache-Control", "no-cache, no-transform")
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	defer func() { _ = out.control.SetWriteDeadline(time.Time{}) }()
	only := func(body []byte) {
		if out.send("next", body) == nil {
			_ = out.send("complete", nil)
		}
	}
	switch {
	case answer != nil:
		only(answer)
	case op.Incremental():
		results := op.Increments(ctx)
		defer results.Close()
		for {
			body, err := results.Next(ctx)
			if err == nil {
				err = out.send("next", body)
			}
			switch {
			case errors.Is(err, io.EOF):
				_ = out.send("complete", nil)
				return
			case err != nil:
				return
			}
		}
	case op.Kind() != ast.Subscription:
		op.Execute(ctx, only)
	default:
		stream, failure := op.Subscribe(ctx)
		if failure != nil {
			only(failure.JSON())
			return
		}
		h.follow(ctx, out, stream)
	}
}

// follow sends a subscription's events until it ends, its caller's token does, the client goes or reads too slowly, or
// the gateway stops.
func (h *Handler) follow(ctx context.Context, out *sse, stream pipeline.Events) {
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan []byte)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(results)
		for {
			body, err := stream.Next(ctx)
			if err != nil {
				return
			}
			select {
			case results <- body:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		<-done
		stream.Close()
	}()
	if out.comment() != nil {
		return // the client sees at once that the stream stands
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	ended, stop := h.tokenEnd(ctx)
	defer stop()
	for {
		var err error
		select {
		case body, ok := <-results:
			if !ok {
				if ctx.Err() == nil {
					_ = out.send("complete", nil)
				}
				return
			}
			err = out.send("next", body)
		case <-ping.C:
			err = out.comment()
		case <-ended:
			if out.send("next", tokenEnded) == nil {
				_ = out.send("complete", nil)
			}
			return
		case <-h.drain:
			_ = out.send("complete", nil)
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// tokenEnded is the last result of a subscription whose caller's token ends.
var tokenEnded = []byte(`{"errors":[{"message":"the token has ended: sign in again","extensions":{"code":"UNAUTHENTICATED"}}]}`)

// tokenEnd returns a channel that fires when the caller's token ends.
func (h *Handler) tokenEnd(ctx context.Context) (<-chan time.Time, func()) {
	if h.opt.End != nil {
		if end := h.opt.End(ctx); !end.IsZero() {
			t := time.NewTimer(time.Until(end))
			return t.C, func() { t.Stop() }
		}
	}
	return nil, func() {}
}

type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s *sse) send(event string, data []byte) error {
	var b bytes.Buffer
	b.WriteString("event: " + event + "\n")
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		b.WriteString("data: ")
		b.Write(line)
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return s.write(b.Bytes())
}

func (s *sse) comment() error { return s.write([]byte(":\n\n")) }

func (s *sse) write(b []byte) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has one
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}
