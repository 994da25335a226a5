package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What has to be noticed of a request that takes long, costs nothing while it does not: that its body does not arrive, and
// that the client goes away meanwhile. To find out the second net/http starts a goroutine for each request, which reads one
// byte while the handler runs and is called off afterwards. Here that read ends at once with nothing, so that there is nothing
// to call off; the client of a request that has been under way for a while is waited for by peeking.

// glance is how often a connection with a request under way is looked at. So much later, and at most twice that, a handler hears
// of its client's leaving.
const glance = 100 * time.Millisecond

// patience is what a connection waits for.
type patience struct {
	leave   context.CancelFunc // ends the context of the connection's requests
	watched atomic.Bool        // glances go on

	mu      sync.Mutex
	waits   bool   // a request is under way, of which all has been read
	wait    uint64 // its number
	seen    uint64 // that was under way at the last glance
	peeking bool   // the client's leaving is waited for

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
	return &conn{TCPConn: tcp, patience: patience{leave: func() {}}}
}

// Read implements net.Conn. It returns nothing, once, to net/http's look at the client: the first read of one byte after one of
// more.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 1 && canPeek && c.await() {
		return 0, nil
	}
	if c.reading.Load() == 0 { // for the next request: what else is to be done comes first, and there is something to read then
		runtime.Gosched()
	}
	if err := c.begin(len(p) == 1); err != nil {
		return 0, err
	}
	n, err := c.TCPConn.Read(p)
	c.end()
	return n, err
}

// await notes that a request is under way, unless that is known.
func (c *conn) await() bool {
	c.mu.Lock()
	if c.waits {
		c.mu.Unlock()
		return false
	}
	c.waits, c.wait = true, c.wait+1
	c.mu.Unlock()
	c.watch()
	return true
}

// WriteTo implements io.WriterTo.
func (c *conn) WriteTo(w io.Writer) (int64, error) {
	if err := c.begin(false); err != nil {
		return 0, err
	}
	defer c.end()
	return c.TCPConn.WriteTo(w)
}

// begin begins to read by the deadline that was set. waits: a request may be under way still.
func (c *conn) begin(waits bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = c.waits && waits
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

// peek waits until the client has sent more or has left, or the deadline comes, and ends the request's context if it has left.
// Nothing is taken from what it sends; who reads meanwhile reads after the peek.
func (c *conn) peek() {
	c.mu.Lock()
	err := c.apply()
	c.reads++
	c.mu.Unlock()
	if err == nil && c.left() {
		c.leave()
	}
	c.mu.Lock()
	c.reads--
	c.peeking = false
	c.mu.Unlock()
}

// left reports whether what there is to read next is the end.
func (c *conn) left() (left bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false // closed, which ends the context too
	}
	err = raw.Read(func(fd uintptr) (done bool) {
		done, left = peek(fd)
		return done
	})
	return left && err == nil
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

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if c.reads > 0 {
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
	c.leave()
	return c.TCPConn.Close()
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

// look begins to wait for the leaving of the client whose request was under way at the last glance already, and ends reading a
// body that takes too long.
func (c *conn) look() {
	c.watched.Store(false)
	c.mu.Lock()
	waits, long := c.waits, c.waits && c.wait == c.seen
	c.seen = c.wait
	if long && !c.peeking {
		c.peeking = true
		go c.peek()
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
