package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"medicore.dev/medicore/gateway/federation/exec"
)

const acceptEvents = "text/event-stream, " + acceptJSON

// openEvents opens an event stream by the distinct connections mode of GraphQL over Server-Sent Events. The stream has
// no deadline of its own; opening it has. A subgraph that answers with JSON instead has one event: it refuses that way.
func (c *Client) openEvents(ctx context.Context, sg *subgraph, req *exec.Request) (exec.Stream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	if sg.timeout > 0 {
		timer := time.AfterFunc(sg.timeout, func() { cancel(context.DeadlineExceeded) })
		defer timer.Stop()
	}
	resp, err := c.open(ctx, sg, req)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
			err = fmt.Errorf("open an event stream: %w", cause)
		}
		cancel(nil)
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "text/event-stream" || resp.StatusCode != http.StatusOK {
		defer cancel(nil)
		defer drain(resp.Body)
		body, err := readBody(resp, sg.maxBytes)
		if err == nil {
			err = checkAnswer(resp.StatusCode, resp.Header.Get("Content-Type"), body)
		}
		if err != nil {
			return nil, err
		}
		return &single{body: body}, nil
	}
	s := newStream(func() error {
		cancel(nil)
		return resp.Body.Close()
	})
	s.reader.Go(func() { s.read(newEventReader(resp.Body, sg.maxBytes).next) })
	return s, nil
}

// open tries the URLs until one answers.
func (c *Client) open(ctx context.Context, sg *subgraph, req *exec.Request) (*http.Response, error) {
	first := sg.pick(time.Now(), nil)
	resp, err := c.roundTrip(ctx, sg, first, req, acceptEvents)
	if err == nil || len(sg.endpoints) < 2 || ctx.Err() != nil {
		return resp, err
	}
	return c.roundTrip(ctx, sg, sg.pick(time.Now(), first), req, acceptEvents)
}

// single is the stream of a subgraph that answered with one response.
type single struct {
	body []byte
	done bool
}

func (s *single) Next(context.Context) ([]byte, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	return s.body, nil
}

func (s *single) Close() error { return nil }

type event struct {
	data []byte
	err  error
}

// readAhead is how many events of a stream may wait for what is joined to those before them. Meanwhile signs of life are
// exchanged.
const readAhead = 8

// stream is an open event stream. One goroutine reads it, at most readAhead events ahead of Next.
type stream struct {
	end    func() error
	events chan event
	closed chan struct{}
	once   sync.Once
	reader sync.WaitGroup
}

// newStream returns a stream that end closes; its reader is still to be started.
func newStream(end func() error) *stream {
	return &stream{end: end, events: make(chan event, readAhead), closed: make(chan struct{})}
}

// Next waits for the next event.
func (s *stream) Next(ctx context.Context) ([]byte, error) {
	select {
	case ev, ok := <-s.events:
		if !ok {
			return nil, io.EOF
		}
		return ev.data, ev.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends the stream and waits for its reader.
func (s *stream) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		err = s.end()
	})
	s.reader.Wait()
	return err
}

// read hands over what next returns, up to its first error. io.EOF is the stream's completion.
func (s *stream) read(next func() ([]byte, error)) {
	defer close(s.events)
	for {
		data, err := next()
		if errors.Is(err, io.EOF) {
			return
		}
		select {
		case s.events <- event{data, err}:
		case <-s.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

// eventReader parses an event stream: "next" events carry responses, "complete" ends it, comments keep it alive.
//
// HTML, "Server-sent events" (#parsing-an-event-stream).
type eventReader struct {
	r     *bufio.Reader
	limit int64
	begun bool
	cr    bool // the last line ended in a carriage return, of which a line feed may be part
}

func newEventReader(r io.Reader, limit int64) *eventReader {
	return &eventReader{r: bufio.NewReader(r), limit: limit}
}

// next returns the data of the next event. It returns io.EOF after "complete" only: a stream that just stops was cut off.
func (r *eventReader) next() ([]byte, error) {
	var name string
	var data []byte
	hasData := false
	for {
		line, err := r.line(r.limit - int64(len(data)))
		if err != nil {
			return nil, err
		}
		if len(line) == 0 { // the event is complete
			switch {
			case name == "complete":
				return nil, io.EOF
			case hasData && (name == "next" || name == "" || name == "message") && len(bytes.TrimSpace(data)) > 0:
				return data, nil
			}
			name, data, hasData = "", nil, false
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) { // "" is a comment; id and retry mean nothing here
		case "event":
			name = string(value)
		case "data":
			if hasData {
				data = append(data, '\n')
			}
			data, hasData = append(data, value...), true
		}
	}
}

// line reads a line without its end, which is CR, LF or both. The result is good until the next call.
func (r *eventReader) line(limit int64) ([]byte, error) {
	var long []byte
	for {
		if _, err := r.r.Peek(1); err != nil {
			return nil, lost("broke off the event stream", err)
		}
		part, _ := r.r.Peek(r.r.Buffered())
		if r.cr {
			if r.cr = false; part[0] == '\n' {
				r.skip(1)
				continue
			}
		}
		end := bytes.IndexAny(part, "\r\n")
		n := end
		if end < 0 {
			n = len(part)
		}
		if int64(len(long)+n) > limit+64 {
			return nil, &exec.FetchError{Message: "sent an event that is too large", Err: errTooLarge}
		}
		if end < 0 {
			long = append(long, part...)
			r.skip(n)
			continue
		}
		line := part[:end]
		if long != nil {
			line = append(long, line...)
		}
		r.cr = part[end] == '\r'
		r.skip(end + 1)
		if !r.begun {
			r.begun = true
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		return line, nil
	}
}

// skip drops bytes that are in the buffer.
func (r *eventReader) skip(n int) { _, _ = r.r.Discard(n) }
