package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// limit is the most that a body may have, in bytes.
const limit = 64 << 20

// Post returns the bytes of a request that posts JSON to the URL. More headers are whole lines.
func Post(to *url.URL, body []byte, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n", to.RequestURI(), to.Host, len(body))
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// Conn is one connection, for one goroutine.
type Conn struct {
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
	timeout time.Duration
	closing bool // the server will not take another request
}

// Dial connects to host:port. Each request on the connection has to be answered within the timeout.
func Dial(ctx context.Context, addr string, timeout time.Duration) (*Conn, error) {
	d := net.Dialer{Timeout: timeout}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: c, in: bufio.NewReaderSize(c, 64<<10), timeout: timeout}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Do sends the bytes of a request and returns the answer. The body is valid until the next Do.
func (c *Conn) Do(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send the request: %w", err)
	}
	if status, err = c.read(); err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	return status, c.body, nil
}

func (c *Conn) read() (status int, err error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, errors.New("not HTTP/1")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := int64(-1), false
	for {
		if line, err = c.line(); err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			c.closing = bytes.EqualFold(value, []byte("close"))
		}
	}
	c.body = c.body[:0]
	switch {
	case chunked:
		return status, c.chunks()
	case length >= 0:
		return status, c.take(length)
	}
	return 0, errors.New("the answer does not say how long it is")
}

func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// take reads n more bytes of the body.
func (c *Conn) take(n int64) error {
	have := len(c.body)
	if n < 0 || int64(have)+n > limit {
		return fmt.Errorf("a body of more than %d bytes", limit)
	}
	if cap(c.body) < have+int(n) {
		c.body = append(make([]byte, 0, 2*(have+int(n))), c.body...)
	}
	c.body = c.body[:have+int(n)]
	_, err := io.ReadFull(c.in, c.body[have:])
	return err
}

func (c *Conn) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseInt(string(size), 16, 64)
		if err != nil {
			return err
		}
		if err := c.take(n); err != nil {
			return err
		}
		if n == 0 {
			for len(line) > 0 { // trailers
				if line, err = c.line(); err != nil {
					return err
				}
			}
			return nil
		}
		if line, err = c.line(); err != nil || len(line) > 0 {
			return errors.Join(errors.New("a chunk that does not end"), err)
		}
	}
}

// Pool keeps the connections to one host; the one used last is used next. It is safe for concurrent use.
type Pool struct {
	addr    string
	timeout time.Duration

	mu   sync.Mutex
	idle []*Conn
}

// NewPool returns a pool of connections to host:port.
func NewPool(addr string, timeout time.Duration) *Pool { return &Pool{addr: addr, timeout: timeout} }

// Do sends the bytes of a request and returns a copy of the answer's body.
func (p *Pool) Do(ctx context.Context, request []byte) (status int, body []byte, err error) {
	c, err := p.get(ctx)
	if err != nil {
		return 0, nil, err
	}
	status, body, err = c.Do(request)
	body = bytes.Clone(body)
	if err != nil || c.closing {
		_ = c.Close()
		return status, body, err
	}
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	return status, body, nil
}

func (p *Pool) get(ctx context.Context) (*Conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return Dial(ctx, p.addr, p.timeout)
}
