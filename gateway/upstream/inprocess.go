package upstream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// InProcess returns a transport that calls h in memory. Answers stream: what h flushes can be read at once. The handler
// sees the request's deadline and cancellation but none of its context values, as if it came over a network; it is
// cancelled when the answer's body is closed. A panic in h is an error of the request.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(noValues{r.Context()})
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	for name, values := range in.Header {
		if len(values) == 0 {
			delete(in.Header, name)
		}
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	pr, pw := io.Pipe()
	w := &memoryWriter{isHead: r.Method == http.MethodHead, header: http.Header{}, pipe: pw, ready: make(chan struct{})}
	stop := context.AfterFunc(r.Context(), func() { _ = pw.CloseWithError(r.Context().Err()) })
	go func() {
		defer cancel()
		defer stop()
		defer func() { _ = in.Body.Close() }()
		defer func() {
			err := r.Context().Err() // an answer that was given up is not a complete one
			if p := recover(); p != nil {
				err = fmt.Errorf("panic in handler: %v", p)
			}
			w.finish(err)
		}()
		t.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.ready:
	case <-r.Context().Done():
		cancel()
		_ = pr.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	if w.failed != nil {
		cancel()
		return nil, w.failed
	}
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, Request: r, ContentLength: -1,
	}
	if w.whole != nil {
		resp.ContentLength = int64(len(w.whole))
		resp.Body = io.NopCloser(bytes.NewReader(w.whole))
		return resp, nil
	}
	resp.Body = &memoryBody{PipeReader: pr, cancel: cancel}
	return resp, nil
}

// noValues is a context that passes on when a request ends, and nothing else of it.
type noValues struct{ context.Context }

func (noValues) Value(any) any { return nil }

// AfterFunc saves package context a goroutine.
func (c noValues) AfterFunc(f func()) func() bool { return context.AfterFunc(c.Context, f) }

// memoryBody is the answer's body; closing it ends the handler.
type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *memoryBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// spillAt is the size up to which a body is handed over whole.
const spillAt = 32 << 10

// memoryWriter is the handler's side. A body that fits its buffer is handed over whole, a longer or flushed one streams.
type memoryWriter struct {
	isHead    bool
	header    http.Header
	pipe      *io.PipeWriter
	buf       []byte
	streaming bool // the head is out
	ready     chan struct{}

	// Set before ready is closed, read after.
	status int // 0: not written
	sent   http.Header
	whole  []byte // the complete body, nil when it streams
	failed error
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	if w.status == 0 && len(p) > 0 && w.header.Get("Content-Type") == "" {
		w.header.Set("Content-Type", http.DetectContentType(p))
	}
	w.WriteHeader(http.StatusOK)
	if w.isHead {
		return len(p), nil
	}
	w.buf = append(w.buf, p...)
	if len(w.buf) > spillAt {
		if err := w.spill(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush hands over what was written so far.
func (w *memoryWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for an http.ResponseController.
func (w *memoryWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return w.spill()
}

func (w *memoryWriter) spill() error {
	if !w.streaming {
		w.streaming = true
		close(w.ready)
	}
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.pipe.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// finish ends the answer. err says that the handler did not.
func (w *memoryWriter) finish(err error) {
	w.WriteHeader(http.StatusOK)
	if w.streaming {
		if err == nil {
			err = w.spill()
		}
		_ = w.pipe.CloseWithError(err)
		return
	}
	w.failed = err
	w.whole = append([]byte{}, w.buf...) // never nil
	close(w.ready)
}
