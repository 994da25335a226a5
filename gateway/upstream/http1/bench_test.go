package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answering is a server that gives the answer to whatever comes in one piece, and allocates nothing for it.
func answering(b testing.TB, answer string) *url.URL {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in, out := make([]byte, 4096), []byte(answer)
				for {
					if _, err := c.Read(in); err != nil {
						return
					}
					if _, err := c.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/graphql"}
}

// BenchmarkPost compares the client with that of net/http, both as the gateway uses them: with a context that can be
// cancelled, a deadline, and headers that are passed on.
func BenchmarkPost(b *testing.B) {
	const accept = "application/graphql-response+json, application/json;q=0.9"
	body := []byte(`{"query":"{ping}"}`)
	passed := []Field{{"Authorization", "Bearer " + strings.Repeat("x", 200)}, {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, {"X-Request-Id", "0af7651916cd43dd"}}
	for _, size := range []int{500, 85_000} {
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		b.Run(fmt.Sprintf("http1/%d bytes", size), func(b *testing.B) {
			client := New(Options{})
			defer client.CloseIdle()
			e, err := client.Endpoint(answering(b, answer), Field{"Content-Type", "application/json"}, Field{"Accept", accept})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				resp, err := e.Post(ctx, Request{Body: body, Deadline: time.Now().Add(time.Minute), MaxBytes: 1 << 20}, passed...)
				if err != nil || resp.Header("Content-Type") != "application/json" || len(resp.Body) != size {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("net-http/%d bytes", size), func(b *testing.B) {
			transport := &http.Transport{MaxIdleConnsPerHost: 256}
			defer transport.CloseIdleConnections()
			to := answering(b, answer).String()
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if err := overNetHTTP(ctx, transport, to, body, passed, accept, size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func overNetHTTP(ctx context.Context, transport *http.Transport, to string, body []byte, passed []Field, accept string, size int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, f := range passed {
		r.Header[f.Name] = []string{f.Value}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	buf := bytes.NewBuffer(make([]byte, 0, max(resp.ContentLength, 0)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, 1<<20))
	if err == nil && (int(n) != size || resp.Header.Get("Content-Type") != "application/json") {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// TestARequestAllocatesLittle counts: the answer's memory, and what waiting for the context takes.
func TestARequestAllocatesLittle(t *testing.T) {
	e := endpoint(t, answering(t, full), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := ask("{}")
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := e.Post(ctx, req, Field{"Authorization", "Bearer x"}); err != nil {
			t.Fatal(err)
		}
	}); n > 5 {
		t.Errorf("%v allocations", n)
	}
}
