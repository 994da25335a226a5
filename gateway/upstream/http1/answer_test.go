package http1

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func TestAnswersAreReadAsTheStandardSays(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	tests := []struct {
		name   string
		answer string
		closes bool // the server closes after it
		status int
		body   string
		err    string // part of the error; body is not looked at then
		kept   bool   // the connection is used for the next request
	}{
		{"a body of a known length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},
		{"a length that is said twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 02\r\n\r\n{}", false, 200, "{}", "", true},
		{"an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, "", "", true},
		{"a long body", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + long, false, 200, long, "", true},
		{"no reason after the status", "HTTP/1.1 422\r\nContent-Length: 2\r\n\r\n{}", false, 422, "{}", "", true},
		{"lines that end without CR", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", false, 200, "{}", "", true},
		{"a head longer than the buffer", "HTTP/1.1 200 OK\r\nX: " + long + "\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},
		{"a later minor version", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},

		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", false, 200, "{}", "", true},
		{"chunks with extensions", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2 ; a=\"b\"\r\n{}\r\n0;last\r\n\r\n", false, 200, "{}", "", true},
		{"chunks with trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\nZ: w\r\n\r\n", false, 200, "{}", "", true},
		{"large chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n" + long + "\r\n186a0\r\n" + long + "\r\n0\r\n\r\n", false, 200, long + long, "", true},
		{"no chunk but the last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 200, "", "", true},
		{"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false, 200, "{}", "", false},
		{"a body up to the end", "HTTP/1.1 200 OK\r\n\r\n{}", true, 200, "{}", "", false},
		{"a long body up to the end", "HTTP/1.1 200 OK\r\n\r\n" + long, true, 200, long, "", false},
		{"a server that will close", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\n{}", false, 200, "{}", "", false},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", false},
		{"HTTP/1.0 that keeps the connection", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},
		{"HTTP/1.0 up to the end", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n{}", true, 200, "{}", "", false},
		{"HTTP/1.0 that says chunks", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", false, 200, "{}", "", false},

		{"interim answers before", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},
		{"another protocol is an answer", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false, 101, "", "", false},
		{"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", "", true},
		{"304 has no body, whatever length it tells of", "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", false, 304, "", "", true},
		{"204 has no chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 204, "", "", false},
		{"more than the answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", false, 200, "{}", "", false},

		{"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n" + zipped("{}") + "\r\n0\r\n\r\n", false, 200, "{}", "", true},
		{"gzip of nothing", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", false, 200, "", "", true},
		{"another coding is left to the caller", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", false, 200, "{}", "", true},
		{"gzip that is none", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nabcdefghijkl", false, 200, "", "invalid header", false},

		{"not HTTP", "SSH-2.0-x\r\n\r\n", false, 0, "", "does not begin with a status", false},
		{"HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "does not begin with a status", false},
		{"a status that is no number", "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "does not begin with a status", false},
		{"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "does not begin with a status", false},
		{"a folded header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "a folded header", false},
		{"a folded header at first", "HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "a folded header", false},
		{"a line without colon", "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "a line that is not a header", false},
		{"a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}", false, 0, "", "a line that is not a header", false},
		{"no name", "HTTP/1.1 200 OK\r\n: 2\r\n\r\n{}", false, 0, "", "a line that is not a header", false},
		{"a CR in a value", "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "a control character", false},
		{"a zero in a value", "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}", false, 0, "", "a control character", false},
		{"lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false, 0, "", "Content-Length", false},
		{"a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", false, 0, "", "Content-Length", false},
		{"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", false, 0, "", "Content-Length", false},
		{"an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}", false, 0, "", "Content-Length", false},
		{"a length beyond 63 bits", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n{}", false, 0, "", "Content-Length", false},
		{"another transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{}", false, 0, "", "transfer coding", false},
		{"two transfer codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n{}", false, 0, "", "transfer coding", false},
		{"a head over the limit", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(long, 3) + "\r\n\r\n", false, 0, "", "the head exceeds", false},
		{"interim answers over the limit", strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+long+"\r\n\r\n", 3) + full, false, 0, "", "the head exceeds", false},
		{"a head that stops", "HTTP/1.1 200 OK\r\nContent-Le", true, 0, "", "unexpected EOF", false},

		{"a body that stops", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", true, 200, "", "unexpected EOF", false},
		{"chunks that stop in the data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}", true, 200, "", "unexpected EOF", false},
		{"chunks that stop between", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", true, 200, "", "unexpected EOF", false},
		{"chunks that stop in the trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", true, 200, "", "unexpected EOF", false},
		{"a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"a chunk without size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"a chunk's size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"a chunk's size beyond 63 bits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"a chunk's line that ends without CR", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"an empty chunk's line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\n{}\r\n0\r\n\r\n", false, 200, "", "malformed chunks", false},
		{"an endless extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + long, false, 200, "", "malformed chunks", false},
		{"more extensions than data", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+long[:3000]+"\r\n{\r\n", 10), false, 200, "", "malformed chunks", false},
		{"trailers over the limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: y\r\n", 1000) + "\r\n", false, 200, "", "malformed chunks", false},
		{"a trailer that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n", false, 200, "", "not a header", false},

		{"a length over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", false, 200, "", ErrTooLarge.Error(), false},
		{"chunks over the limit", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("186a0\r\n"+long+"\r\n", 11), false, 200, "", ErrTooLarge.Error(), false},
		{"a body up to the end over the limit", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat(long, 11), false, 200, "", ErrTooLarge.Error(), false},
		{"gzip over the limit", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped(strings.Repeat(long, 11)), true, 200, "", ErrTooLarge.Error(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := []string{tt.answer, full}
			if tt.closes {
				first = first[:1]
			}
			s := script(t, first, []string{full})
			e := endpoint(t, s.url, Options{MaxHead: 250_000})
			resp, err := e.Post(t.Context(), ask("{}"))
			switch {
			case tt.err == "" && err != nil:
				t.Fatal(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Fatalf("got the error %v, want one with %q", err, tt.err)
			}
			if resp.Status != tt.status || err == nil && string(resp.Body) != tt.body {
				t.Errorf("got %d with %d bytes, want %d with %d", resp.Status, len(resp.Body), tt.status, len(tt.body))
			}
			if next, err := e.Post(t.Context(), ask("{}")); err != nil || string(next.Body) != "{}" {
				t.Fatalf("the next answer is %q: %v", next.Body, err)
			}
			if kept := s.dialled.Load() == 1; kept != tt.kept {
				t.Errorf("the connection was kept: %v, want %v", kept, tt.kept)
			}
		})
	}
}

func TestTheLimitIsTheLastThatIsTaken(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345",
	} {
		s := script(t, []string{answer}, []string{answer})
		e := endpoint(t, s.url, Options{})
		req := ask("{}")
		req.MaxBytes = 5
		if resp, err := e.Post(t.Context(), req); err != nil || string(resp.Body) != "12345" {
			t.Errorf("%q: %q, %v", answer, resp.Body, err)
		}
		req.MaxBytes = 4
		if _, err := e.Post(t.Context(), req); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

func TestHeadersAreThereForWhoWantsThem(t *testing.T) {
	for _, framing := range []string{"Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"} {
		s := script(t, []string{"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nContent-Type: \t application/json \r\nSet-Cookie: b=2\r\nEmpty:\r\n" + framing, full})
		e := endpoint(t, s.url, Options{})
		resp, err := e.Post(t.Context(), ask("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Post(t.Context(), ask("{}")); err != nil { // what was read does not change by another answer
			t.Fatal(err)
		}
		if got := slices.Collect(resp.Values("Set-Cookie")); !slices.Equal(got, []string{"a=1", "b=2"}) {
			t.Errorf("cookies: %q", got)
		}
		if got := resp.Header("content-type"); got != "application/json" {
			t.Errorf("content type: %q", got)
		}
		if got := resp.Header("Empty") + resp.Header("Absent"); got != "" {
			t.Errorf("empty: %q", got)
		}
		if string(append(resp.Body, "x"...)) != "{}x" || resp.Header("Set-Cookie") != "a=1" {
			t.Error("body and headers share what lies behind them")
		}
	}
}

// TestPartsAreReadAsTheWhole gives the answer byte by byte.
func TestPartsAreReadAsTheWhole(t *testing.T) {
	const answer = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n10\r\n                \r\n0\r\nX: y\r\n\r\n"
	s := script(t, slices.Collect(func(yield func(string) bool) {
		if !yield(answer[:1]) {
			return
		}
		for i := 1; i < len(answer); i++ {
			if !yield(early + answer[i:i+1]) {
				return
			}
		}
		yield(full)
	}))
	e := endpoint(t, s.url, Options{})
	for _, want := range []string{"{}                ", "{}"} {
		resp, err := e.Post(t.Context(), ask("{}"))
		if err != nil || string(resp.Body) != want {
			t.Errorf("got %q: %v", resp.Body, err)
		}
	}
	if n := s.dialled.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
