package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What a scripted connection does instead of answering.
const (
	hangUp  = "\x00hang up" // close the connection
	reset   = "\x00reset"   // reset it, so that the client sees an error and no end
	silence = "\x00silence" // wait until the client goes
	early   = "\x00early:"  // say what follows without waiting for a request
	ignored = "\x00unread:" // answer with what follows when the head was read, and read no more
	full    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
)

// scripted is a server whose connections, in the order in which they come, answer one request after another as they are told.
// One that is at the end of its script closes the connection.
type scripted struct {
	url      *url.URL
	dialled  atomic.Int32
	requests atomic.Int32
	gone     chan struct{} // a value for each connection that ended
	over     chan struct{} // closed when the test ends
}

func script(t *testing.T, conns ...[]string) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{url: &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/graphql"}, gone: make(chan struct{}, len(conns)+10), over: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(s.dialled.Add(1)) - 1
			running.Go(func() {
				defer func() { s.gone <- struct{}{} }()
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if n < len(conns) {
					s.serve(c, conns[n])
				}
			})
		}
	})
	t.Cleanup(func() {
		close(s.over)
		_ = l.Close()
		running.Wait()
	})
	return s
}

func (s *scripted) serve(c net.Conn, answers []string) {
	in := bufio.NewReader(c)
	for _, a := range answers {
		if rest, ok := strings.CutPrefix(a, early); ok {
			_, _ = io.WriteString(c, rest)
			continue
		}
		if a == hangUp {
			return
		}
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		s.requests.Add(1)
		if rest, ok := strings.CutPrefix(a, ignored); ok {
			_, _ = io.WriteString(c, rest)
			<-s.over
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if a == silence {
			_, _ = io.Copy(io.Discard, in)
			return
		}
		if a == reset {
			_ = c.(*net.TCPConn).SetLinger(0)
			return
		}
		_, _ = io.WriteString(c, a)
	}
}

// endpoint returns an endpoint at the URL of a client that ends with the test.
func endpoint(t testing.TB, u *url.URL, opt Options) *Endpoint {
	t.Helper()
	c := New(opt)
	t.Cleanup(c.CloseIdle)
	e, err := c.Endpoint(u)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ask is a request that may be sent twice and has 5 s.
func ask(body string) Request {
	return Request{Body: []byte(body), Deadline: time.Now().Add(5 * time.Second), MaxBytes: 1 << 20, Repeatable: true}
}

// once is a request that must not be sent twice.
func once(body string) Request {
	r := ask(body)
	r.Repeatable = false
	return r
}
