package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"time"

	"medicore.dev/medicore/gateway/federation/exec"
)

// Protocol is how a subgraph is asked for subscriptions.
type Protocol string

// The protocols. Auto asks for an event stream and, where the subgraph does not answer with one, tries a WebSocket; one
// that was opened is what is tried first from then on.
const (
	Auto      Protocol = ""
	SSE       Protocol = "sse" // GraphQL over Server-Sent Events, distinct connections mode
	WebSocket Protocol = "ws"  // graphql-transport-ws
)

func (p Protocol) valid() bool { return p == Auto || p == SSE || p == WebSocket }

// Subscribe opens a subscription. One that is lost is opened again: its Next then returns an error that wraps
// exec.ErrInterrupted once, since events may be missing, and goes on.
func (c *Client) Subscribe(ctx context.Context, req *exec.Request) (exec.Stream, error) {
	sg, ok := c.subgraphs[req.Subgraph]
	if !ok {
		return nil, &exec.FetchError{Message: "is not configured"}
	}
	connect := func() (exec.Stream, error) {
		s, err := c.connect(ctx, sg, req)
		if errors.Is(err, io.EOF) { // of a connection that was closed before an answer; to a stream it is completion
			return nil, fmt.Errorf("%w: %s", io.ErrUnexpectedEOF, err) //nolint:errorlint // it must not be io.EOF any more
		}
		return s, err
	}
	current, err := connect()
	if err != nil {
		return nil, err
	}
	return &resumed{current: current, connect: connect, ended: ctx.Done(), writes: c.writes}, nil
}

func (c *Client) connect(ctx context.Context, sg *subgraph, req *exec.Request) (exec.Stream, error) {
	switch {
	case sg.protocol == SSE:
		return c.openEvents(ctx, sg, req)
	case sg.protocol == WebSocket:
		return c.openSocket(ctx, sg, req)
	case sg.speaks.Load():
		if s, err := c.openSocket(ctx, sg, req); err == nil || !errors.Is(err, errHandshake) {
			return s, err
		}
		sg.speaks.Store(false)
	}
	first, err := c.openEvents(ctx, sg, req)
	if _, streams := first.(*stream); streams || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || isDial(err) {
		return first, err
	}
	s, failed := c.openSocket(ctx, sg, req)
	if failed != nil && errors.Is(failed, errHandshake) {
		return first, err // it has no WebSocket: what it answered first is its answer
	}
	sg.speaks.Store(true)
	return s, failed
}

// subscriptions is where the endpoint is asked for subscriptions.
func (sg *subgraph) subscriptions(e *endpoint) *url.URL {
	if sg.path == "" {
		return e.url
	}
	u := *e.url
	u.Path, u.RawPath = sg.path, ""
	return &u
}

// errLost is wrapped by errors of streams that may be had again.
var errLost = errors.New("connection lost")

func lost(message string, err error) *exec.FetchError {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // io.EOF is a stream that was completed
	}
	return &exec.FetchError{Message: message, Err: fmt.Errorf("%w: %w", errLost, err)}
}

// isLost reports whether it makes sense to open a stream again after the error: not after a subgraph's refusal.
func isLost(err error) bool {
	var refusal *exec.FetchError
	return errors.Is(err, errLost) || !errors.As(err, &refusal)
}

// Reopening: up to reopenTries attempts without an event between them, after pauses that double from the first to the
// last. It is given up after about a minute.
const (
	reopenTries      = 10
	firstReopenPause = 200 * time.Millisecond
	lastReopenPause  = 10 * time.Second
)

// resumed is a stream that is opened again when it is lost. It is for one goroutine.
type resumed struct {
	current exec.Stream
	connect func() (exec.Stream, error)
	tries   int             // since the last event
	ended   <-chan struct{} // nobody wants it any more
	writes  *Writes
}

// Next waits for the next event.
func (s *resumed) Next(ctx context.Context) ([]byte, error) {
	data, err := s.current.Next(ctx)
	if err == nil {
		s.tries = 0
		s.writes.Add() // it may tell of one that did not come this way
		return data, nil
	}
	if errors.Is(err, io.EOF) || ctx.Err() != nil || !isLost(err) {
		return nil, err
	}
	_ = s.current.Close()
	for s.tries < reopenTries {
		pause := min(firstReopenPause<<s.tries, lastReopenPause)
		s.tries++
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-s.ended:
			timer.Stop()
			return nil, err
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		next, failed := s.connect()
		if failed == nil {
			s.current = next
			return nil, fmt.Errorf("%w: %w", exec.ErrInterrupted, err)
		}
		if err = failed; !isLost(failed) {
			break
		}
	}
	return nil, err
}

// Close ends the stream.
func (s *resumed) Close() error { return s.current.Close() }
