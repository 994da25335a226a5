package http1

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"
)

// body is the rest of an answer as a reader. It returns io.EOF at the end, after the trailers if there are some.
type body struct {
	x       *exchange
	chunked bool
	begun   bool  // the first chunk was
	left    int64 // bytes to come, of the body or the chunk; -1: until the connection ends
	waste   int64 // bytes that carried chunks, beyond what is usual
	err     error // repeated
}

// Limits of what is neither head nor body, in bytes.
const (
	maxLine  = 4 << 10  // the line before a chunk; all trailers
	maxWaste = 16 << 10 // lines before chunks, beyond twice the data and 16 bytes each
)

var errChunks = errors.New("malformed chunks")

// readBody reads the body into resp, and puts what remains of the head beside it.
func (x *exchange) readBody(h *head, resp *Response, limit int64) (err error) {
	b := &x.body
	*b = body{x: x, chunked: h.chunked, left: h.length}
	if h.chunked {
		b.left = 0
	}
	if h.length >= 0 && !h.gzip {
		if h.length > limit {
			return ErrTooLarge
		}
		n, end := len(h.fields), len(h.fields)+int(h.length)
		resp.memory = newBlock(end)
		all := resp.memory.bytes[:end:end]
		copy(all, h.fields)
		resp.fields, resp.Body = all[:n:n], all[n:]
		_, err := io.ReadFull(b, resp.Body)
		return readError(err)
	}
	resp.fields = bytes.Clone(h.fields)
	if !h.gzip || h.length == 0 {
		// What is here is most of the answer, or all. There is room to find out that it ends.
		return readError(resp.readAll(b, x.w-x.r+bytes.MinRead, limit))
	}
	z, _ := unzippers.Get().(*gzip.Reader)
	defer unzippers.Put(z)
	switch err = z.Reset(b); {
	case err == nil:
		err = resp.readAll(z, 4*(x.w-x.r)+bytes.MinRead, limit)
	case errors.Is(err, io.EOF): // nothing was compressed
		resp.Body, err = []byte{}, nil
	}
	return readError(err)
}

var unzippers = sync.Pool{New: func() any { return &gzip.Reader{} }}

func readError(err error) error {
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return fmt.Errorf("read the body: %w", ended(err))
	}
	return err
}

// readAll reads up to the end, or the limit, into resp. It has room for so many bytes at first.
func (resp *Response) readAll(r io.Reader, room int, limit int64) error {
	m, n := newBlock(int(min(int64(room), limit+1))), 0
	for {
		if n == len(m.bytes) {
			larger := newBlock(2 * n)
			copy(larger.bytes, m.bytes)
			m.release()
			m = larger
		}
		more, err := r.Read(m.bytes[n:])
		n += more
		switch {
		case int64(n) > limit:
			return ErrTooLarge
		case errors.Is(err, io.EOF):
			resp.Body, resp.memory = m.bytes[:n:n], m
			return nil
		case err != nil:
			return err
		}
	}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	if b.err == nil && b.chunked && b.left == 0 {
		b.err = b.nextChunk()
	}
	if b.err == nil && b.left == 0 {
		b.err = io.EOF
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err = b.x.read(p, !b.chunked)
	if b.left > 0 {
		b.left -= int64(n)
	}
	switch {
	case n > 0:
		return n, nil
	case b.left < 0 && errors.Is(err, io.EOF):
		b.err = io.EOF
	default:
		b.err = ended(err)
	}
	return 0, b.err
}

// read reads what there is, or waits. Bytes that need no looking at go where they belong at once if direct says that all
// that comes is of the body, or if they are many.
func (x *exchange) read(p []byte, direct bool) (int, error) {
	if x.r == x.w {
		if direct || len(p) >= len(x.in) {
			return x.receive(p)
		}
		x.r, x.w = 0, 0
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, x.in[x.r:x.w])
	x.r += n
	return n, nil
}

// nextChunk reads up to the data of the next chunk. io.EOF is the last.
//
// RFC 9112, "Chunked Transfer Coding" (#section-7.1).
func (b *body) nextChunk() error {
	if b.begun {
		if end, err := b.x.line(2); err != nil {
			return err
		} else if len(end) > 0 {
			return fmt.Errorf("%w: a chunk is longer than it said", errChunks)
		}
	}
	b.begun = true
	line, err := b.x.line(maxLine)
	if err != nil {
		return err
	}
	size, _, _ := bytes.Cut(line, []byte(";")) // extensions mean nothing here
	size = bytes.TrimRight(size, " \t")
	if len(size) == 0 || len(size) > 16 {
		return fmt.Errorf("%w: no size", errChunks)
	}
	for _, c := range size {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), lower(c))
		if digit < 0 || b.left >= 1<<59 {
			return fmt.Errorf("%w: no size", errChunks)
		}
		b.left = b.left<<4 | int64(digit)
	}
	if b.waste = max(b.waste+int64(len(line))-14-2*min(b.left, 1<<32), 0); b.waste > maxWaste {
		return fmt.Errorf("%w: too much beside the data", errChunks)
	}
	if b.left == 0 {
		return b.trailers()
	}
	return nil
}

// trailers reads over the fields after the last chunk, and returns io.EOF then.
func (b *body) trailers() error {
	for left := maxLine; ; {
		line, err := b.x.line(left)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return io.EOF
		}
		left -= len(line) + 2
		if _, err := parseField(line); err != nil {
			return err
		}
	}
}

// line reads a line that ends with CRLF, of up to so many bytes with these.
func (x *exchange) line(limit int) ([]byte, error) {
	for {
		there := x.in[x.r:x.w]
		end := bytes.IndexByte(there, '\n')
		switch {
		case end >= limit || end < 0 && len(there) >= limit:
			return nil, fmt.Errorf("%w: a line is too long", errChunks)
		case end == 0 || end > 0 && bytes.IndexByte(there, '\r') != end-1:
			return nil, fmt.Errorf("%w: a line does not end with CRLF", errChunks)
		case end > 0:
			x.r += end + 1
			return there[:end-1], nil
		}
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
}
