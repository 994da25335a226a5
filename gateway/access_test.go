package gateway

import (
	"bytes"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"medicore.dev/medicore/internal/token"
)

// signer signs tokens for strangers' subgraphs.
type signer []byte

func newSigner() signer { return bytes.Repeat([]byte("k"), 32) }

func (s signer) authority(t *testing.T) *token.Authority {
	t.Helper()
	a, err := token.NewAuthority(base64.StdEncoding.EncodeToString(s), "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s signer) token(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	claims["sub"], claims["exp"] = "me", time.Now().Add(time.Minute).Unix()
	tok, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestWhatTokensAndTrustedProxiesSayDecidesWhatIsRead(t *testing.T) {
	const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy", "@requiresScopes"])
		type Query { a: String @requiresScopes(scopes: [["read:a"]]) b: String @policy(policies: [["p"]]) }`
	s := newService(t, "s", sdl)
	keys := newSigner()
	for _, tt := range []struct {
		name     string
		claims   jwt.MapClaims // nil: no token
		header   string
		trusted  []string
		query    string
		want     string
		asksThem bool
	}{
		{"a scope in the claim of the standard", jwt.MapClaims{"scope": "x read:a"}, "", nil, "{ a }", `{"data":{"a":"s"}}`, true},
		{"a list of scopes", jwt.MapClaims{"scopes": []string{"read:a"}}, "", nil, "{ a }", `{"data":{"a":"s"}}`, true},
		{"a token without it", jwt.MapClaims{"scope": "x"}, "", nil, "{ a }", "FORBIDDEN", false},
		{"no token", nil, "", nil, "{ a }", "UNAUTHENTICATED", false},
		{"a policy in the claim that is named", jwt.MapClaims{"rules": []string{"p"}}, "", nil, "{ b }", `{"data":{"b":"s"}}`, true},
		{"a policy of a trusted proxy", nil, "q, p", []string{"127.0.0.1"}, "{ b }", `{"data":{"b":"s"}}`, true},
		{"a policy of a stranger", nil, "p", nil, "{ b }", "UNAUTHENTICATED", false},
		{"a policy that is not met", jwt.MapClaims{"rules": "q"}, "q", []string{"127.0.0.1"}, "{ b }", "FORBIDDEN", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.TrustedProxies = tt.trusted
			cfg.Auth.PolicyClaim, cfg.Auth.PolicyHeader = "rules", "X-Policies"
			g, err := New(t.Context(), cfg, Deps{
				Log: slog.New(slog.DiscardHandler), Tokens: keys.authority(t), Backends: map[string]Backend{"s": {URLs: []string{s.URL}}},
				Subgraphs: []Subgraph{{Name: "s", Path: "/graphql", SDL: sdl}},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = g.Close() }()
			srv := httptest.NewServer(g.Handler())
			defer srv.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/graphql", strings.NewReader(`{"query":"`+tt.query+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			if tt.claims != nil {
				r.Header.Set("Authorization", "Bearer "+keys.token(t, tt.claims))
			}
			if tt.header != "" {
				r.Header.Set("X-Policies", tt.header)
			}
			if tt.asksThem {
				s.let <- struct{}{}
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), tt.want) {
				t.Errorf("got %s, want %s", body, tt.want)
			}
			if len(s.asked) > 0 != tt.asksThem {
				t.Errorf("the subgraph was asked %d times", len(s.asked))
			}
			for len(s.asked) > 0 {
				<-s.asked
			}
		})
	}
}

func TestWhoIsAnAdministratorIsConfigured(t *testing.T) {
	s := newService(t, "s", "type Query { a: String }")
	keys := newSigner()
	for _, tt := range []struct {
		scope, configured string
		want              int
	}{{"ops", "ops", 200}, {"x", "ops", 403}, {"ops", "", 403}} {
		cfg := DefaultConfig()
		cfg.Auth.AdminScope = tt.configured
		g, err := New(t.Context(), cfg, Deps{
			Log: slog.New(slog.DiscardHandler), Tokens: keys.authority(t), Backends: map[string]Backend{"s": {URLs: []string{s.URL}}},
			Subgraphs: []Subgraph{{Name: "s", Path: "/graphql", SDL: *s.sdl.Load()}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/api/supergraph", nil)
		r.Header.Set("Authorization", "Bearer "+keys.token(t, jwt.MapClaims{"scope": tt.scope}))
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		_ = g.Close()
		if w.Code != tt.want {
			t.Errorf("scope %q where %q is an administrator's: %d, want %d", tt.scope, tt.configured, w.Code, tt.want)
		}
	}
}
