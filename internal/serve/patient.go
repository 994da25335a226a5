package serve

import (
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What has to be noticed of a request that takes long, costs nothing while it does not: that its body does not arrive, and
// that the client goes away meanwhile. The second net/http finds out by reading one byte in the background while the handler
// runs. That read is put off until the request has been under way for a while, which few are; the others it would cost a
// system call and a visit to the poller.

// glance is how often a connection with a request under way is looked at. So much later, and at most twice that, a handler hears
// of its client's leaving.
const glance = 100 * time.Millisecond

// patience is what a connection waits for.
type patience struct {
	wake    chan bool   // to the read that was put off: whether it is to read
	watched atomic.Bool // glances go on

	mu     sync.Mutex
	past   bool   // the deadline is
	waits  bool   // the read was put off
	wait   uint64 // number of its kind
	seen   uint64 // that was put off at the last glance
	closed bool

	deadline time.Time // of reading, as it was set
	applied  time.Time // that the poller knows of
	reads    int       // under way

	reading atomic.Int64 // since when a body is being read, in nanoseconds from began; 0: none is
	within  atomic.Int64 // that it has to arrive, in nanoseconds
}

// began is what time is counted from.
var began = time.Now()

// past is a deadline that has come.
var past = time.Unix(1, 0)

func newConn(tcp *net.TCPConn) *conn {
	return &conn{TCPConn: tcp, patience: patience{wake: make(chan bool, 1)}}
}

// Read implements net.Conn. Only net/http's look at the client reads one byte.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) != 1 {
		if c.reading.Load() == 0 { // for the next request: what else is to be done comes first, and there is something to read then
			runtime.Gosched()
		}
		return c.read(p)
	}
	c.mu.Lock()
	switch {
	case c.past:
		c.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	case c.closed:
		c.mu.Unlock()
		return c.read(p)
	}
	c.waits, c.wait = true, c.wait+1
	c.mu.Unlock()
	c.watch()
	if !<-c.wake {
		return 0, os.ErrDeadlineExceeded
	}
	return c.read(p)
}

// read reads by the deadline that was set.
func (c *conn) read(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	n, err := c.TCPConn.Read(p)
	c.end()
	return n, err
}

// WriteTo implements io.WriterTo.
func (c *conn) WriteTo(w io.Writer) (int64, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.end()
	return c.TCPConn.WriteTo(w)
}

func (c *conn) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.apply()
	if err == nil {
		c.reads++
	}
	return err
}

func (c *conn) end() {
	c.mu.Lock()
	c.reads--
	c.mu.Unlock()
}

// apply tells the poller of the deadline, unless it knows of nearly the same. net/http sets five for each request, most of
// which are over before anything is read.
func (c *conn) apply() error {
	const far, near = time.Minute, time.Second
	d := c.deadline
	if d.Equal(c.applied) || !d.IsZero() && !c.applied.IsZero() && d.Sub(c.applied).Abs() < near && time.Until(c.applied) > far {
		return nil
	}
	c.applied = d
	return c.TCPConn.SetReadDeadline(d)
}

// rouse ends the wait of a read that was put off, if there is one.
func (c *conn) rouse(read bool) {
	if c.waits {
		c.waits = false
		c.wake <- read
	}
}

// SetReadDeadline implements net.Conn. One long past is how net/http calls off its look.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline, c.past = t, !t.IsZero() && t.Before(began)
	switch {
	case c.past && c.waits: // nothing else reads
		c.rouse(false)
	case c.reads > 0:
		return c.apply()
	}
	return nil
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	err := c.TCPConn.Close()
	c.rouse(true)
	return err
}

// LimitBody lets reading the request's body fail with os.ErrDeadlineExceeded from some time on, until it is stopped.
func LimitBody(w http.ResponseWriter, r *http.Request, within time.Duration) BodyLimit {
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c == nil || r.ProtoMajor != 1 { // a stream of HTTP/2 has a deadline of its own
		return BodyLimit{timer: time.AfterFunc(within, func() { _ = http.NewResponseController(w).SetReadDeadline(past) })}
	}
	c.within.Store(int64(within))
	c.reading.Store(max(1, int64(time.Since(began))))
	c.watch()
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

// watch lets the connection be looked at from now on, until there is nothing to wait for.
func (c *conn) watch() {
	if !c.watched.Load() && c.watched.CompareAndSwap(false, true) {
		time.AfterFunc(glance, c.look)
	}
}

// look lets the read that was put off at the last glance already begin, and ends reading a body that takes too long.
func (c *conn) look() {
	c.watched.Store(false)
	c.mu.Lock()
	waits, long := c.waits, c.waits && c.wait == c.seen
	c.seen = c.wait
	if long {
		c.rouse(true)
	}
	c.mu.Unlock()
	since := c.reading.Load()
	if since != 0 && time.Since(began)-time.Duration(since) >= time.Duration(c.within.Load()) {
		_ = c.SetReadDeadline(past)
		return
	}
	if waits && !long || since != 0 {
		c.watch()
	}
}
