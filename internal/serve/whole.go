package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// WriteBody writes a response whose body is complete. Over HTTP/1, on a listener of this package, head and body leave in one
// system call: net/http by itself sends first what fits its buffer of 4 KB, and then the rest.
func WriteBody(w http.ResponseWriter, r *http.Request, body []byte) error {
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c == nil || r.ProtoMajor != 1 { // the streams of HTTP/2 have one connection together
		_, err := w.Write(body)
		return err
	}
	c.gather = true
	_, err := w.Write(body)
	if rest := c.release(); err == nil {
		err = rest
	}
	return err
}

// LimitBody lets reading the request's body fail with os.ErrDeadlineExceeded from some time on, until it is stopped. On one
// connection the time is always the same.
func LimitBody(w http.ResponseWriter, r *http.Request, within time.Duration) BodyLimit {
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c == nil || r.ProtoMajor != 1 { // a stream of HTTP/2 has a deadline of its own
		return BodyLimit{timer: time.AfterFunc(within, func() { _ = http.NewResponseController(w).SetReadDeadline(past) })}
	}
	c.reading.Store(max(1, int64(time.Since(began))))
	if c.watched.CompareAndSwap(false, true) {
		time.AfterFunc(within, func() { c.watch(within) })
	}
	return BodyLimit{conn: c}
}

// BodyLimit is the limit on the reading of one body.
type BodyLimit struct {
	conn  *conn
	timer *time.Timer
}

// Stop ends the limit: the body is read.
func (l BodyLimit) Stop() {
	if l.conn != nil {
		l.conn.reading.Store(0)
		return
	}
	l.timer.Stop()
}

// watch ends reading a body that takes too long. It looks again as long as one is being read: a timer for each request would
// cost more than reading bodies that are there at once.
func (c *conn) watch(within time.Duration) {
	since := c.reading.Load()
	for ; since == 0; since = c.reading.Load() {
		c.watched.Store(false)
		if c.reading.Load() == 0 || !c.watched.CompareAndSwap(false, true) {
			return // who reads from now on sees to it
		}
	}
	if left := within - (time.Since(began) - time.Duration(since)); left > 0 {
		time.AfterFunc(left, func() { c.watch(within) })
		return
	}
	c.watched.Store(false)
	_ = c.SetReadDeadline(past)
}

// began is what time is counted from.
var began = time.Now()

// past is a deadline that has come.
var past = time.Unix(1, 0)

// listener makes connections that can gather what is written to them.
type listener struct{ *net.TCPListener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	tcp, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return &conn{TCPConn: tcp}, nil
}

type connKey struct{}

// withConn puts the connection into the context of its requests.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// conn is a connection of which, while it gathers, the first write waits for the second. One goroutine writes at a time.
type conn struct {
	*net.TCPConn
	gather bool
	held   *[]byte // nil: nothing waits

	reading atomic.Int64 // since when a body is being read, in nanoseconds from began; 0: none is
	watched atomic.Bool  // watch is to come
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	switch {
	case c.held != nil:
		first := *c.held
		both := net.Buffers{first, p}
		n, err := both.WriteTo(c.TCPConn)
		c.drop()
		return max(int(n)-len(first), 0), err
	case c.gather:
		c.gather = false
		c.held = buffers.Get().(*[]byte)
		*c.held = append((*c.held)[:0], p...)
		return len(p), nil
	}
	return c.TCPConn.Write(p)
}

// release ends gathering, and writes what waits.
func (c *conn) release() error {
	c.gather = false
	if c.held == nil {
		return nil
	}
	_, err := c.TCPConn.Write(*c.held)
	c.drop()
	return err
}

func (c *conn) drop() {
	buffers.Put(c.held)
	c.held = nil
}

// buffers is memory for what waits, of the size that net/http writes at once.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}
