package http1

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheRequestIsOneWrite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		got <- string(buf[:n])
		_, _ = io.WriteString(c, full)
	}()
	client := New(Options{})
	defer client.CloseIdle()
	e, err := client.Endpoint(mustParse(t, "http://user:secret@"+l.Addr().String()+"/a%20b?q=1#f"), Field{"Content-Type", "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	req := ask(`{"query":"{ping}"}`)
	if _, err := e.Post(t.Context(), req, Field{"X-Tenant", " a\tb "}, Field{"X-Tenant", "c"}); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`POST /a%20b?q=1 HTTP/1.1
Host: `+l.Addr().String()+`
Accept-Encoding: gzip
Content-Type: application/json
X-Tenant: a`+"\t"+`b
X-Tenant: c
User-Agent: Go-http-client/1.1
Content-Length: 18

{"query":"{ping}"}`, "\n", "\r\n")
	if text := <-got; text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestTheUserAgentCanBeAnotherOrNone(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q", r.Header["User-Agent"])
	}))
	defer srv.Close()
	e := endpoint(t, mustParse(t, srv.URL), Options{})
	for agent, want := range map[string]string{"x/1": `["x/1"]`, "": `[]`} {
		if resp, err := e.Post(t.Context(), ask(""), Field{"user-agent", agent}); err != nil || string(resp.Body) != want {
			t.Errorf("%q: got %s, %v", agent, resp.Body, err)
		}
	}
}

func TestWhatMayNotBeSentIsRefused(t *testing.T) {
	s := script(t)
	e := endpoint(t, s.url, Options{})
	for _, tt := range []struct {
		field Field
		want  error
	}{
		{Field{"X", "a\r\nY: b"}, ErrField},
		{Field{"X", "a\nY"}, ErrField},
		{Field{"X", "a\rY"}, ErrField},
		{Field{"X", "a\x00"}, ErrField},
		{Field{"X", "a\x7f"}, ErrField},
		{Field{"X\r\nY", "a"}, ErrField},
		{Field{"X: a\r\nY", "a"}, ErrField},
		{Field{"X Y", "a"}, ErrField},
		{Field{"Ä", "a"}, ErrField},
		{Field{"", "a"}, ErrField},
		{Field{"content-length", "3"}, ErrUnsupported},
		{Field{"Transfer-Encoding", "chunked"}, ErrUnsupported},
		{Field{"Host", "x"}, ErrUnsupported},
		{Field{"Connection", "close"}, ErrUnsupported},
		{Field{"Expect", "100-continue"}, ErrUnsupported},
	} {
		_, err := e.Post(t.Context(), ask("{}"), Field{"Authorization", "Bearer x"}, tt.field)
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: %v", tt.field, err)
		}
		if err != nil && len(tt.field.Value) > 1 && strings.Contains(err.Error(), tt.field.Value) {
			t.Errorf("the value is told: %v", err)
		}
	}
	if n := s.dialled.Load(); n != 0 {
		t.Errorf("%d connections for nothing", n)
	}
}

func TestEndpointRefuses(t *testing.T) {
	for _, text := range []string{"https://x/", "http:///x", "http:x", "http://[fe80::1%25eth0]/", "http://bücher.example/", "http://x/?a b", "ws://x/"} {
		if _, err := New(Options{}).Endpoint(mustParse(t, text)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, addr := range map[string]string{"http://x": "x:80", "http://x:/y": "x:80", "http://[::1]:8080/": "[::1]:8080", "http://X:81": "X:81"} {
		e, err := New(Options{}).Endpoint(mustParse(t, text))
		if err != nil || e.host.addr != addr {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// echo answers with the body, in the form that the path asks for.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-From", r.RemoteAddr)
	switch r.URL.Path {
	case "/flushed":
		for len(body) > 0 {
			n := min(len(body), 1+len(body)/3)
			_, _ = w.Write(body[:n])
			_ = http.NewResponseController(w).Flush()
			body = body[n:]
		}
	case "/trailers":
		w.Header().Set("Trailer", "X-Sum")
		_, _ = w.Write(body)
		w.Header().Set("X-Sum", "1")
	case "/gzip":
		if r.Header.Get("Accept-Encoding") != "gzip" {
			http.Error(w, "gzip was not asked for", http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(body)
		_ = z.Close()
	case "/hints":
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = w.Write(body)
	case "/length":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body)
	default:
		_, _ = w.Write(body)
	}
}

func TestAServerOfNetHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	client := New(Options{})
	defer client.CloseIdle()
	from := ""
	for _, form := range []string{"plain", "length", "flushed", "trailers", "gzip", "hints"} {
		e, err := client.Endpoint(mustParse(t, srv.URL+"/"+form))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 100, 2048, 2049, 30_000, longBody, longBody + 1, 1 << 20, 5 << 20} {
			body := bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n]
			req := once(string(body))
			req.MaxBytes = 5 << 20
			resp, err := e.Post(t.Context(), req)
			if err != nil || resp.Status != 200 || !bytes.Equal(resp.Body, body) {
				t.Fatalf("%s, %d bytes: got %d with %d bytes: %v", form, n, resp.Status, len(resp.Body), err)
			}
			if from == "" {
				from = resp.Header("X-From")
			}
			if from != resp.Header("X-From") {
				t.Errorf("%s, %d bytes: another connection", form, n)
				from = resp.Header("X-From")
			}
		}
	}
}

// TestWithoutAPoller is what systems do where a connection cannot be read without waiting.
func TestWithoutAPoller(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	e := endpoint(t, mustParse(t, srv.URL), Options{})
	nc, err := net.Dial("tcp", e.host.addr)
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(nc, e.host)
	c.raw = nil
	e.client.pool.put(c)
	for _, n := range []int{0, 100, 1 << 20} {
		body := strings.Repeat("x", n)
		resp, err := e.Post(t.Context(), ask(body))
		if err != nil || string(resp.Body) != body || resp.Header("X-From") != nc.LocalAddr().String() {
			t.Errorf("%d bytes: got %d from %s: %v", n, len(resp.Body), resp.Header("X-From"), err)
		}
	}
	_ = nc.(*net.TCPConn).CloseWrite() // the server closes as well
	if resp, err := e.Post(t.Context(), ask("again")); err != nil || string(resp.Body) != "again" || resp.Header("X-From") == nc.LocalAddr().String() {
		t.Errorf("got %q from %s: %v", resp.Body, resp.Header("X-From"), err)
	}
}

func TestManyAtOnceGetTheirOwnAnswers(t *testing.T) {
	before := runtime.NumGoroutine()
	srv := httptest.NewServer(http.HandlerFunc(echo))
	client := New(Options{MaxIdlePerHost: 5})
	var all sync.WaitGroup
	for i := range 20 {
		e, err := client.Endpoint(mustParse(t, srv.URL+[]string{"/plain", "/flushed", "/gzip", "/length"}[i%4]))
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for j := range 100 {
				body := strings.Repeat(fmt.Sprintf("%d.%d ", i, j), 1+j*j)
				resp, err := e.Post(t.Context(), once(body))
				if err != nil || string(resp.Body) != body {
					t.Errorf("%d.%d: %v", i, j, err)
				}
				runtime.Gosched()
				if string(resp.Body) != body {
					t.Errorf("%d.%d: another has its memory", i, j)
				}
				if j%3 > 0 {
					resp.Release()
				}
			}
		})
	}
	all.Wait()
	if n := client.pool.idle.Load(); n < 1 || n > 5 {
		t.Errorf("%d idle connections", n)
	}
	client.CloseIdle()
	srv.Close()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Run("when they are old", func(t *testing.T) {
		s := script(t, []string{full, full}, []string{full})
		e := endpoint(t, s.url, Options{IdleTimeout: 20 * time.Millisecond})
		mustPost(t, e)
		<-s.gone
		mustPost(t, e)
		if n := s.dialled.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
		<-s.gone // the sweep comes again
	})
	t.Run("when the client is told to", func(t *testing.T) {
		s := script(t, []string{full, full}, []string{full})
		e := endpoint(t, s.url, Options{})
		mustPost(t, e)
		e.client.CloseIdle()
		<-s.gone
		mustPost(t, e)
	})
	t.Run("when there are too many in all", func(t *testing.T) {
		a, b := script(t, []string{full, full}), script(t, []string{full, full})
		client := New(Options{MaxIdle: 1})
		defer client.CloseIdle()
		for _, s := range []*scripted{a, b} {
			e, err := client.Endpoint(s.url)
			if err != nil {
				t.Fatal(err)
			}
			mustPost(t, e)
		}
		<-b.gone
		if n := client.pool.idle.Load(); n != 1 {
			t.Errorf("%d are kept", n)
		}
	})
}

func TestTheOneUsedLastIsUsedNext(t *testing.T) {
	h := &host{}
	p := &New(Options{}).pool
	conns := []*conn{newConn(nil, h), newConn(nil, h), newConn(nil, h)}
	for _, c := range conns {
		p.put(c)
	}
	for _, want := range []*conn{conns[2], conns[1], conns[0], nil} {
		if p.get(h) != want {
			t.Error("it was another")
		}
	}
}
