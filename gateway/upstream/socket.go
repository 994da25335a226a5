package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"medicore.dev/medicore/gateway/federation/exec"
)

// subprotocol is the only one spoken over WebSockets.
const subprotocol = "graphql-transport-ws"

// Liveness of an open socket: it is asked for a sign of life every pingEvery and lost without one for silence.
const (
	pingEvery = 12 * time.Second
	silence   = 40 * time.Second
)

// errHandshake is wrapped by errors of sockets that did not open: the server may not speak WebSocket at all.
var errHandshake = errors.New("no WebSocket")

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// openSocket opens a subscription on a connection of its own. The headers to pass on go with the handshake and, since
// many servers read a client's credential there only, into the payload of connection_init.
//
// GraphQL over WebSocket Protocol, graphql-transport-ws.
func (c *Client) openSocket(ctx context.Context, sg *subgraph, req *exec.Request) (exec.Stream, error) {
	first := sg.pick(time.Now(), nil)
	s, err := c.dialSocket(ctx, sg, first, req)
	if err == nil || len(sg.endpoints) < 2 || ctx.Err() != nil || !isLost(err) {
		return s, err
	}
	return c.dialSocket(ctx, sg, sg.pick(time.Now(), first), req)
}

// dialSocket opens the connection and subscribes. The connection outlives its context for the moment in which the subgraph is
// told that nobody listens any more.
func (c *Client) dialSocket(wanted context.Context, sg *subgraph, e *endpoint, req *exec.Request) (exec.Stream, error) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(wanted))
	opened := context.AfterFunc(wanted, func() { cancel(wanted.Err()) })
	defer opened()
	if sg.timeout > 0 {
		timer := time.AfterFunc(sg.timeout, func() { cancel(context.DeadlineExceeded) })
		defer timer.Stop()
	}
	s, err := c.handshake(ctx, sg, e, req)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
			err = fmt.Errorf("open a WebSocket to %s: %w", e.url.Redacted(), cause)
		}
		cancel(nil)
		return nil, err
	}
	out := newStream(func() error {
		s.complete(ctx)
		cancel(nil)
		return s.conn.CloseNow()
	})
	out.reader.Go(func() { out.read(func() ([]byte, error) { return s.next(ctx) }) })
	out.reader.Go(func() {
		if s.ping(ctx, wanted.Done()) {
			s.complete(ctx)
			cancel(nil)
		}
	})
	return out, nil
}

// socket is one connection with one subscription.
type socket struct {
	conn  *websocket.Conn
	ended bool // by the subgraph; set by the reader
	told  sync.Once
}

func (c *Client) handshake(ctx context.Context, sg *subgraph, e *endpoint, req *exec.Request) (*socket, error) {
	header := http.Header{}
	c.setHeaders(ctx, header)
	e.requests.Add(1)
	//nolint:bodyclose // there is nothing to close: "You never need to close resp.Body yourself" (Dial)
	conn, resp, err := websocket.Dial(ctx, sg.subscriptions(e).String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: sg.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		HTTPHeader: header, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		e.errors.Add(1)
		if resp == nil && (ctx.Err() == nil || isDial(err)) {
			e.failed(time.Now())
		}
		if resp != nil && !unavailable(resp.StatusCode) {
			return nil, &exec.FetchError{Message: fmt.Sprintf("answered HTTP %d instead of opening a WebSocket", resp.StatusCode), Err: fmt.Errorf("%w: %w", errHandshake, err)}
		}
		return nil, fmt.Errorf("%w at %s: %w", errHandshake, e.url.Redacted(), err)
	}
	e.succeeded()
	conn.SetReadLimit(sg.maxBytes)
	s := &socket{conn: conn}
	if err := s.begin(ctx, header, req); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return s, nil
}

// begin goes through the initialisation and subscribes.
func (s *socket) begin(ctx context.Context, header http.Header, req *exec.Request) error {
	if s.conn.Subprotocol() != subprotocol {
		return &exec.FetchError{Message: "does not speak " + subprotocol, Err: errHandshake}
	}
	payload := map[string]string{}
	for name, values := range header {
		payload[name] = strings.Join(values, ", ")
	}
	init, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write connection_init: %w", err)
	}
	if err := s.send(ctx, frame{Type: "connection_init", Payload: init}); err != nil {
		return closed(err)
	}
	for {
		f, err := s.receive(ctx)
		switch {
		case err != nil:
			return err
		case f.Type == "connection_ack":
			if err := s.send(ctx, frame{ID: "1", Type: "subscribe", Payload: req.Body}); err != nil {
				return closed(err)
			}
			return nil
		case f.Type != "ping" && f.Type != "pong":
			return &exec.FetchError{Message: "began a WebSocket with something else than connection_ack"}
		}
	}
}

// next reads up to the next event. io.EOF is completion, also after an `error` message, which is the last event.
func (s *socket) next(ctx context.Context) ([]byte, error) {
	if s.ended {
		return nil, io.EOF
	}
	for {
		f, err := s.receive(ctx)
		switch {
		case err != nil:
			return nil, err
		case f.Type == "next" && f.ID == "1":
			return f.Payload, nil
		case f.Type == "error" && f.ID == "1":
			s.ended = true
			return append(append([]byte(`{"errors":`), f.Payload...), '}'), nil
		case f.Type == "complete" && f.ID == "1":
			s.ended = true
			return nil, io.EOF
		}
	}
}

// receive reads one message and answers it if it is a ping.
func (s *socket) receive(ctx context.Context) (frame, error) {
	waiting, stop := context.WithTimeout(ctx, silence)
	defer stop()
	kind, body, err := s.conn.Read(waiting)
	if err != nil {
		return frame{}, closed(err)
	}
	var f frame
	if kind != websocket.MessageText || !utf8.Valid(body) || json.Unmarshal(body, &f) != nil || f.Type == "" {
		_ = s.conn.Close(4400, "Invalid message received")
		return frame{}, &exec.FetchError{Message: "sent a message that is not of " + subprotocol}
	}
	if f.Type == "ping" {
		if err := s.send(ctx, frame{Type: "pong", Payload: f.Payload}); err != nil {
			return frame{}, closed(err)
		}
	}
	return f, nil
}

// ping asks for signs of life, and reports whether nobody wants the socket any more. What else it finds out, the reader does too.
func (s *socket) ping(ctx context.Context, unwanted <-chan struct{}) bool {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.send(ctx, frame{Type: "ping"}) != nil {
				return false
			}
		case <-unwanted:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// complete tells the subgraph that nobody listens any more.
func (s *socket) complete(ctx context.Context) {
	s.told.Do(func() { _ = s.send(ctx, frame{ID: "1", Type: "complete"}) })
}

// sendTimeout is how long a subgraph may take to read a message.
const sendTimeout = 5 * time.Second

func (s *socket) send(ctx context.Context, f frame) error {
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, body)
}

// closeReasons say what the close codes of the protocol mean. After these there is no use in trying again.
var closeReasons = map[websocket.StatusCode]string{
	4400:                          "did not understand the gateway's message",
	4401:                          "refused the subscription: it wants a credential",
	4403:                          "refused the connection: the credential is not good enough",
	4406:                          "does not speak " + subprotocol,
	4409:                          "already has a subscription of this id",
	4429:                          "got too many initialisation requests",
	websocket.StatusMessageTooBig: "sent an event that is too large",
}

// closed explains a connection that ended.
func closed(err error) error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return &exec.FetchError{Message: closeReasons[websocket.StatusMessageTooBig], Err: err}
	}
	code := websocket.CloseStatus(err)
	switch reason, final := closeReasons[code]; {
	case final:
		return &exec.FetchError{Message: reason, Err: err}
	case code == 4408:
		return lost("closed the WebSocket: it was not initialised in time", err)
	case code > 0:
		return lost(fmt.Sprintf("closed the WebSocket with code %d", code), err)
	}
	return lost("broke off the WebSocket", err)
}
