package http1

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is one connection. It is in use by one request, or idle in its host's list.
type conn struct {
	net.Conn
	host  *host
	raw   syscall.RawConn // nil: only net.Conn's methods are there
	abort func()          // ends what waits on the connection, which cannot be used any more then
	timed bool            // a deadline is set
	since time.Time       // idle since
}

// past is a deadline that has come.
var past = time.Unix(1, 0)

func newConn(nc net.Conn, h *host) *conn {
	c := &conn{Conn: nc, host: h}
	if sc, ok := nc.(syscall.Conn); ok && canReadNow {
		if raw, err := sc.SyscallConn(); err == nil {
			c.raw = raw
		}
	}
	c.abort = func() { _ = nc.SetDeadline(past) }
	return c
}

// host has the idle connections to one address. The one used last is used next, so that those not needed grow old.
type host struct {
	addr string
	mu   sync.Mutex
	idle []*conn // by age, the oldest first
}

// pool bounds the idle connections of all hosts, and closes those that are too old.
type pool struct {
	client *Client
	idle   atomic.Int64
	armed  atomic.Bool // a sweep is to come
}

// get returns an idle connection, or nil.
func (p *pool) get(h *host) *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.idle)
	if n == 0 || time.Since(h.idle[n-1].since) > p.client.opt.IdleTimeout {
		return nil // the sweep closes them
	}
	c := h.idle[n-1]
	h.idle[n-1] = nil
	h.idle = h.idle[:n-1]
	p.idle.Add(-1)
	return c
}

// put takes a connection that can be used again.
func (p *pool) put(c *conn) {
	h := c.host
	c.since = time.Now()
	h.mu.Lock()
	full := len(h.idle) >= p.client.opt.MaxIdlePerHost || p.idle.Load() >= int64(p.client.opt.MaxIdle)
	if !full {
		h.idle = append(h.idle, c)
		p.idle.Add(1)
	}
	h.mu.Unlock()
	if full {
		_ = c.Close()
		return
	}
	if !p.armed.Load() && p.armed.CompareAndSwap(false, true) {
		time.AfterFunc(p.client.opt.IdleTimeout, p.sweep)
	}
}

// sweep closes what is too old. It comes again as long as there are idle connections.
func (p *pool) sweep() {
	p.closeOlder(time.Now().Add(-p.client.opt.IdleTimeout))
	p.armed.Store(false)
	if p.idle.Load() > 0 && p.armed.CompareAndSwap(false, true) {
		time.AfterFunc(p.client.opt.IdleTimeout/2, p.sweep)
	}
}

// closeOlder closes the connections that are idle since before then; the zero time means all.
func (p *pool) closeOlder(then time.Time) {
	p.client.mu.Lock()
	hosts := make([]*host, 0, len(p.client.hosts))
	for _, h := range p.client.hosts {
		hosts = append(hosts, h)
	}
	p.client.mu.Unlock()
	for _, h := range hosts {
		h.mu.Lock()
		n := len(h.idle)
		if !then.IsZero() {
			for n = 0; n < len(h.idle) && h.idle[n].since.Before(then); n++ {
			}
		}
		old := append([]*conn(nil), h.idle[:n]...)
		kept := copy(h.idle, h.idle[n:])
		clear(h.idle[kept:])
		h.idle = h.idle[:kept]
		p.idle.Add(int64(-n))
		h.mu.Unlock()
		for _, c := range old {
			_ = c.Close()
		}
	}
}
