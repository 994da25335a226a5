package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzLogin sends any body: the answer is a client error or a token, never a failure of the service.
func FuzzLogin(f *testing.F) {
	for _, body := range []string{good, `{`, `null`, `[]`, `{"email": {}, "password": []}`, `{"email": "a\u0000@b.c", "password": "password123"}`, `{"EMAIL": true}`, `"\ud800"`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		start(t).Handler().ServeHTTP(rec, r)
		if rec.Code != http.StatusOK && rec.Code != http.StatusBadRequest && rec.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d %s", body, rec.Code, rec.Body)
		}
	})
}
