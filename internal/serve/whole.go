package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
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

// listener makes connections that can gather what is written to them.
type listener struct{ *net.TCPListener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	tcp, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return newConn(tcp), nil
}

type connKey struct{}

// withConn puts the connection into the context of its requests, which ends when the client leaves.
func withConn(ctx context.Context, c net.Conn) context.Context {
	own, ok := c.(*conn)
	if !ok {
		return ctx
	}
	ctx, own.leave = context.WithCancel(ctx)
	return context.WithValue(ctx, connKey{}, own)
}

// conn is a connection of which, while it gathers, the first write waits for the second. One goroutine writes at a time. How it
// is read is in patient.go.
type conn struct {
	*net.TCPConn
	gather bool
	held   *[]byte // nil: nothing waits
	patience
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
