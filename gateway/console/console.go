// Package console serves a single-page application from a file system: hashed assets cached for long, unknown paths
// answered by its index.html, nothing loaded from elsewhere.
package console

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Policy is the Content-Security-Policy of an application that talks to its own origin only.
const Policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// kinds are the media types by extension. The system's own, which package mime looks up, differ between machines, and take half
// a megabyte that the collector goes through every time.
var kinds = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/vnd.microsoft.icon",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".map":   "application/json",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".txt":   "text/plain; charset=utf-8",
	".wasm":  "application/wasm",
	".woff2": "font/woff2",
}

// file is one of the application's files. It stays where it is and is not held: most are large, and many processes never
// serve one.
type file struct {
	open func() (fs.File, error)
	kind string
	etag func() (string, error) // worked out when it is first asked for
}

// New serves the files of fsys below prefix, which begins and ends with a slash. The files must be io.ReadSeekers, as those of
// embed.FS are. With spa, a path without an extension that names no file is answered by index.html.
func New(fsys fs.FS, prefix string, spa bool) (http.Handler, error) {
	files := map[string]file{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, ok := kinds[path.Ext(name)]
		if !ok {
			kind = "application/octet-stream"
		}
		open := func() (fs.File, error) { return fsys.Open(name) }
		files[name] = file{open, kind, sync.OnceValues(func() (string, error) { return etag(open) })}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, prefix)
		f, ok := files[name]
		if !ok && (name == "" || spa && path.Ext(name) == "") {
			name = "index.html"
			f, ok = files[name]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		serve(w, r, name, f)
	}), nil
}

func etag(open func() (fs.File, error)) (string, error) {
	f, err := open()
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`, nil
}

func serve(w http.ResponseWriter, r *http.Request, name string, f file) {
	tag, err := f.etag()
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	content, err := f.open()
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	defer func() { _ = content.Close() }()
	h := w.Header()
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Type", f.kind)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, content.(io.ReadSeeker))
}
