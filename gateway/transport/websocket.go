package transport

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/pipeline"
)

// subprotocol is the only one spoken.
const subprotocol = "graphql-transport-ws"

// The codes a socket is closed with. 4508 is ours: the client read too slowly.
//
// GraphQL over WebSocket Protocol, graphql-transport-ws.
const (
	closeInvalid       websocket.StatusCode = 4400
	closeUnauthorized  websocket.StatusCode = 4401
	closeForbidden     websocket.StatusCode = 4403
	closeSubprotocol   websocket.StatusCode = 4406
	closeInitTimeout   websocket.StatusCode = 4408
	closeDuplicate     websocket.StatusCode = 4409
	closeTooManyInits  websocket.StatusCode = 4429
	closeTooSlow       websocket.StatusCode = 4508
	maxSocketOps                            = 200
	maxOperationIDSize                      = 256
)

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// socket serves one connection: operations run beside each other, each ends with `complete` or `error`.
func (h *Handler) socket(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, OriginPatterns: h.opt.Origins})
	if err != nil {
		return // Accept has answered
	}
	c.SetReadLimit(h.opt.MaxBody)
	if c.Subprotocol() != subprotocol {
		_ = c.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &socket{h: h, c: c, ctx: within, ops: map[string]*running{}, slow: make(chan struct{}, 1)}
	code, reason := s.serve(ctx, r.Header.Get("Authorization") != "")
	cancel() // ends the operations; the connection is read on, so that it can be closed in order
	s.running.Wait()
	_ = c.Close(code, reason)
}

type socket struct {
	h   *Handler
	c   *websocket.Conn
	ctx context.Context

	running sync.WaitGroup
	mu      sync.Mutex
	ops     map[string]*running
	ready   bool
	ended   <-chan time.Time // the caller's token
	slow    chan struct{}    // holds something when a message took too long to be read
}

// running is an operation under way. Its id may be used again as soon as the client has completed it.
type running struct{ cancel context.CancelFunc }

type received struct {
	m   message
	bad bool
	err error
}

// serve reads messages until the connection has to be closed, and says how.
func (s *socket) serve(connection context.Context, authenticated bool) (websocket.StatusCode, string) {
	in := make(chan received)
	go s.readAll(connection, in)
	init := time.NewTimer(initTimeout)
	defer init.Stop()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	if authenticated {
		var stop func()
		s.ended, stop = s.h.tokenEnd(s.ctx)
		defer stop()
	}
	for {
		select {
		case r := <-in:
			switch {
			case r.err != nil:
				return websocket.StatusNormalClosure, ""
			case r.bad:
				return closeInvalid, "Invalid message received"
			}
			if code, reason := s.handle(r.m); code != 0 {
				return code, reason
			}
			if s.ready {
				init.Stop()
			}
		case <-init.C:
			return closeInitTimeout, "Connection initialisation timeout"
		case <-ping.C:
			if s.send(message{Type: "ping"}) != nil {
				return closeTooSlow, "Slow client"
			}
		case <-s.ended:
			return closeForbidden, "Token ended"
		case <-s.h.drain:
			s.completeAll()
			return websocket.StatusServiceRestart, "Restarting"
		case <-s.slow:
			return closeTooSlow, "Slow client"
		case <-s.ctx.Done():
			return websocket.StatusGoingAway, ""
		}
	}
}

// completeAll completes the operations that run, so that clients do not take the end for a failure.
func (s *socket) completeAll() {
	s.mu.Lock()
	ids := slices.Sorted(maps.Keys(s.ops))
	for _, id := range ids {
		s.ops[id].cancel()
	}
	clear(s.ops)
	s.mu.Unlock()
	for _, id := range ids {
		_ = s.send(message{ID: id, Type: "complete"})
	}
}

func (s *socket) readAll(connection context.Context, in chan<- received) {
	ended := s.ctx.Done()
	for {
		kind, body, err := s.c.Read(connection)
		r := received{err: err}
		if err == nil {
			r.bad = kind != websocket.MessageText || !utf8.Valid(body) || json.Unmarshal(body, &r.m) != nil || r.m.Type == ""
		}
		select {
		case in <- r:
		case <-ended:
			return
		}
		if err != nil {
			return
		}
	}
}

// handle acts on a message; a code other than 0 closes the connection.
func (s *socket) handle(m message) (websocket.StatusCode, string) {
	switch m.Type {
	case "connection_init":
		return s.init(m.Payload)
	case "ping":
		_ = s.send(message{Type: "pong", Payload: m.Payload})
	case "pong":
	case "subscribe":
		return s.subscribe(m)
	case "complete":
		s.mu.Lock()
		op := s.ops[m.ID]
		delete(s.ops, m.ID)
		s.mu.Unlock()
		if op != nil {
			op.cancel()
		}
	default:
		return closeInvalid, "Invalid message received"
	}
	return 0, ""
}

func (s *socket) init(payload json.RawMessage) (websocket.StatusCode, string) {
	if s.ready {
		return closeTooManyInits, "Too many initialisation requests"
	}
	var values map[string]any
	if len(payload) > 0 && json.Unmarshal(payload, &values) != nil {
		return closeInvalid, "Invalid message received"
	}
	for name, v := range values {
		header, ok := v.(string)
		if !ok || !strings.EqualFold(name, "authorization") || s.h.opt.Authenticate == nil {
			continue
		}
		ctx, ok := s.h.opt.Authenticate(s.ctx, header)
		if !ok {
			return closeForbidden, "Forbidden"
		}
		s.ctx = ctx //nolint:fatcontext // the connection's caller, settled once
		s.ended, _ = s.h.tokenEnd(ctx)
	}
	s.ready = true
	if s.send(message{Type: "connection_ack"}) != nil {
		return closeTooSlow, "Slow client"
	}
	return 0, ""
}

func (s *socket) subscribe(m message) (websocket.StatusCode, string) {
	if !s.ready {
		return closeUnauthorized, "Unauthorized"
	}
	req, bad := parse(m.Payload)
	if bad != nil || m.ID == "" || len(m.ID) > maxOperationIDSize {
		return closeInvalid, "Invalid message received"
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ops[m.ID] != nil {
		cancel()
		return closeDuplicate, "Subscriber for " + m.ID[:min(len(m.ID), 60)] + " already exists"
	}
	if len(s.ops) >= maxSocketOps {
		cancel()
		return closeTooManyInits, "Too many operations"
	}
	op := &running{cancel}
	s.ops[m.ID] = op
	s.running.Go(func() {
		defer cancel()
		s.run(ctx, m.ID, op, req)
	})
	return 0, ""
}

// run runs one operation to its end.
func (s *socket) run(ctx context.Context, id string, self *running, req *pipeline.Request) {
	op, failure := s.h.prepare.Prepare(ctx, req)
	if failure == nil && op.Kind() == ast.Subscription {
		failure = s.follow(ctx, id, op)
	} else if failure == nil && op.Incremental() {
		s.pass(ctx, id, op.Increments(ctx))
	} else if failure == nil {
		op.Execute(ctx, func(body []byte) { s.sendFor(ctx, message{ID: id, Type: "next", Payload: body}) })
	}
	s.mu.Lock()
	open := s.ops[id] == self
	if open {
		delete(s.ops, id)
	}
	s.mu.Unlock()
	if !open || s.ctx.Err() != nil {
		return // the client has completed it
	}
	last := message{ID: id, Type: "complete"}
	if failure != nil {
		payload, err := json.Marshal(failure.Errors)
		if err != nil {
			payload = []byte(`[{"message":"internal error"}]`)
		}
		last = message{ID: id, Type: "error", Payload: payload}
	}
	_ = s.send(last)
}

func (s *socket) follow(ctx context.Context, id string, op pipeline.Operation) *pipeline.Failure {
	stream, failure := op.Subscribe(ctx)
	if failure != nil {
		return failure
	}
	s.pass(ctx, id, stream)
	return nil
}

// pass sends results until there are no more.
func (s *socket) pass(ctx context.Context, id string, results pipeline.Events) {
	defer results.Close()
	for {
		body, err := results.Next(ctx)
		if err != nil || !s.sendFor(ctx, message{ID: id, Type: "next", Payload: body}) {
			return
		}
	}
}

// sendFor sends a result unless the operation was completed by the client.
func (s *socket) sendFor(ctx context.Context, m message) bool {
	return ctx.Err() == nil && s.send(m) == nil
}

// send writes a message. A client that does not read it in time loses the connection: after as long again it is cut off, but
// if it reads until then it is told why.
func (s *socket) send(m message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 2*s.h.patience) // a message that is cut short ends the connection
	defer cancel()
	begun := time.Now()
	err = s.c.Write(ctx, websocket.MessageText, body)
	if time.Since(begun) > s.h.patience {
		select {
		case s.slow <- struct{}{}:
		default:
		}
	}
	return err
}
