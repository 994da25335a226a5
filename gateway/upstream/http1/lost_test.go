package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestALostConnection(t *testing.T) {
	tests := []struct {
		name  string
		conns [][]string
		req   func(string) Request // of the last request; each connection but the last had one answer before
		sent  int32                // requests that arrived, the first included
		err   string
	}{
		{"that was closed while idle is found before anything is sent", [][]string{{full, hangUp}, {full}}, once, 2, ""},
		{"on which something came while idle is not used", [][]string{{full, early + full, full}, {full}}, once, 2, ""},
		{"that closes without an answer is replaced for what may be repeated", [][]string{{full, "", hangUp}, {full}}, ask, 3, ""},
		{"that is reset without an answer is replaced for what may be repeated", [][]string{{full, reset}, {full}}, ask, 3, ""},
		{"that closes without an answer fails what may not", [][]string{{full, "", hangUp}, {full}}, once, 2, "unexpected EOF"},
		{"that is reset without an answer fails what may not", [][]string{{full, reset}, {full}}, once, 2, "reset by peer"},
		{"that breaks off in the answer fails", [][]string{{full, "HTTP/1.1 200", hangUp}, {full}}, ask, 2, "unexpected EOF"},
		{"that breaks off in the body fails", [][]string{{full, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", hangUp}, {full}}, ask, 2, "unexpected EOF"},
		{"is replaced once", [][]string{{full, "", hangUp}, {"", hangUp}, {full}}, ask, 3, "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := script(t, tt.conns...)
			e := endpoint(t, s.url, Options{})
			if _, err := e.Post(t.Context(), ask("{}")); err != nil {
				t.Fatal(err)
			}
			if tt.conns[0][1] == hangUp {
				<-s.gone
			}
			resp, err := e.Post(t.Context(), tt.req("{}"))
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %s", err, tt.err)
				}
			case err != nil || string(resp.Body) != "{}":
				t.Errorf("got %q: %v", resp.Body, err)
			}
			if n := s.requests.Load(); n != tt.sent {
				t.Errorf("%d requests arrived, want %d", n, tt.sent)
			}
		})
	}
}

func TestAFreshConnectionThatIsClosedIsAnError(t *testing.T) {
	s := script(t, []string{"", hangUp}, []string{full})
	e := endpoint(t, s.url, Options{})
	if resp, err := e.Post(t.Context(), ask("{}")); err == nil || resp.Status != 0 || s.dialled.Load() != 1 {
		t.Errorf("got %v after %d connections", err, s.dialled.Load())
	}
}

func TestWaitingEnds(t *testing.T) {
	cause := errors.New("the reason")
	const begun = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
	for _, tt := range []struct {
		name    string
		answers []string // of the first connection
		status  int
	}{
		{"for the head", []string{silence}, 0},
		{"for the rest of the head", []string{begun[:20], silence}, 0},
		{"for the body", []string{begun, silence}, 200},
		{"on a connection that was kept", []string{full, silence}, 0},
	} {
		for _, after := range []time.Duration{patience / 3, patience * 3 / 2} {
			t.Run(fmt.Sprint(tt.name, ", with the context after ", after), func(t *testing.T) {
				s := script(t, tt.answers, []string{full})
				e := endpoint(t, s.url, Options{})
				if tt.answers[0] == full {
					mustPost(t, e)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(after, func() { cancel(cause) })
				req := ask("{}")
				req.Deadline = time.Time{}
				if resp, err := e.Post(ctx, req); !errors.Is(err, cause) || resp.Status != tt.status {
					t.Errorf("got %d, %v", resp.Status, err)
				}
				mustPost(t, e) // not on the connection that was given up
			})
			t.Run(fmt.Sprint(tt.name, ", at the deadline after ", after), func(t *testing.T) {
				s := script(t, tt.answers, []string{full})
				e := endpoint(t, s.url, Options{})
				if tt.answers[0] == full {
					mustPost(t, e)
				}
				req := ask("{}")
				req.Deadline = time.Now().Add(after)
				if resp, err := e.Post(t.Context(), req); !errors.Is(err, context.DeadlineExceeded) || resp.Status != tt.status {
					t.Errorf("got %d, %v", resp.Status, err)
				}
				mustPost(t, e)
				if n := s.dialled.Load(); n != 2 {
					t.Errorf("%d connections", n)
				}
			})
		}
	}
}

// An answer whose parts take longer than anybody listens for nothing is read whole.
func TestASlowAnswerIsReadWhole(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, part := range []string{"{", "}"} {
			time.Sleep(patience + patience/4)
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	defer srv.Close()
	e := endpoint(t, mustParse(t, srv.URL), Options{})
	for range 2 { // the second on the same connection
		mustPost(t, e)
	}
}

func mustPost(t *testing.T, e *Endpoint) {
	t.Helper()
	if resp, err := e.Post(t.Context(), ask("{}")); err != nil || string(resp.Body) != "{}" {
		t.Fatalf("got %q: %v", resp.Body, err)
	}
}

func TestNothingIsSentWhenItIsTooLate(t *testing.T) {
	s := script(t, []string{full})
	e := endpoint(t, s.url, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Post(ctx, ask("{}")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	req := ask("{}")
	req.Deadline = time.Now().Add(-time.Second)
	if _, err := e.Post(t.Context(), req); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	mustPost(t, e)
	req.Deadline = time.Now()
	if _, err := e.Post(t.Context(), req); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestACancelledRequestLeavesTheNextAlone(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	e := endpoint(t, mustParse(t, srv.URL), Options{})
	for i := range 500 { // some contexts end while the answer comes
		ctx, cancel := context.WithCancel(t.Context())
		if i%2 == 0 {
			go cancel()
		}
		resp, err := e.Post(ctx, ask("{}"))
		if cancel(); err != nil && !errors.Is(err, context.Canceled) || err == nil && string(resp.Body) != "{}" {
			t.Fatalf("got %q: %v", resp.Body, err)
		}
		mustPost(t, e)
	}
}

func mustParse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAnEarlyAnswerToALongRequestIsTaken(t *testing.T) {
	const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"
	s := script(t, []string{ignored + refusal}, []string{full}) // it reads no more, so that the request cannot be sent
	e := endpoint(t, s.url, Options{})
	resp, err := e.Post(t.Context(), once(strings.Repeat("x", 16<<20)))
	if err != nil || resp.Status != 413 || string(resp.Body) != "no!" {
		t.Errorf("got %d, %q: %v", resp.Status, resp.Body, err)
	}
	mustPost(t, e)
	if n := s.dialled.Load(); n != 2 {
		t.Errorf("a connection with half a request on it was used again")
	}
}

func TestALongRequestEndsWithTheContext(t *testing.T) {
	s := script(t, []string{ignored})
	e := endpoint(t, s.url, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := e.Post(ctx, ask(strings.Repeat("x", 16<<20))); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	s := script(t)
	e := endpoint(t, s.url, Options{})
	e.host.addr = "127.0.0.1:1" // a port of which nobody can have told the kernel
	if _, err := e.Post(t.Context(), ask("{}")); err == nil || !strings.Contains(err.Error(), "dial tcp") {
		t.Error(err)
	}
}
