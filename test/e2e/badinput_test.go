//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/test/platform"
)

// TestBadInput: whatever is sent, the answer is a clear 4xx or a GraphQL error with a code, never a 5xx or a panic, and no
// patient data reaches the log.
func TestBadInput(t *testing.T) {
	p := platform.One(t)
	token := p.Login(t, platform.AdminEmail, platform.AdminPassword)

	t.Run("GraphQL", func(t *testing.T) {
		for _, tt := range []struct{ name, body, code string }{
			{"an unknown field", `{"query":"{ medicalProfiles { nothing } }"}`, "GRAPHQL_VALIDATION_FAILED"},
			{"an argument of the wrong type", `{"query":"{ medicalProfile(id: {a: 1}) { id } }"}`, "GRAPHQL_VALIDATION_FAILED"},
			{"no GraphQL", `{"query":"{ me { "}`, "GRAPHQL_PARSE_FAILED"},
			{"a variable that there is not", `{"query":"{ medicalProfile(id: $id) { id } }"}`, "GRAPHQL_VALIDATION_FAILED"},
			{"a variable that is missing", `{"query":"query($id: ID!) { medicalProfile(id: $id) { id } }"}`, "BAD_USER_INPUT"},
			{"a variable of the wrong type", `{"query":"query($id: ID!) { medicalProfile(id: $id) { id } }","variables":{"id":{"a":1}}}`, "BAD_USER_INPUT"},
			{"an id that is none", `{"query":"{ medicalProfile(id: \"x\") { id } }"}`, "INVALID"},
			{"a date that is none", `{"query":"mutation { updateMedicalProfile(input: {id: \"1\", name: \"n\", email: \"e\", address: \"a\", dateOfBirth: \"31.12.2000\"}) { id } }"}`, "INVALID"},
			{"too large a page", `{"query":"{ medicalProfiles(first: 1000) { totalCount } }"}`, "INVALID"},
			{"a cursor that is none", `{"query":"{ medicalProfiles(after: \"x\") { totalCount } }"}`, "INVALID"},
			{"a validation error of the service", `{"query":"mutation { createMedicalProfile(input: {name: \"\", email: \"e\", address: \"a\", dateOfBirth: \"2000-01-01\", registeredDate: \"2024-01-01\"}) { id } }"}`, "INVALID"},
			{"fragments in a circle", `{"query":"{ ...A } fragment A on Query { ...A }"}`, "GRAPHQL_VALIDATION_FAILED"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				a := p.Do(t, "POST", "/graphql", token, tt.body)
				var g platform.GraphQL
				a.JSON(t, &g)
				if a.Status != 200 || len(g.Errors) == 0 || g.Errors[0].Extensions["code"] != tt.code {
					t.Errorf("got %d %s, want %s", a.Status, a.Body, tt.code)
				}
			})
		}
	})

	t.Run("bodies", func(t *testing.T) {
		for _, path := range []string{"/graphql", "/auth/login", "/api/medical-profiles"} {
			for _, tt := range []struct {
				name string
				body []byte
				want int
			}{
				{"malformed JSON", []byte(`{"a":`), 400},
				{"bad UTF-8", []byte("{\"query\":\"\xff\",\"name\":\"\xff\",\"email\":\"\xff\"}"), 400},
				{"nothing", nil, 400},
				{"a list", []byte(`[1]`), 400},
				{"deep nesting", []byte(strings.Repeat("[", 100_000)), 400},
				{"beyond 1 MiB", make([]byte, 1<<20+1), 413},
			} {
				body := tt.body
				if body == nil {
					body = []byte{}
				}
				if a := p.Do(t, "POST", path, token, body); a.Status != tt.want {
					t.Errorf("%s to %s answered %d %.200s, want %d", tt.name, path, a.Status, a.Body, tt.want)
				}
			}
		}
	})

	t.Run("tokens", func(t *testing.T) {
		now := time.Now().Unix()
		part := func(v any) string { b, _ := json.Marshal(v); return base64.RawURLEncoding.EncodeToString(b) }
		none := part(map[string]string{"alg": "none"}) + "." + part(map[string]any{"sub": platform.AdminEmail, "role": "ADMIN", "iat": now, "exp": now + 1000}) + "."
		for name, tok := range map[string]string{"garbage": "garbage", "alg none": none, "cut short": token[:len(token)-2], "very long": strings.Repeat("x", 20_000)} {
			for _, path := range []string{"/api/medical-profiles", "/graphql?query=%7Bme%7Bid%7D%7D"} {
				if a := p.Do(t, "GET", path, tok, nil); a.Status != 401 {
					t.Errorf("a token that is %s got %d from %s", name, a.Status, path)
				}
			}
		}
		g := p.Query(t, "", `{ me { email } medicalProfiles { totalCount } __typename }`, nil)
		if len(g.Errors) != 2 || g.Errors[0].Extensions["code"] != "UNAUTHENTICATED" || !strings.Contains(string(g.Data), `"__typename":"Query"`) {
			t.Errorf("without a token: %s %+v", g.Data, g.Errors)
		}
	})

	for _, proc := range p.Procs {
		log := proc.Log()
		for _, leak := range []string{"level=ERROR", "panic", "Alice", "alice@example.com", platform.AdminEmail, token} {
			if strings.Contains(log, leak) {
				t.Errorf("the log holds %q", leak[:min(20, len(leak))])
			}
		}
	}
}

// TestIdleMemory: one process with everything in it stays below 150 MB.
func TestIdleMemory(t *testing.T) {
	p := platform.One(t)
	p.Login(t, platform.AdminEmail, platform.AdminPassword)
	resident := p.Procs[0].Resident(t)
	t.Logf("%d MB resident, ready after %v", resident>>20, p.Ready)
	if resident > 150<<20 {
		t.Errorf("%d MB resident, the limit is 150", resident>>20)
	}
}
