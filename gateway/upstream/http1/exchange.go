package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sizes of buffers. What is longer than longBody is sent from where it is.
const (
	readSize = 32 << 10
	longBody = 64 << 10
)

// exchange is a request and its answer. It is used again for the sake of its buffers.
type exchange struct {
	out  []byte // the request, but for a long body
	long []byte // a long body

	conn *conn
	src  io.Reader // the connection
	in   []byte    // in[r:w] was read and not yet used
	r, w int
	body body

	sent    bool      // at least a byte of the request
	lost    bool      // the connection, before a byte of the answer
	failed  error     // to send
	err     error     // to read
	writing chan bool // whether a long request was sent whole, if that is under way

	ctx     context.Context
	until   time.Time   // the deadline
	patient bool        // what waits has not waited for long yet, and does not hear of ctx
	stop    func() bool // hearing of ctx; nil: it does not

	step func(fd uintptr) bool // x.onReady, made once
}

// patience is how long an answer is waited for before anything is done to hear of the caller's leaving, which most answers
// need not: so much later a request may be ended of which nobody wants the answer.
const patience = 100 * time.Millisecond

var exchanges = sync.Pool{New: func() any {
	x := &exchange{in: make([]byte, readSize)}
	x.body.x = x
	x.step = x.onReady
	return x
}}

// release gives the exchange back.
func (x *exchange) release() {
	x.long, x.conn, x.src, x.ctx, x.stop = nil, nil, nil, nil, nil
	if cap(x.out) > 2*longBody {
		x.out = nil
	}
	if len(x.in) > readSize {
		x.in = make([]byte, readSize)
	}
	exchanges.Put(x)
}

// userAgent is what net/http says, so that servers see no other client than they did.
const userAgent = "Go-http-client/1.1"

// compose writes the request.
func (x *exchange) compose(head []byte, fields []Field, body []byte) error {
	x.out = append(x.out[:0], head...)
	x.long = nil
	agent := false
	for _, f := range fields {
		if strings.EqualFold(f.Name, "User-Agent") {
			if agent = true; f.Value == "" {
				continue
			}
		}
		var err error
		if x.out, err = appendField(x.out, f); err != nil {
			return err
		}
	}
	if !agent {
		x.out = append(x.out, "User-Agent: "+userAgent+"\r\n"...)
	}
	x.out = append(x.out, "Content-Length: "...)
	x.out = strconv.AppendInt(x.out, int64(len(body)), 10)
	x.out = append(x.out, "\r\n\r\n"...)
	if len(body) > longBody {
		x.long = body
	} else {
		x.out = append(x.out, body...)
	}
	return nil
}

// on carries out the exchange on the connection. keep says that another one may follow there.
func (x *exchange) on(ctx context.Context, c *conn, req Request, maxHead int) (resp Response, keep bool, err error) {
	x.conn, x.src, x.r, x.w = c, c, 0, 0
	x.sent, x.lost, x.failed, x.err, x.writing = false, false, nil, nil, nil
	x.ctx, x.until, x.patient, x.stop = ctx, req.Deadline, false, nil
	if c.timed || !req.Deadline.IsZero() {
		c.timed = !req.Deadline.IsZero()
		if err := c.SetDeadline(req.Deadline); err != nil {
			x.lost = true
			return Response{}, false, err
		}
	}
	if soon := time.Now().Add(patience); x.long == nil && (x.until.IsZero() || soon.Before(x.until)) && c.SetReadDeadline(soon) == nil {
		x.patient, c.timed = true, true
	} else {
		x.listen()
	}
	defer func() {
		if x.stop != nil {
			keep = x.stop() && keep
		}
	}()
	if err := x.ask(); err != nil {
		return Response{}, false, err
	}
	resp, keep, err = x.answer(maxHead, req.MaxBytes)
	return resp, keep && x.failed == nil && x.finishInTime(), err
}

// listen lets the end of ctx end what waits on the connection.
func (x *exchange) listen() {
	if x.ctx.Done() != nil {
		x.stop = context.AfterFunc(x.ctx, x.conn.abort)
	}
}

// goesOn reports whether reading goes on after the error, since it was only patience that has ended.
func (x *exchange) goesOn(err error) bool {
	if !x.patient || !errors.Is(err, os.ErrDeadlineExceeded) || x.ctx.Err() != nil {
		return false
	}
	x.patient = false
	if x.conn.SetReadDeadline(x.until) != nil {
		return false
	}
	x.listen()
	return true
}

// receive reads from the connection.
func (x *exchange) receive(p []byte) (int, error) {
	for {
		n, err := x.src.Read(p)
		if n > 0 || !x.goesOn(err) {
			return n, err
		}
	}
}

// ask sends the request and reads the first bytes of the answer.
func (x *exchange) ask() error {
	if x.conn.raw != nil {
		err := x.conn.raw.Read(x.step)
		for err != nil && x.err == nil && x.goesOn(err) {
			err = x.conn.raw.Read(x.step)
		}
		if err != nil && x.err == nil {
			x.err = err // the deadline, mostly
		}
	} else if x.send(); x.failed == nil {
		x.w, x.err = x.receive(x.in)
	}
	switch {
	case x.w > 0:
		return nil // whether or not all was sent: the server has something to say about it
	case x.failed != nil:
		x.err = x.failed
	case errors.Is(x.err, errSpokeFirst):
		x.lost = true
		return x.err
	case x.err == nil || errors.Is(x.err, io.EOF):
		x.err = io.ErrUnexpectedEOF
	}
	x.lost = !errors.Is(x.err, os.ErrDeadlineExceeded)
	if !x.sent {
		return fmt.Errorf("send the request: %w", x.err)
	}
	return fmt.Errorf("wait for the answer: %w", x.err)
}

// errSpokeFirst is about a server that said something before it was asked: what comes next need not be the answer.
var errSpokeFirst = errors.New("the server sent something before the request")

// onReady is called with the connection's descriptor, once at first and then whenever there may be something to read. It
// returns true when it is done.
//
// The first read is what finds a connection that the server has closed, or on which it sent what nobody asked for. It costs
// nothing: that there is nothing to read has to be seen once before the poller can be waited for. The request is sent after
// that, so that nothing that comes later is missed.
func (x *exchange) onReady(fd uintptr) bool {
	if !x.sent && x.failed == nil {
		n, again, err := readNow(fd, x.in)
		switch {
		case again:
		case n > 0:
			x.err = errSpokeFirst
			return true
		default:
			x.err = err
			return true
		}
		if x.send(); x.failed == nil {
			return false
		}
	}
	n, again, err := readNow(fd, x.in)
	if again {
		return x.failed != nil
	}
	x.w, x.err = n, err
	return true
}

// send writes the request. A long one is written beside the reading, since the server may answer it before it read it all,
// and then read no more.
func (x *exchange) send() {
	if x.long == nil {
		var n int
		n, x.failed = x.conn.Write(x.out)
		x.sent = n > 0
		return
	}
	x.sent = true
	conn, parts, done := x.conn, net.Buffers{x.out, x.long}, make(chan bool, 1)
	x.writing = done
	go func() {
		_, err := parts.WriteTo(conn.Conn)
		done <- err == nil
	}()
}

// finishInTime waits a moment for a long request to be sent, which it has been when there is an answer, unless the server
// did not want to read it.
func (x *exchange) finishInTime() bool {
	if x.writing == nil {
		return true
	}
	_ = x.conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	x.conn.timed = true
	whole := <-x.writing
	x.writing = nil
	return whole
}

// finishWriting waits for the writing of a long request to end. The connection is closed.
func (x *exchange) finishWriting() {
	if x.writing != nil {
		<-x.writing
		x.writing = nil
	}
}

// answer reads the answer, of which there are the first bytes.
func (x *exchange) answer(maxHead int, maxBytes int64) (resp Response, keep bool, err error) {
	var h head
	for {
		text, err := x.readHead(maxHead)
		if err != nil {
			return Response{}, false, fmt.Errorf("read the head of the answer: %w", err)
		}
		if h, err = parseHead(text); err != nil {
			return Response{}, false, err
		}
		if h.status >= 200 || h.status == 101 {
			break
		}
		maxHead -= len(text) // of an interim answer
	}
	resp = Response{Status: h.status, fields: h.fields}
	if err := x.readBody(&h, &resp, maxBytes); err != nil {
		return Response{Status: h.status}, false, err
	}
	return resp, !h.close && x.r == x.w && h.status != 101, nil
}

// fill reads more, with what is there already moved to the beginning, or into a larger buffer if that is full.
func (x *exchange) fill() error {
	if x.r > 0 {
		x.w = copy(x.in, x.in[x.r:x.w])
		x.r = 0
	}
	if x.w == len(x.in) {
		x.in = append(x.in, make([]byte, len(x.in))...)
	}
	n, err := x.receive(x.in[x.w:])
	x.w += n
	if n > 0 {
		return nil
	}
	return ended(err)
}

// ended is the error of an answer that stops early.
func ended(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
