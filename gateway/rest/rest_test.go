package rest

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/upstream"
)

func router(t *testing.T, opt Options) http.Handler {
	t.Helper()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil { // as a service would
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded"} {
			w.Header().Set("Got-"+name, r.Header.Get(name))
		}
		w.Header().Set("Got-Path", r.URL.RequestURI())
		_, _ = w.Write(body)
	})
	opt.Backends = map[string]Backend{
		"things": {URLs: []string{"http://things"}, Transport: upstream.InProcess(echo)},
		"down":   {URLs: []string{"http://down"}, Transport: failing{}},
		"slow":   {URLs: []string{"http://slow"}, Transport: upstream.InProcess(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))},
	}
	opt.Log = slog.New(slog.DiscardHandler)
	opt.Guard = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	h, err := New([]Route{
		{Prefix: "/api/things", Strip: "/api", Guarded: true, Service: "things"},
		{Prefix: "/open", Strip: "/open", Service: "things"},
		{Prefix: "/docs/things", Rewrite: "/v3/docs", Service: "things"},
		{Prefix: "/down", Service: "down"},
		{Prefix: "/slow", Service: "slow"},
	}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no connection")
}

func TestRoutes(t *testing.T) {
	h := router(t, Options{MaxBody: 100, Timeout: 50 * time.Millisecond})
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
		seen, contains            string // by the service; in the answer
	}{
		{"GET", "/api/things", "t", "", 200, "/things", ""},
		{"GET", "/api/things/1?x=a%20b", "t", "", 200, "/things/1?x=a%20b", ""},
		{"POST", "/api/things", "t", "hello", 200, "/things", "hello"},
		{"GET", "/api/things", "", "", 401, "", ""},
		{"GET", "/api/things/1", "", "", 401, "", ""},
		{"GET", "/open", "", "", 200, "/", ""},
		{"GET", "/open/", "", "", 200, "/", ""},
		{"GET", "/open/a/", "", "", 200, "/a/", ""},
		{"GET", "/docs/things", "", "", 200, "/v3/docs", ""},
		{"GET", "/docs/things/", "", "", 200, "/v3/docs/", ""},
		{"GET", "/api/thingsX", "t", "", 404, "", `"path":"/api/thingsX"`},
		{"GET", "/api", "t", "", 404, "", `"error":"Not Found"`},
		{"GET", "/", "", "", 404, "", `"path":"/"`},
		{"POST", "/open/a", "", strings.Repeat("x", 101), 413, "", `"path":"/a"`},
		{"GET", "/down", "", "", 503, "", `"error":"Service Unavailable"`},
		{"GET", "/slow", "", "", 503, "", `"status":503`},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(tt.body))
			if tt.token != "" {
				r.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || w.Header().Get("Got-Path") != tt.seen || !strings.Contains(w.Body.String(), tt.contains) {
				t.Errorf("got %d, the service saw %q: %s", w.Code, w.Header().Get("Got-Path"), w.Body)
			}
		})
	}
}

func TestABodyOfUnknownLengthIsBoundedToo(t *testing.T) {
	s := httptest.NewServer(router(t, Options{MaxBody: 100}))
	defer s.Close()
	body, pipe := io.Pipe()
	go func() {
		for range 50 {
			if _, err := pipe.Write([]byte(strings.Repeat("x", 50))); err != nil {
				return
			}
		}
		_ = pipe.Close()
	}()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/open/a", body)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestOnlyATrustedProxySaysWhoTheClientIs(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // httptest's requests come from 192.0.2.1
	for _, tt := range []struct {
		name    string
		trusted []netip.Prefix
		given   string
		want    string
	}{
		{"a stranger's word is dropped", nil, "203.0.113.9", "192.0.2.1"},
		{"a trusted proxy's word counts", trusted, "203.0.113.9", "203.0.113.9"},
		{"of what a trusted proxy tells, the last hop that is not trusted", trusted, "10.0.0.1, 203.0.113.9, 192.0.2.7", "203.0.113.9"},
		{"what is no address is dropped", trusted, "evil", "192.0.2.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/open/a", nil)
			r.Header.Set("X-Forwarded-For", tt.given)
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set("Forwarded", "for=evil")
			w := httptest.NewRecorder()
			router(t, Options{TrustedProxies: tt.trusted}).ServeHTTP(w, r)
			h := w.Header()
			if h.Get("Got-X-Forwarded-For") != tt.want || h.Get("Got-Forwarded") != "" || h.Get("Got-X-Forwarded-Prefix") != "/open" {
				t.Errorf("the service got %v", h)
			}
			if host := h.Get("Got-X-Forwarded-Host"); (host == "evil.example") != (tt.trusted != nil) {
				t.Errorf("the service got host %q", host)
			}
		})
	}
}
