package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"medicore.dev/medicore/subgraphs/auth"
)

const good = `{"email": "testpriti@test.com", "password": "password123"}`

// exchanges has one request for every answer that the OpenAPI document promises.
var exchanges = []struct {
	operation, status, body string
	headers                 map[string]string
	down                    bool // the database does not answer
}{
	{"POST /login", "200", good, map[string]string{"Content-Type": "application/json"}, false},
	{"POST /login", "400", `[]`, map[string]string{"Content-Type": "application/json"}, false},
	{"POST /login", "401", `{"email": "testpriti@test.com", "password": "not the password"}`, map[string]string{"Content-Type": "application/json"}, false},
	{"POST /login", "406", good, map[string]string{"Content-Type": "application/json", "Accept": "text/html, application/json;q=0"}, false},
	{"POST /login", "413", strings.Repeat(" ", 1<<20) + good, map[string]string{"Content-Type": "application/json"}, false},
	{"POST /login", "415", good, map[string]string{"Content-Type": "text/plain"}, false},
	{"POST /login", "503", good, map[string]string{"Content-Type": "application/json"}, true},
	{"GET /validate", "200", "", map[string]string{"Authorization": "Bearer {{token}}"}, false},
	{"GET /validate", "400", "", nil, false},
	{"GET /validate", "401", "", map[string]string{"Authorization": "Bearer {{token:validate no role}}"}, false},
	{"GET /validate", "503", "", map[string]string{"Authorization": "Bearer {{token}}"}, true},
	{"GET /v3/api-docs", "200", "", nil, false},
	{"GET /v3/api-docs.yaml", "200", "", nil, false},
}

func TestTheOpenAPIDocumentIsTrue(t *testing.T) {
	up, down := start(t), start(t)
	if err := down.Close(); err != nil {
		t.Fatal(err)
	}
	doc := document(t, up.Handler())
	promised := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				promised[method+" "+path+" "+status] = true
			}
		}
	}
	for _, e := range exchanges {
		name := e.operation + " " + e.status
		t.Run(name, func(t *testing.T) {
			if !promised[name] {
				t.Fatal("the document does not promise this")
			}
			delete(promised, name)
			s := up
			if e.down {
				s = down
			}
			method, path, _ := strings.Cut(e.operation, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(e.body))
			for k, v := range e.headers {
				r.Header.Set(k, tokens.ReplaceAllStringFunc(v, func(m string) string { return forged(t, tokens.FindStringSubmatch(m)[1]) }))
			}
			rec := httptest.NewRecorder()
			s.Handler().ServeHTTP(rec, r)
			check(t, rec, doc.Paths.Value(path).GetOperation(method).Responses.Value(e.status).Value, e.status)
		})
	}
	for name := range promised {
		t.Errorf("%s is promised and not exercised", name)
	}
}

func document(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v3/api-docs", nil))
	doc, err := openapi3.NewLoader().LoadFromData(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// check compares an answer with what the document promises: status, media type, body, headers of our own.
func check(t *testing.T, rec *httptest.ResponseRecorder, promise *openapi3.Response, status string) {
	t.Helper()
	if got := strconv.Itoa(rec.Code); got != status {
		t.Fatalf("status %s; body %s", got, rec.Body)
	}
	contentType, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	media := promise.Content.Get(contentType)
	switch {
	case len(promise.Content) == 0:
		if rec.Body.Len() > 0 {
			t.Errorf("body %s, want none", rec.Body)
		}
	case media == nil:
		t.Errorf("content type %q is not promised", contentType)
	case contentType == "application/json":
		var v any
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if err := media.Schema.Value.VisitJSON(v, openapi3.EnableFormatValidation()); err != nil {
			t.Error(err)
		}
	}
	for name := range rec.Header() {
		if name != "Content-Type" && name != "Accept" && !slices.ContainsFunc(keys(promise.Headers), func(h string) bool { return http.CanonicalHeaderKey(h) == name }) {
			t.Errorf("header %s is not promised", name)
		}
	}
}

func keys(h openapi3.Headers) (out []string) {
	for k := range h {
		out = append(out, k)
	}
	return out
}

func TestTheDocumentDoesNotRepeatWhatClientsSend(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v3/api-docs", nil)
	r.Header.Set("X-Forwarded-Host", "evil.example")
	rec := httptest.NewRecorder()
	start(t).Handler().ServeHTTP(rec, r)
	if strings.Contains(rec.Body.String(), "evil") {
		t.Error("the document names the forwarded host")
	}
}

func TestTheViewerIsServedFromTheBinary(t *testing.T) {
	h := start(t).Handler()
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return rec
	}
	if rec := get("/swagger-ui.html"); rec.Code != http.StatusFound || rec.Header().Get("Location") != "swagger-ui/index.html" {
		t.Errorf("swagger-ui.html: %d to %q", rec.Code, rec.Header().Get("Location"))
	}
	page := get("/swagger-ui/index.html").Body.String()
	if !strings.Contains(page, `"swaggerJsonUrl":"../../v3/api-docs"`) {
		t.Errorf("the page does not refer to the document:\n%s", page)
	}
	assets := 0
	for _, attr := range []string{`src="`, `href="`} {
		for _, part := range strings.Split(page, attr)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			assets++
			if rec := get("/swagger-ui/" + strings.TrimPrefix(name, "./")); rec.Code != http.StatusOK || rec.Body.Len() == 0 {
				t.Errorf("%s: %d", name, rec.Code)
			}
		}
	}
	if assets < 3 {
		t.Errorf("%d assets found in the page, want 3 at least", assets)
	}
	if rec := get("/swagger-ui/nope.js"); rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), `"path":"/swagger-ui/nope.js"`) {
		t.Errorf("a file that is not there: %d %s", rec.Code, rec.Body)
	}
}

func TestValidateNamesTheStoredRole(t *testing.T) {
	s := start(t)
	for name, want := range map[string]struct {
		status int
		role   string
	}{
		"self-made good token":     {http.StatusOK, "ADMIN"},
		"other role":               {http.StatusOK, "ADMIN"}, // a gateway sees that the token's is another
		"no role":                  {http.StatusUnauthorized, "ADMIN"},
		"wrong key":                {http.StatusUnauthorized, ""},
		"user that does not exist": {http.StatusUnauthorized, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/validate", nil)
		r.Header.Set("Authorization", "Bearer "+forged(t, name))
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		if rec.Code != want.status || rec.Header().Get(auth.StoredRole) != want.role {
			t.Errorf("%s: %d, role %q; want %+v", name, rec.Code, rec.Header().Get(auth.StoredRole), want)
		}
	}
}

func TestALockedSignInSaysWhenToComeBack(t *testing.T) {
	h := start(t, func(c *auth.Config, _ *auth.Deps) { c.TrustedProxies = []string{"192.0.2.0/24"} }).Handler()
	login := func(peer, forwarded, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", strings.NewReader(body))
		r.RemoteAddr = peer
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", forwarded)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for i := range 100 { // of 100 accounts, so that no delay comes in
		login("192.0.2.1:999", "198.51.100.7", fmt.Sprintf(`{"email": "u%d@example.com", "password": "short"}`, i))
	}
	for range 20 { // no attempts, so not counted
		login("192.0.2.1:999", "198.51.100.8", `{"email": 1, "password": "short"}`)
	}
	rec := login("192.0.2.1:999", "198.51.100.7", good)
	if after, err := strconv.Atoi(rec.Header().Get("Retry-After")); rec.Code != http.StatusUnauthorized || rec.Body.Len() > 0 || err != nil || after < 890 || after > 901 {
		t.Errorf("locked: %d %q, Retry-After %q", rec.Code, rec.Body, rec.Header().Get("Retry-After"))
	}
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"another client of the proxy":                       login("192.0.2.1:999", "198.51.100.8", good),
		"a client that names the locked address itself":     login("203.0.113.5:999", "198.51.100.7", good),
		"the proxy's word comes after what its client says": login("192.0.2.1:999", "198.51.100.7, 198.51.100.9", good),
	} {
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
}
