package rest_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"medicore.dev/medicore/internal/database"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth"
	"medicore.dev/medicore/subgraphs/auth/internal/store/storetest"
)

var secret = []byte("a secret of the tests, 32 bytes or more")

// start returns a freshly seeded service over a new SQLite file.
func start(t *testing.T, change ...func(*auth.Config, *auth.Deps)) *auth.Service {
	t.Helper()
	tokens, err := token.NewAuthority(base64.StdEncoding.EncodeToString(secret), "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := auth.DefaultConfig()
	cfg.BcryptCost = 4
	deps := auth.Deps{Log: slog.New(slog.DiscardHandler), Tokens: tokens, Data: t.TempDir(), Seed: true}
	for _, c := range change {
		c(&cfg, &deps)
	}
	s, err := auth.New(t.Context(), cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type row struct {
	Name    string
	Request struct {
		Method, Path, Body string
		Headers            map[string]string
	}
	Expect struct {
		Status      int
		ContentType string
		Body        *struct {
			Kind, Error, Path string
			Status            int
		}
	}
}

// TestContract replays the wire contract with existing clients, as a service sees it behind the gateway.
func TestContract(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, db database.Config) {
		f, err := os.Open("testdata/contract.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		h := start(t, func(c *auth.Config, _ *auth.Deps) { c.DatabaseURL = db.URL }).Handler()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var r row
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			t.Run(r.Name, func(t *testing.T) { replay(t, h, r) })
		}
	})
}

var (
	sized  = regexp.MustCompile(`^<(\d+) bytes>$`)
	tokens = regexp.MustCompile(`\{\{token:?([^}]*)\}\}`)
)

func replay(t *testing.T, h http.Handler, r row) {
	body := r.Request.Body
	if m := sized.FindStringSubmatch(body); m != nil {
		n, _ := strconv.Atoi(m[1])
		body = `{"email": "testpriti@test.com", "password": "password123", "x": "` + strings.Repeat("x", n) + `"}`
	}
	fill := func(s string) string {
		return tokens.ReplaceAllStringFunc(s, func(m string) string { return forged(t, tokens.FindStringSubmatch(m)[1]) })
	}
	req := httptest.NewRequestWithContext(t.Context(), r.Request.Method, fill(r.Request.Path), strings.NewReader(body))
	for k, v := range r.Request.Headers {
		req.Header.Set(k, fill(v))
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	res := rec.Result()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != r.Expect.Status {
		t.Fatalf("status %d, want %d; body %s", res.StatusCode, r.Expect.Status, got)
	}
	contentType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if r.Expect.ContentType != "" && contentType != r.Expect.ContentType {
		t.Errorf("content type %q, want %q", contentType, r.Expect.ContentType)
	}
	if r.Expect.Status == http.StatusMethodNotAllowed && res.Header.Get("Allow") == "" {
		t.Error("no Allow header")
	}
	if r.Expect.Body == nil || r.Request.Method == http.MethodHead {
		return
	}
	var object map[string]any
	if kind := r.Expect.Body.Kind; kind != "empty" && kind != "other" {
		if err := json.Unmarshal(got, &object); err != nil {
			t.Fatalf("body %s: %v", got, err)
		}
	}
	switch r.Expect.Body.Kind {
	case "empty":
		if len(got) > 0 {
			t.Errorf("body %s, want none", got)
		}
	case "token":
		if tok, _ := object["token"].(string); strings.Count(tok, ".") != 2 || len(object) != 1 {
			t.Errorf("body %s, want a token", got)
		}
	case "openapi":
		if object["paths"] == nil {
			t.Errorf("body %s, want an OpenAPI document", got)
		}
	case "error":
		at, _ := object["timestamp"].(string)
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			t.Errorf("timestamp: %v", err)
		}
		if object["status"] != float64(r.Expect.Body.Status) || object["error"] != r.Expect.Body.Error || object["path"] != r.Expect.Body.Path {
			t.Errorf("body %s, want %+v", got, *r.Expect.Body)
		}
	}
}

// forged makes the token that a row's name asks for.
func forged(t *testing.T, name string) string {
	now := time.Now()
	claims := jwt.MapClaims{"sub": "testpriti@test.com", "role": "ADMIN", "iat": now.Unix(), "exp": now.Add(10 * time.Hour).Unix()}
	var method jwt.SigningMethod = jwt.SigningMethodHS256
	var key any = secret
	tampered := false
	switch strings.TrimPrefix(name, "validate ") {
	case "", "self-made good token", "header with typ":
	case "wrong key":
		key = []byte(strings.Repeat("x", 32))
	case "alg none":
		method, key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
	case "tampered signature":
		tampered = true
	case "HS512 same key":
		method = jwt.SigningMethodHS512
	case "expired":
		claims["exp"] = now.Add(-time.Hour).Unix()
	case "no exp claim":
		delete(claims, "exp")
	case "not-before in future":
		claims["nbf"] = now.Add(time.Hour).Unix()
	case "no role":
		delete(claims, "role")
	case "other role":
		claims["role"] = "ANALYST"
	case "user that does not exist":
		claims["sub"] = "nobody@test.com"
	default:
		t.Fatalf("no such token: %s", name)
	}
	tok, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	if tampered {
		parts := strings.Split(tok, ".")
		claims["role"] = "ROOT"
		b, _ := json.Marshal(claims)
		return parts[0] + "." + base64.RawURLEncoding.EncodeToString(b) + "." + parts[2]
	}
	return tok
}
