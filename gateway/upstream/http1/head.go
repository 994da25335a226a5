package http1

import (
	"bytes"
	"errors"
	"fmt"
)

// Response is an answer. Its memory is the caller's, who may Release it.
type Response struct {
	Status int    // 0: there was no answer
	Body   []byte // whole and decoded
	fields []byte // of the head, line by line
	memory *block // of Body; nil: none to release
}

// Release gives back the memory of the body, which must not be looked at any more then, nor released twice.
func (r Response) Release() {
	if r.memory != nil {
		r.memory.release()
	}
}

// Values calls yield with the values of the fields of that name, in their order, until it returns false. Names have no case.
func (r Response) Values(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for rest := r.fields; len(rest) > 0; {
			var line []byte
			line, rest = cutLine(rest)
			if f, err := parseField(line); err == nil && equalFold(f.name, name) && !yield(string(f.value)) {
				return
			}
		}
	}
}

// Header returns the value of the first field of that name, or "".
func (r Response) Header(name string) string {
	for v := range r.Values(name) {
		return v
	}
	return ""
}

// head is what there is to know of an answer's head.
type head struct {
	status  int
	length  int64 // of the body; -1: not said
	chunked bool
	gzip    bool
	close   bool // the connection ends with the answer
	fields  []byte
}

// errHead is wrapped by errors about heads that are not HTTP/1.
var errHead = errors.New("malformed answer")

var errLongHead = errors.New("the head exceeds the limit")

// readHead returns the bytes up to the end of the empty line. They are good until more is read.
func (x *exchange) readHead(limit int) ([]byte, error) {
	seen := 0 // from x.r: no line ends before
	for {
		for {
			there := x.in[x.r:x.w]
			end := bytes.IndexByte(there[seen:], '\n')
			if end < 0 {
				seen = len(there)
				break
			}
			next := seen + end + 1
			n := 0
			switch rest := there[next:]; {
			case bytes.HasPrefix(rest, []byte("\r\n")):
				n = 2
			case bytes.HasPrefix(rest, []byte("\n")):
				n = 1
			case len(rest) == 0 || len(rest) == 1 && rest[0] == '\r':
				seen = next - 1 // whether the next line is empty is not known yet
				end = -1
			default:
				seen = next
			}
			if n > 0 {
				if next+n > limit {
					return nil, errLongHead
				}
				x.r += next + n
				return there[:next+n], nil
			}
			if end < 0 {
				break
			}
		}
		if x.w-x.r >= limit {
			return nil, errLongHead
		}
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
}

// parseHead reads a head with its empty line.
func parseHead(text []byte) (head, error) {
	h := head{length: -1}
	line, rest := cutLine(text)
	old, err := h.parseStatus(line)
	if err != nil {
		return head{}, err
	}
	codings, alive, encoded := 0, false, false
	for h.fields = rest; ; {
		line, next := cutLine(rest)
		if len(line) == 0 {
			h.fields = h.fields[:len(h.fields)-len(rest)]
			break
		}
		rest = next
		f, err := parseField(line)
		if err != nil {
			return head{}, err
		}
		switch len(f.name) {
		case len("Connection"):
			if equalFold(f.name, "Connection") {
				h.close = h.close || hasToken(f.value, "close")
				alive = alive || hasToken(f.value, "keep-alive")
			}
		case len("Content-Length"):
			if equalFold(f.name, "Content-Length") {
				n, ok := parseLength(f.value)
				if !ok || h.length >= 0 && n != h.length {
					return head{}, fmt.Errorf("%w: Content-Length", errHead)
				}
				h.length = n
			}
		case len("Content-Encoding"):
			if equalFold(f.name, "Content-Encoding") && !encoded {
				encoded, h.gzip = true, equalFold(f.value, "gzip")
			}
		case len("Transfer-Encoding"):
			if equalFold(f.name, "Transfer-Encoding") {
				codings++
				h.chunked = equalFold(f.value, "chunked")
			}
		}
	}
	switch {
	case old: // chunks were not known yet, so that what says it has them may be anything
		h.close = h.close || !alive || codings > 0
		h.chunked = false
	case codings > 1 || codings == 1 && !h.chunked:
		return head{}, fmt.Errorf("%w: a transfer coding that was not asked for", errHead)
	case h.chunked && h.length >= 0: // somebody on the way may have seen the other end of the body
		h.length, h.close = -1, true
	}
	if h.status < 200 || h.status == 204 || h.status == 304 {
		h.close = h.close || h.chunked
		h.chunked, h.length = false, 0
	}
	h.close = h.close || !h.chunked && h.length < 0
	return h, nil
}

// parseStatus reads the first line. old is HTTP/1.0.
func (h *head) parseStatus(line []byte) (old bool, err error) {
	ok := len(line) >= len("HTTP/1.1 200") && string(line[:7]) == "HTTP/1." && isDigit(line[7]) && line[8] == ' ' &&
		'1' <= line[9] && line[9] <= '9' && isDigit(line[10]) && isDigit(line[11]) && (len(line) == 12 || line[12] == ' ')
	if !ok {
		return false, fmt.Errorf("%w: it does not begin with a status of HTTP/1", errHead)
	}
	h.status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	return line[7] == '0', nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cutLine returns the first line without its end, and what follows. A line may end without CR.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// field is a line of a head.
type field struct{ name, value []byte }

// parseField reads a line. Its text is not in errors: it may be a secret.
func parseField(line []byte) (field, error) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	switch {
	case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
		return field{}, fmt.Errorf("%w: a folded header", errHead)
	case !ok || !isToken(name):
		return field{}, fmt.Errorf("%w: a line that is not a header", errHead)
	}
	if value = bytes.Trim(value, " \t"); !isValue(value) {
		return field{}, fmt.Errorf("%w: a control character in the header %q", errHead, name)
	}
	return field{name: name, value: value}, nil
}

// equalFold compares without case. to is ASCII.
func equalFold(s []byte, to string) bool {
	if len(s) != len(to) {
		return false
	}
	for i, c := range s {
		if lower(c) != lower(to[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// hasToken reports whether the token is in the list.
func hasToken(list []byte, token string) bool {
	for part := range bytes.SplitSeq(list, []byte(",")) {
		if equalFold(bytes.Trim(part, " \t"), token) {
			return true
		}
	}
	return false
}

// parseLength reads the digits of a Content-Length.
func parseLength(s []byte) (n int64, ok bool) {
	if len(s) == 0 {
		return 0, false
	}
	for _, c := range s {
		if !isDigit(c) || n > (1<<63-1-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
