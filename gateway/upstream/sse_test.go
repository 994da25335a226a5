package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/exec"
)

func TestEventStreams(t *testing.T) {
	tests := []struct{ name, stream, want string }{
		{"events and completion", "event: next\ndata: {\"a\":1}\n\nevent: next\ndata: 2\n\nevent: complete\ndata:\n\nevent: next\ndata: 3\n\n", `{"a":1}|2|end`},
		{"comments keep it alive", ":\n\n: ping\n\nevent:next\n: in between\ndata:1\n\n:\n\nevent: complete\n\n", "1|end"},
		{"data over several lines, carriage returns, a byte order mark", "\ufeffevent: next\r\ndata: {\r\ndata: }\r\nid: 4\r\n\r\nevent: complete\r\n\r\n", "{\n}|end"},
		{"carriage returns alone", "event: next\rdata: {\rdata: }\r\revent: next\r\ndata: 2\n\revent: complete\r\r", "{\n}|2|end"},
		{"without event names", "data: 1\n\ndata:\n\nevent: other\ndata: 5\n\nevent: complete\n\n", "1|end"},
		{"cut off", "event: next\ndata: 1\n\nevent: next\ndata: 2\n", "1|broke off the event stream"},
		{"ended without completion", "event: next\ndata: 1\n\n", "1|broke off the event stream"},
		{"too large", "data: " + strings.Repeat("x", 20_000) + "\n\n", "sent an event that is too large"},
		{"too large in many lines", strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 20), "sent an event that is too large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream") {
					http.Error(w, "accept", http.StatusNotAcceptable)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				_, _ = io.WriteString(w, tt.stream)
			})
			both(t, h, Subgraph{MaxBytes: 10_000}, func(t *testing.T, c *Client) {
				s, err := c.Subscribe(t.Context(), query())
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if got := strings.Join(all(t.Context(), s), "|"); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func all(ctx context.Context, s exec.Stream) (got []string) {
	for {
		data, err := s.Next(ctx)
		var known *exec.FetchError
		switch {
		case errors.As(err, &known):
			return append(got, known.Message)
		case errors.Is(err, io.EOF):
			return append(got, "end")
		case err != nil:
			return append(got, err.Error())
		}
		got = append(got, string(data))
	}
}

func TestAJSONAnswerToASubscriptionIsItsOnlyEvent(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"errors":[]}`)
	})
	both(t, h, Subgraph{}, func(t *testing.T, c *Client) {
		s, err := c.Subscribe(t.Context(), query())
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(all(t.Context(), s)); got != `[{"errors":[]} end]` {
			t.Error(got)
		}
	})
}

func TestEventsArriveWhenTheyAreFlushedAndCloseEndsTheHandler(t *testing.T) {
	step, ended := make(chan int), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case n := <-step:
				_, _ = fmt.Fprintf(w, "event: next\ndata: %d\n\n", n)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	both(t, h, Subgraph{}, func(t *testing.T, c *Client) {
		step, ended = make(chan int), make(chan struct{})
		s, err := c.Subscribe(t.Context(), query())
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			step <- n
			if data, err := s.Next(t.Context()); err != nil || string(data) != fmt.Sprint(n) {
				t.Fatal(string(data), err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_ = s.Close()
		_ = s.Close()
		<-ended
	})
}

func TestTheStreamEndsWithTheContextItWasOpenedWith(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	both(t, h, Subgraph{}, func(t *testing.T, c *Client) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := c.Subscribe(ctx, query())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := s.Next(t.Context()); err == nil {
			t.Error("an event after the end")
		}
		_ = s.Close()
	})
}

func FuzzEventReader(f *testing.F) {
	f.Add("event: next\ndata: {}\n\n:\n\nevent: complete\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		r := newEventReader(strings.NewReader(stream), 1000)
		for {
			data, err := r.next()
			if err != nil {
				return
			}
			if len(data) > 1100 {
				t.Fatal("an event beyond the limit")
			}
		}
	})
}
