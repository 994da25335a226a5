package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// Times of looking at a file.
const (
	quietFor   = 200 * time.Millisecond // a file that reads the same after this is written to its end
	quietTries = 20
	oldAfter   = 2 * time.Second // a file not touched for this long is not being written
)

// File reads the schema from a file, again whenever the file is another or has been written to. A file that is being
// written is waited for.
func File(path string) Look {
	return Look{ask: (&watched{path: path, limit: maxSDL}).look}
}

// SupergraphFile is File for a whole supergraph.
func SupergraphFile(path string) Look {
	return Look{ask: (&watched{path: path, limit: maxSuper}).look}
}

type watched struct {
	path  string
	limit int64
	last  *reading // what was told last
}

// reading is what a file held.
type reading struct {
	text string
	info os.FileInfo
	at   time.Time
}

// old tells whether the file had been left alone for long before it was read.
func (r *reading) old() bool { return r.at.Sub(r.info.ModTime()) > oldAfter }

// same tells whether a file is, by all that can be told without reading it, what was read.
func (r *reading) same(info os.FileInfo) bool {
	return r.old() && os.SameFile(r.info, info) && r.info.Size() == info.Size() && r.info.ModTime().Equal(info.ModTime())
}

func (w *watched) look(ctx context.Context) (string, error) {
	if info, err := os.Stat(w.path); err == nil && w.last != nil && w.last.same(info) {
		return "", errUnchanged
	}
	now, err := w.read()
	for range quietTries {
		if err == nil && (now.old() || w.last != nil && now.text == w.last.text) {
			break
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("read %s: it is being written all the time: %w", w.path, ctx.Err())
		case <-time.After(quietFor):
		}
		before := now
		if now, err = w.read(); err != nil || before != nil && before.text == now.text {
			break // a file that is missing for so long is
		}
	}
	if err != nil {
		return "", err
	}
	unchanged := w.last != nil && w.last.text == now.text
	w.last = now
	if unchanged {
		return "", errUnchanged
	}
	return now.text, nil
}

func (w *watched) read() (*reading, error) {
	f, err := os.Open(w.path)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	at := time.Now()
	text, err := io.ReadAll(io.LimitReader(f, w.limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the schema: %w", err)
	case int64(len(text)) > w.limit:
		return nil, fmt.Errorf("read the schema: %s is larger than %d MiB", w.path, w.limit>>20)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("read the schema: %s is empty", w.path)
	}
	return &reading{string(text), info, at}, nil
}
