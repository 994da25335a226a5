// Package http1 posts to plain http URLs over HTTP/1.1 at the least cost that the protocol allows: the request is one write,
// the answer is read by whoever waits for it into a buffer that is used again, and a connection has no goroutine.
//
// It knows one kind of request: POST with a body that is in memory, answered with a body that is wanted whole. It follows no
// redirects, keeps no cookies and knows neither TLS nor proxies nor HTTP/2; net/http is there for these.
//
// RFC 9110, "HTTP Semantics", and RFC 9112, "HTTP/1.1".
package http1

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Options of a Client. The zero value is usable.
type Options struct {
	Dialer         *net.Dialer   // nil: the zero Dialer
	MaxIdle        int           // connections kept in all; 0 means 1024
	MaxIdlePerHost int           // connections kept to one host and port; 0 means 256
	IdleTimeout    time.Duration // how long an unused connection is kept; 0 means 4s, as many servers close theirs after 5s
	MaxHead        int           // bytes of an answer's head, interim ones included; 0 means 10 MiB
}

// Client keeps the connections. It is safe for concurrent use.
type Client struct {
	opt   Options
	pool  pool
	mu    sync.Mutex
	hosts map[string]*host // by host:port
}

// New returns a client without connections.
func New(opt Options) *Client {
	if opt.Dialer == nil {
		opt.Dialer = &net.Dialer{}
	}
	if opt.MaxIdle == 0 {
		opt.MaxIdle = 1024
	}
	if opt.MaxIdlePerHost == 0 {
		opt.MaxIdlePerHost = 256
	}
	if opt.IdleTimeout == 0 {
		opt.IdleTimeout = 4 * time.Second
	}
	if opt.MaxHead == 0 {
		opt.MaxHead = 10 << 20
	}
	c := &Client{opt: opt, hosts: map[string]*host{}}
	c.pool.client = c
	return c
}

// CloseIdle closes the connections that are not in use. The client can be used on.
func (c *Client) CloseIdle() { c.pool.closeOlder(time.Time{}) }

// Endpoint is a URL that is posted to. It is safe for concurrent use.
type Endpoint struct {
	client *Client
	host   *host
	head   []byte // of every request, from its first line
}

// ErrUnsupported is wrapped by errors about what has to be left to another client.
var ErrUnsupported = errors.New("not supported")

// Endpoint returns the endpoint at the URL, whose requests all have the fields. User information in the URL is not used. The
// error wraps ErrUnsupported for URLs that are not http, or have something in them that has to be encoded first.
func (c *Client) Endpoint(u *url.URL, fields ...Field) (*Endpoint, error) {
	target := u.RequestURI()
	switch {
	case u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("%w: not an http URL with a host", ErrUnsupported)
	case !visible(target) || !visible(u.Host) || strings.Contains(u.Host, "%"):
		return nil, fmt.Errorf("%w: the URL has bytes that may not stand in a request", ErrUnsupported)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	e := &Endpoint{client: c, host: c.host(net.JoinHostPort(u.Hostname(), port))}
	e.head = append(e.head, "POST "+target+" HTTP/1.1\r\nHost: "+strings.TrimSuffix(u.Host, ":")+"\r\nAccept-Encoding: gzip\r\n"...)
	for _, f := range fields {
		var err error
		if e.head, err = appendField(e.head, f); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// visible reports whether there is neither a space nor a control character nor anything else than ASCII in s.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func (c *Client) host(addr string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[addr]
	if h == nil {
		h = &host{addr: addr}
		c.hosts[addr] = h
	}
	return h
}

// Request is one request.
type Request struct {
	Body     []byte // read until Post returns
	Deadline time.Time
	MaxBytes int64 // of the answer's body, decoded
	// Repeatable says that a server may get the request twice: it is sent once more if a connection that was kept is lost
	// before the first byte of the answer. Without it that is done only if no byte was sent.
	Repeatable bool
}

// ErrTooLarge is the error of a body over the limit.
var ErrTooLarge = errors.New("body exceeds the limit")

// Post sends the request, with these fields beside the endpoint's, and reads the answer. It ends when ctx does or the deadline comes, the zero one never, with the
// cause of ctx or context.DeadlineExceeded. An error whose Response has a status came after the head of the answer. Errors
// about the request's fields wrap ErrField or ErrUnsupported; nothing was sent then.
func (e *Endpoint) Post(ctx context.Context, req Request, fields ...Field) (Response, error) {
	x, _ := exchanges.Get().(*exchange)
	defer x.release()
	if err := x.compose(e.head, fields, req.Body); err != nil {
		return Response{}, err
	}
	if err := over(ctx, nil); err != nil {
		return Response{}, err
	}
	c := e.client.pool.get(e.host)
	for {
		reused := c != nil
		if !reused {
			var err error
			if c, err = e.client.dial(ctx, e.host, req.Deadline); err != nil {
				return Response{}, err
			}
		}
		resp, keep, err := x.on(ctx, c, req, e.client.opt.MaxHead)
		if keep {
			e.client.pool.put(c)
			return resp, nil
		}
		_ = c.Close()
		x.finishWriting()
		if err == nil {
			return resp, nil
		}
		if err = over(ctx, err); reused && x.lost && (!x.sent || req.Repeatable) && ctx.Err() == nil {
			c = nil
			continue
		}
		return resp, err
	}
}

// over is the error to report when err occurred: that ctx ended or the deadline came explains it best.
func over(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

func (c *Client) dial(ctx context.Context, h *host, deadline time.Time) (*conn, error) {
	d := *c.opt.Dialer
	if !deadline.IsZero() && (d.Deadline.IsZero() || deadline.Before(d.Deadline)) {
		d.Deadline = deadline
	}
	nc, err := d.DialContext(ctx, "tcp", h.addr)
	switch {
	case err == nil:
		return newConn(nc, h), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case !deadline.IsZero() && !time.Now().Before(deadline):
		return nil, context.DeadlineExceeded
	}
	return nil, err
}
