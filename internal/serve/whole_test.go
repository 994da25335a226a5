package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestBodiesArriveWhole(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.Atoi(r.URL.Query().Get("size"))
		if err != nil {
			t.Error(err)
		}
		if r.URL.Query().Has("told") {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		if err := WriteBody(w, r, bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]); err != nil && r.Method != http.MethodHead {
			t.Error(err)
		}
		if r.URL.Query().Has("more") {
			_, _ = io.WriteString(w, "more")
		}
	})
	l, err := Listen(t.Context(), "test", "127.0.0.1:0", handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- l.Run() }()
	for _, http2 := range []bool{false, true} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!http2)
		protocols.SetUnencryptedHTTP2(http2)
		transport := &http.Transport{Protocols: protocols, MaxConnsPerHost: 1}
		client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
		for _, size := range []int{0, 1, 2047, 2048, 2049, 3900, 3950, 4000, 4095, 4096, 4097, 8192, 90_000, 5_000_000} {
			for _, how := range []string{"", "&told", "&more"} {
				url := fmt.Sprintf("http://%s/?size=%d%s", l.Addr(), size, how)
				resp, err := client.Get(url)
				if err != nil {
					t.Fatalf("HTTP/2 %t, %s: %s", http2, url, err)
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				want := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
				if how == "&more" {
					want = append(want, "more"...)
				}
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("HTTP/2 %t, %s: %d bytes, %v", http2, url, len(got), err)
				}
			}
		}
		resp, err := client.Head(fmt.Sprintf("http://%s/?size=90000&told", l.Addr()))
		if err != nil || resp.ContentLength != 90_000 {
			t.Fatalf("HTTP/2 %t: HEAD: %v, %v", http2, resp, err)
		}
		resp.Body.Close()
		transport.CloseIdleConnections()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := l.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// A body that does not arrive is given up after the time, and only that: requests on one connection with bodies that arrive,
// and time that passes between them, are left alone.
func TestABodyHasToArrive(t *testing.T) {
	const within = 300 * time.Millisecond
	l := listening(t, func(w http.ResponseWriter, r *http.Request) {
		limit := LimitBody(w, r, within)
		_, err := io.ReadAll(r.Body)
		limit.Stop()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		time.Sleep(within / 3)
		if err != nil || r.Context().Err() != nil {
			t.Errorf("%v, %v", err, r.Context().Err())
		}
	})
	client := dial(t, l)
	answers := bufio.NewReader(client)
	const head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n"
	for i, tt := range []struct {
		parts  []string // with a sixth of the time between them
		before time.Duration
		status int
	}{
		{[]string{head + "body"}, 0, 200},
		{[]string{head + "bo", "dy"}, 0, 200},
		{[]string{head + "body"}, 2 * within, 200},
		{[]string{head + "body"}, within / 2, 200},
		{[]string{head, "bo", "dy"}, 0, 200},
		{[]string{head + "b"}, within / 2, 408},
	} {
		time.Sleep(tt.before)
		for n, part := range tt.parts {
			if n > 0 {
				time.Sleep(within / 6)
			}
			if _, err := io.WriteString(client, part); err != nil {
				t.Fatal(err)
			}
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.StatusCode != tt.status {
			t.Fatalf("request %d: %v, %v", i, resp, err)
		}
		resp.Body.Close()
	}
}

func TestTheFirstWriteWaitsForTheSecond(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var d net.Dialer
	client, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := listener{l.(*net.TCPListener)}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	c := accepted.(*conn)
	read := func(wait time.Duration) string {
		t.Helper()
		if err := client.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		n, err := client.Read(b)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	write := func(s string) {
		t.Helper()
		if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatalf("%d of %q, %v", n, s, err)
		}
	}
	write("at once")
	if got := read(time.Second); got != "at once" {
		t.Errorf("%q", got)
	}
	c.gather = true
	write("head, ")
	if got := read(20 * time.Millisecond); got != "" {
		t.Errorf("what should wait was sent: %q", got)
	}
	write("body")
	if got := read(time.Second); got != "head, body" {
		t.Errorf("%q", got)
	}
	c.gather = true
	write("only this")
	if err := c.release(); err != nil {
		t.Error(err)
	}
	if got := read(time.Second); got != "only this" {
		t.Errorf("%q", got)
	}
	if err := c.release(); err != nil {
		t.Error(err)
	}
	write("at once again")
	if got := read(time.Second); got != "at once again" {
		t.Errorf("%q", got)
	}
	client.Close()
	for range 100 { // until the peer's reset has come
		c.gather = true
		if _, err = c.Write([]byte("x")); err == nil {
			_, err = c.Write([]byte("y"))
		}
		if err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err == nil || c.held != nil {
		t.Errorf("a client that is gone: %v, held %v", err, c.held)
	}
}
