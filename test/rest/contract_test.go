//go:build e2e

// Package rest holds the wire contract with existing clients: testdata/contract.jsonl, one exchange per line, replayed
// against the built binary. A row's verdict says what it is: keep (clients rely on it), better (the original failed;
// what we answer instead), free (nobody relies on it; not tested).
package rest

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"medicore.dev/medicore/test/platform"
)

type row struct {
	Name    string
	Verdict string
	Request struct {
		Method     string
		Path       string
		Headers    map[string]*string
		Body       *string
		BodyBase64 []byte
	}
	Expect struct {
		Status      int
		ContentType *string
		Location    any
		Body        *struct {
			Kind     string
			JSON     any
			Status   int
			Error    string
			Path     string
			Fields   []string
			Keys     []string
			ItemKeys []string
			First    []any
			Count    *int
		}
	}
}

func TestContract(t *testing.T) {
	p := platform.One(t)
	f, err := os.Open("testdata/contract.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	c := &client{t: t, p: p, token: p.Login(t, platform.AdminEmail, platform.AdminPassword), created: uuid.NewString()}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	ran := 0
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Verdict == "free" && r.Name != "create ok" {
			continue
		}
		ran++
		t.Run(r.Name, func(t *testing.T) { c.replay(t, r) })
	}
	if ran < 200 {
		t.Errorf("only %d rows ran: the contract has 201 that count", ran)
	}
	for _, proc := range p.Procs {
		if strings.Contains(proc.Log(), "panic") {
			t.Error("the log speaks of a panic")
		}
	}
}

type client struct {
	t       *testing.T
	p       *platform.Platform
	token   string
	created string // id from the row "create ok"
}

func (c *client) fill(s string) string {
	return strings.NewReplacer("{{token}}", c.token, "{{createdId}}", c.created, "{{CREATEDID}}", strings.ToUpper(c.created),
		"{{unique}}", "u"+strings.ReplaceAll(uuid.NewString(), "-", "")[:12]).Replace(s)
}

var (
	forgedToken = regexp.MustCompile(`\{\{token:(.*)\}\}`)
	sizedBody   = regexp.MustCompile(`^<(\d+) bytes>$`)
	newProfile  = regexp.MustCompile(`/medical-profiles/[0-9a-f-]{36}$`)
)

func (c *client) replay(t *testing.T, r row) {
	body := r.Request.BodyBase64
	if r.Request.Body != nil {
		body = []byte(c.fill(*r.Request.Body))
		if m := sizedBody.FindSubmatch(body); m != nil {
			var n int
			_, _ = fmt.Sscan(string(m[1]), &n)
			body, _ = json.Marshal(map[string]string{"name": "n", "email": c.fill("{{unique}}@example.com"), "address": "a", "dateOfBirth": "1990-01-02", "registeredDate": "2024-01-02", "ignored": strings.Repeat("x", n-150)})
		}
	}
	status, header, answer, err := c.send(r, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name == "create ok" && status < 300 {
		var p struct{ ID string }
		_ = json.Unmarshal(answer, &p)
		c.created = p.ID
	}
	if r.Verdict != "free" {
		c.compare(t, r, status, header, answer)
	}
}

// send writes the request by hand where net/http would not: it sends exactly the headers of the row.
func (c *client) send(r row, body []byte) (int, http.Header, []byte, error) {
	u := platform.MustURL(c.t, c.p.URL)
	conn, err := net.DialTimeout("tcp", u.Host, 10*time.Second)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.Request.Method, c.fill(r.Request.Path), u.Host)
	for k, v := range r.Request.Headers {
		if v == nil {
			continue
		}
		value := *v
		if m := forgedToken.FindStringSubmatch(value); m != nil {
			value = "Bearer " + forge(m[1])
		}
		fmt.Fprintf(&head, "%s: %s\r\n", k, c.fill(value))
	}
	if len(body) > 0 || slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Request.Method) {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(body))
	}
	head.WriteString("\r\n")
	go func() { // an answer may come before the whole body is read: what cannot be written is not an error
		_, _ = conn.Write(head.Bytes())
		_, _ = conn.Write(body)
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.Request.Method})
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, b, err
}

func (c *client) compare(t *testing.T, r row, status int, header http.Header, body []byte) {
	t.Helper()
	want := r.Expect
	if status != want.Status {
		t.Errorf("status %d, want %d; body %.200s", status, want.Status, body)
		return
	}
	if ct, _, _ := strings.Cut(header.Get("Content-Type"), ";"); want.ContentType != nil && len(body) > 0 && ct != *want.ContentType {
		t.Errorf("content type %q, want %q", ct, *want.ContentType)
	}
	if want.Location != nil && !newProfile.MatchString(header.Get("Location")) {
		t.Errorf("Location %q is not the new profile's", header.Get("Location"))
	}
	b := want.Body
	if b == nil {
		return
	}
	if b.Kind == "empty" {
		if len(body) > 0 {
			t.Errorf("body is not empty: %.100s", body)
		}
		return
	}
	if b.Kind == "other" || r.Request.Method == http.MethodHead {
		return
	}
	var got any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Errorf("body is not JSON: %.100s", body)
		return
	}
	object, _ := got.(map[string]any)
	switch b.Kind {
	case "exact":
		if !reflect.DeepEqual(got, b.JSON) {
			t.Errorf("body %s, want %v", body, b.JSON)
		}
	case "error":
		if object["status"] != float64(b.Status) || object["error"] != b.Error || object["path"] != c.fill(b.Path) || object["timestamp"] == nil {
			t.Errorf("error body %s, want status %d, error %q, path %q and a timestamp", body, b.Status, b.Error, c.fill(b.Path))
		}
	case "fields":
		for _, f := range b.Fields {
			if _, ok := object[f]; !ok {
				t.Errorf("body %s does not name field %s", body, f)
			}
		}
	case "token":
		if tok, _ := object["token"].(string); strings.Count(tok, ".") != 2 {
			t.Errorf("no token in %.100s", body)
		}
	case "profile":
		if k := keys(t, body); !slices.Equal(k, b.Keys) {
			t.Errorf("profile has keys %v, want %v", k, b.Keys)
		}
	case "profiles":
		compareList(t, body, b.ItemKeys, b.First, b.Count)
	case "openapi":
		if object["paths"] == nil {
			t.Errorf("not an OpenAPI document: %.100s", body)
		}
	default:
		t.Errorf("unknown kind of body %q", b.Kind)
	}
}

func compareList(t *testing.T, body []byte, itemKeys []string, first []any, count *int) {
	t.Helper()
	var raw []json.RawMessage
	var items []any
	if json.Unmarshal(body, &raw) != nil || json.Unmarshal(body, &items) != nil {
		t.Errorf("not a list of profiles: %.100s", body)
		return
	}
	if len(raw) > 0 {
		if k := keys(t, raw[0]); !slices.Equal(k, itemKeys) {
			t.Errorf("items have keys %v, want %v", k, itemKeys)
		}
	}
	if first != nil {
		var found []any
		for _, it := range items {
			if slices.ContainsFunc(first, func(f any) bool { return reflect.DeepEqual(f, it) }) {
				found = append(found, it)
			}
		}
		if !reflect.DeepEqual(found, first) {
			t.Errorf("the seeded profiles are missing or out of order: %v", found)
		}
	}
	if count != nil && len(items) != *count {
		t.Errorf("%d profiles, want %d", len(items), *count)
	}
}

// keys returns an object's keys in the order they stand.
func keys(t *testing.T, object []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	var out []string
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		t.Errorf("not an object: %.100s", object)
		return nil
	}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			t.Error(err)
			return out
		}
		out = append(out, k.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Error(err)
			return out
		}
	}
	return out
}

// forge makes the token that a row's words ask for.
func forge(words string) string {
	now := time.Now().Unix()
	claims := map[string]any{"sub": platform.AdminEmail, "role": "ADMIN", "iat": now, "exp": now + 36000}
	key, _ := base64.StdEncoding.DecodeString(platform.Secret)
	header := map[string]any{"alg": "HS256"}
	digest := sha256.New
	switch {
	case strings.Contains(words, "wrong key"):
		key = bytes.Repeat([]byte("x"), 32)
	case strings.Contains(words, "alg none"):
		header["alg"] = "none"
	case strings.Contains(words, "tampered"):
		tok := sign(header, claims, key, digest)
		claims["role"] = "ROOT"
		parts := strings.Split(tok, ".")
		return parts[0] + "." + part(claims) + "." + parts[2]
	case strings.Contains(words, "HS512"):
		header["alg"], digest = "HS512", sha512.New
	case strings.Contains(words, "expired"):
		claims["iat"], claims["exp"] = now-40000, now-4000
	case strings.Contains(words, "no exp"):
		delete(claims, "exp")
	case strings.Contains(words, "not-before"):
		claims["nbf"] = now + 3600
	case strings.Contains(words, "no role"):
		delete(claims, "role")
	case strings.Contains(words, "does not exist"):
		claims["sub"] = "nobody@test.com"
	case strings.Contains(words, "VIEWER"):
		claims["role"] = "VIEWER"
	case strings.Contains(words, "typ"):
		header["typ"] = "JWT"
	}
	return sign(header, claims, key, digest)
}

func part(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func sign(header, claims map[string]any, key []byte, digest func() hash.Hash) string {
	text := part(header) + "." + part(claims)
	if header["alg"] == "none" {
		return text + "."
	}
	m := hmac.New(digest, key)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
