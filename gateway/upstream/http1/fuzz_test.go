package http1

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	fuzzHead = 1 << 16
	fuzzBody = 1 << 16
)

// result is what a client makes of the bytes that a server sends.
type result struct {
	status int
	header http.Header
	body   string
	used   int  // bytes
	keep   bool // the connection can be used again, if there are no more bytes
	err    error
}

func (r result) refused() bool { return r.err != nil }

// ours reads the bytes as Post does.
func ours(data []byte, split func(io.Reader) io.Reader) result {
	from := bytes.NewReader(data)
	x, _ := exchanges.Get().(*exchange)
	defer x.release()
	x.src, x.r, x.w = split(from), 0, 0
	resp, keep, err := x.answer(fuzzHead, fuzzBody)
	r := result{status: resp.Status, header: http.Header{}, body: string(resp.Body), used: len(data) - from.Len() - (x.w - x.r), keep: keep, err: err}
	for rest := resp.fields; err == nil && len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		f, _ := parseField(line)
		r.header.Add(string(f.name), string(f.value))
	}
	return r
}

// theirs reads the bytes as a http.Transport does, with the gateway's limit on the body.
func theirs(data []byte) (r result) {
	from := bytes.NewReader(data)
	in := bufio.NewReader(from)
	for {
		resp, err := http.ReadResponse(in, &http.Request{Method: http.MethodPost}) //nolint:bodyclose // there is nothing behind it
		if err != nil {
			return result{err: err}
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		r = result{status: resp.StatusCode, header: resp.Header, keep: !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols}
		limit := resp.ContentLength
		body := io.Reader(resp.Body)
		if resp.ContentLength != 0 && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
			limit = -1
			switch z, err := gzip.NewReader(resp.Body); {
			case errors.Is(err, io.EOF):
				body = http.NoBody
			case err != nil:
				r.err = err
				return r
			default:
				body = z
			}
		}
		if limit > fuzzBody {
			r.err = ErrTooLarge
			return r
		}
		all, err := io.ReadAll(io.LimitReader(body, fuzzBody+1))
		if r.err = err; err == nil && len(all) > fuzzBody {
			r.err = ErrTooLarge
		}
		r.body, r.used = string(all), len(data)-from.Len()-in.Buffered()
		return r
	}
}

// deviations are the answers that we refuse and net/http takes: part of our error, and what has to be in the bytes.
var deviations = []struct{ err, in string }{
	{"a folded header", `\n[ \t]`},                        // obsolete, RFC 9112 section 5.2
	{"a line that is not a header", `\n[^:\n]* [^:\n]*:`}, // net/http takes a space in a name
	{"does not begin with a status of HTTP/1", `(?m)^HTTP/(1\.\d (  *[0-9]{3}|0\d\d|\+\d\d|-00)|[02-9]\.)`}, // other versions, more spaces, statuses below 100
	{"does not end with CRLF", `\n`},                                        // net/http takes a trailer that ends with LF
	{"the head exceeds", `.{1000}`},                                         // ReadResponse has no limit, a Transport has
	{"a line is too long", `(?s).{1000}`},                                   // trailers: net/http counts otherwise
	{"a transfer coding that was not asked for", `(?i)\ntransfer-encoding`}, // of an interim answer in HTTP/1.0 and the like
}

// checkDeviation says why it is wrong that we refuse what net/http takes, or nothing.
func checkDeviation(err error, data []byte) error {
	for _, d := range deviations {
		if strings.Contains(err.Error(), d.err) && regexp.MustCompile(d.in).Match(data) {
			return nil
		}
	}
	return fmt.Errorf("refused, but net/http takes it: %w", err)
}

func compare(got, want result, data []byte) error {
	// That a name is announced for a trailer is not looked at here.
	announced := want.refused() && strings.Contains(want.err.Error(), "bad trailer key")
	switch {
	case got.refused() && want.refused(), announced:
		return nil
	case got.refused():
		return checkDeviation(got.err, data)
	case want.refused():
		return fmt.Errorf("taken, but net/http refuses it: %w", want.err)
	case got.status != want.status || got.body != want.body:
		return fmt.Errorf("got %d %q, net/http %d %q", got.status, got.body, want.status, want.body)
	case got.keep && (!want.keep || got.used != want.used):
		return fmt.Errorf("the connection is kept after %d bytes; net/http keeps it: %v, after %d", got.used, want.keep, want.used)
	}
	for _, name := range slices.Sorted(maps.Keys(want.header)) {
		if name == "Cache-Control" && want.header.Get("Pragma") != "" || name == "Content-Length" {
			continue // net/http adds the one, and joins the other
		}
		if ours := got.header[textproto.CanonicalMIMEHeaderKey(name)]; !slices.Equal(ours, want.header[name]) {
			return fmt.Errorf("header %q: got %q, net/http %q", name, ours, want.header[name])
		}
	}
	return nil
}

// FuzzAnswer reads the same bytes as http.ReadResponse: both get the same status, headers and body, or both refuse; where
// they need not is in deviations. A connection that we keep net/http would keep as well, at the same byte.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		full,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 2\n\n{}",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\n\r\n" + zipped("{}"),
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + zipped("{}"),
		"HTTP/1.1 204 No Content\r\nX: a\r\n b\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Length: 5\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nPragma: no-cache\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := ours(data, func(r io.Reader) io.Reader { return r })
		if err := compare(got, theirs(data), data); err != nil {
			t.Error(err)
		}
		slow := ours(data, iotest.OneByteReader)
		if (slow.err == nil) != (got.err == nil) || slow.err == nil && (slow.body != got.body || slow.status != got.status) {
			t.Errorf("byte by byte it is %d %q, %v; at once %d %q, %v", slow.status, slow.body, slow.err, got.status, got.body, got.err)
		}
	})
}
