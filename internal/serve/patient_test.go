package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// listening serves the handler until the test ends.
func listening(t *testing.T, handler http.HandlerFunc) *HTTP {
	t.Helper()
	l, err := Listen(t.Context(), "test", "127.0.0.1:0", handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = l.Run() }()
	t.Cleanup(func() { _ = l.server.Close() })
	return l
}

func dial(t *testing.T, l *HTTP) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const (
	get  = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
	post = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}"
)

// lasting is how long a request is to take, which is its body.
func lasting(t *testing.T, r *http.Request) time.Duration {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	d, err := time.ParseDuration(string(body))
	if err != nil {
		t.Error(err)
	}
	return d
}

// ask sends a request that is to take so long.
func ask(t *testing.T, c net.Conn, d time.Duration) {
	if _, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%s", len(d.String()), d); err != nil {
		t.Error(err)
	}
}

// answered reads an answer, which has to be how long its request took.
func answered(t *testing.T, from *bufio.Reader, d time.Duration) {
	resp, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != d.String() {
		t.Errorf("got %q, %v; want %s", body, err, d)
	}
}

// Whenever the client goes, or the server is closed, the handler hears of it, whatever came before on the connection.
func TestAHandlerHearsOfTheClientsLeaving(t *testing.T) {
	for _, request := range []string{get, post} {
		for _, before := range []time.Duration{-1, 0, 3 * glance} { // how long another request took; none
			for _, after := range []time.Duration{0, glance / 2, glance, 3 * glance} {
				for _, who := range []string{"client", "server"} {
					t.Run(fmt.Sprintf("%s after %s, %.4s, before %s", who, after, request, before), func(t *testing.T) {
						t.Parallel()
						var served atomic.Int32
						began, ended := make(chan bool, 1), make(chan error, 1)
						l := listening(t, func(_ http.ResponseWriter, r *http.Request) {
							_, _ = io.Copy(io.Discard, r.Body)
							if served.Add(1) == 1 && before >= 0 {
								time.Sleep(before)
								return
							}
							began <- true
							select {
							case <-r.Context().Done():
								ended <- r.Context().Err()
							case <-time.After(10 * time.Second):
								ended <- nil
							}
						})
						c := dial(t, l)
						send := func() {
							if _, err := io.WriteString(c, request); err != nil {
								t.Fatal(err)
							}
						}
						if before >= 0 {
							send()
							resp, err := http.ReadResponse(bufio.NewReader(c), nil)
							if err != nil {
								t.Fatal(err)
							}
							resp.Body.Close()
						}
						send()
						<-began
						time.Sleep(after)
						if who == "client" {
							_ = c.Close()
						} else {
							_ = l.server.Close()
						}
						if err := <-ended; !errors.Is(err, context.Canceled) {
							t.Errorf("it ended with %v", err)
						}
					})
				}
			}
		}
	}
}

// Of many clients at once, whose requests take around as long as a glance, come alone or three together, and after pauses, those
// who stay are answered, and of all others the handler hears that they have left.
func TestManyClientsComeAndGo(t *testing.T) {
	const forever = time.Hour
	var left, heard atomic.Int64
	l := listening(t, func(w http.ResponseWriter, r *http.Request) {
		d := lasting(t, r)
		select {
		case <-time.After(d):
			_ = WriteBody(w, r, []byte(d.String()))
		case <-r.Context().Done():
			heard.Add(1)
			if d != forever {
				t.Errorf("a client is said to have left in %s", d)
			}
		}
	})
	client := func(random *rand.Rand) {
		c := dial(t, l)
		answers := bufio.NewReader(c)
		for range random.IntN(10) {
			d := time.Duration(random.IntN(5)) * glance / 2
			together := 1 + 2*random.IntN(2)
			for range together {
				ask(t, c, d)
			}
			for range together {
				answered(t, answers, d)
			}
			time.Sleep(time.Duration(random.IntN(3)) * glance / 2)
		}
		if random.IntN(2) == 0 {
			left.Add(1)
			ask(t, c, forever)
			time.Sleep(time.Duration(random.IntN(5)) * glance / 2)
		}
		_ = c.Close()
	}
	var clients sync.WaitGroup
	for i := range uint64(100) {
		clients.Go(func() { client(rand.New(rand.NewPCG(i, 0))) }) //nolint:gosec // the same in every run
	}
	clients.Wait()
	for end := time.Now().Add(10 * time.Second); heard.Load() < left.Load() && time.Now().Before(end); {
		time.Sleep(glance / 10)
	}
	if heard.Load() != left.Load() {
		t.Errorf("%d clients left, the handler heard of %d", left.Load(), heard.Load())
	}
}

// Requests on one connection are answered in turn, however long each takes and whether or not the next has come before.
func TestRequestsFollowEachOther(t *testing.T) {
	l := listening(t, func(w http.ResponseWriter, r *http.Request) {
		d := lasting(t, r)
		time.Sleep(d)
		if r.Context().Err() != nil {
			t.Error("the client is said to have gone")
		}
		_, _ = io.WriteString(w, d.String())
	})
	for _, early := range []bool{false, true} {
		c := dial(t, l)
		answers := bufio.NewReader(c)
		var takes []time.Duration
		for range 2 {
			takes = append(takes, 0, 0, time.Millisecond, glance-time.Millisecond, glance, glance+time.Millisecond, 2*glance, 5*glance/2)
		}
		if early {
			for _, d := range takes {
				ask(t, c, d)
			}
		}
		for _, d := range takes {
			if !early {
				ask(t, c, d)
			}
			answered(t, answers, d)
		}
	}
}

// Over HTTP/2 a frame may end in one byte, which is no look at the client: nothing waits for it or is lost.
func TestBytesArriveOneByOneOverHTTP2(t *testing.T) {
	l := listening(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		for b := make([]byte, 1); ; {
			if _, err := io.ReadFull(r.Body, b); err != nil {
				return
			}
			_, _ = w.Write(b)
			_ = http.NewResponseController(w).Flush()
		}
	})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	from, to := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.Addr(), from)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for i, pause := range []time.Duration{0, 0, glance / 2, 0, 3 * glance, 0} {
		time.Sleep(pause)
		sent := []byte{byte('a' + i)}
		began := time.Now()
		if _, err := to.Write(sent); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1)
		if _, err := io.ReadFull(resp.Body, got); err != nil || got[0] != sent[0] {
			t.Fatalf("got %q, %v; want %q", got, err, sent)
		}
		if took := time.Since(began); took > glance/2 {
			t.Errorf("byte %d took %s", i, took)
		}
	}
	_ = to.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v after the last", rest, err)
	}
}

// Who takes over a connection may read it byte by byte.
func TestAHijackedConnectionIsReadByteByByte(t *testing.T) {
	l := listening(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for b := make([]byte, 1); b[0] != '.'; {
			if _, err := c.Read(b); err != nil {
				t.Error(err)
				return
			}
			_, _ = c.Write(b)
		}
		if err := c.SetReadDeadline(time.Now().Add(glance / 2)); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("read beyond the deadline")
		}
	})
	c := dial(t, l)
	if _, err := io.WriteString(c, get); err != nil {
		t.Fatal(err)
	}
	time.Sleep(glance)
	if _, err := io.WriteString(c, "ab."); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(got), "ab.") {
		t.Errorf("got %q, %v", got, err)
	}
}

// A deadline counts whenever it is set: before a read, between two, while one is under way; and a later one replaces it.
func TestReadingEndsAtItsDeadline(t *testing.T) {
	const soon = 50 * time.Millisecond
	for name, set := range map[string]func(c *http.ResponseController) error{
		"before":    func(c *http.ResponseController) error { return c.SetReadDeadline(time.Now().Add(soon)) },
		"long past": func(c *http.ResponseController) error { return c.SetReadDeadline(past) },
		"while reading": func(c *http.ResponseController) error {
			time.AfterFunc(soon, func() { _ = c.SetReadDeadline(past) })
			return nil
		},
		"instead of another": func(c *http.ResponseController) error {
			return errors.Join(c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetReadDeadline(time.Now().Add(soon)))
		},
		"after one that came": func(c *http.ResponseController) error {
			return errors.Join(c.SetReadDeadline(past), c.SetReadDeadline(time.Time{}), c.SetReadDeadline(time.Now().Add(soon)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			l := listening(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = r.Body.Read(make([]byte, 1))
				if err := set(http.NewResponseController(w)); err != nil {
					t.Error(err)
				}
				_, err := io.ReadAll(r.Body)
				ended <- err
			})
			c := dial(t, l)
			if _, err := io.WriteString(c, post[:len(post)-1]); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Error("it did not end")
			}
		})
	}
}
