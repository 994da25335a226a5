package console

import (
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPages(t *testing.T) {
	h, err := New(fstest.MapFS{"index.html": {Data: []byte("<html>app")}, "assets/a-1.js": {Data: []byte("code")}}, "/admin/", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path string
		status       int
		body, cache  string
	}{
		{"GET", "/admin/", 200, "<html>app", "no-cache"},
		{"GET", "/admin/profiles", 200, "<html>app", "no-cache"},
		{"GET", "/admin/profiles/1", 200, "<html>app", "no-cache"},
		{"GET", "/admin/assets/a-1.js", 200, "code", "public, max-age=31536000, immutable"},
		{"HEAD", "/admin/assets/a-1.js", 200, "", "public, max-age=31536000, immutable"},
		{"GET", "/admin/assets/none.js", 404, "", ""},
		{"GET", "/admin/../secret.txt", 404, "", ""},
		{"POST", "/admin/", 405, "", ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil))
			if w.Code != tt.status || w.Code == 200 && (w.Body.String() != tt.body || w.Header().Get("Cache-Control") != tt.cache) {
				t.Errorf("got %d %q %q", w.Code, w.Body, w.Header().Get("Cache-Control"))
			}
			if w.Code == 200 && (!strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'self'") || w.Header().Get("X-Content-Type-Options") != "nosniff") {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
	first := httptest.NewRecorder()
	h.ServeHTTP(first, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/", nil))
	again := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/", nil)
	again.Header.Set("If-None-Match", first.Header().Get("ETag"))
	second := httptest.NewRecorder()
	h.ServeHTTP(second, again)
	if second.Code != http.StatusNotModified || second.Body.Len() > 0 {
		t.Errorf("an unchanged page answered %d", second.Code)
	}
}

// The types of files are the same on every machine.
func TestFilesHaveTheTypesOfTheirExtensions(t *testing.T) {
	files, want := fstest.MapFS{}, map[string]string{"a.html": "text/html; charset=utf-8", "a.js": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8", "a.ttf": "font/ttf", "a.unknown": "application/octet-stream", "a": "application/octet-stream"}
	for name := range want {
		files[name] = &fstest.MapFile{Data: []byte("x")}
	}
	for _, ext := range []string{".js", ".ttf", ".unknown"} { // what a machine may say
		if err := mime.AddExtensionType(ext, "application/x-other"); err != nil {
			t.Fatal(err)
		}
	}
	h, err := New(files, "/", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range want {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+name, nil))
		if got := w.Header().Get("Content-Type"); got != kind {
			t.Errorf("%s is %q, want %q", name, got, kind)
		}
	}
}

// opened counts the files that are opened.
type opened struct {
	fstest.MapFS
	n int
}

func (o *opened) Open(name string) (fs.File, error) {
	o.n++
	return o.MapFS.Open(name)
}

func TestNothingIsReadBeforeItIsAskedFor(t *testing.T) {
	files := &opened{MapFS: fstest.MapFS{"index.html": {Data: []byte("<html>app")}, "assets/a-1.js": {Data: []byte("code")}}}
	h, err := New(files, "/admin/", true)
	if err != nil {
		t.Fatal(err)
	}
	if files.n > 0 {
		t.Errorf("%d files were opened before there was a request", files.n)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/assets/a-1.js", nil))
	if w.Body.String() != "code" || w.Header().Get("Content-Length") != "4" {
		t.Errorf("got %q with the headers %v", w.Body, w.Header())
	}
}
