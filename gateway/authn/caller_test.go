package authn

import (
	"bytes"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

func TestWhatTheClaimsOfATokenGrant(t *testing.T) {
	names := Claims{Scopes: []string{"scope", "scp"}, Policies: "https://example.com/policies", Admin: "ops"}
	for _, tt := range []struct {
		name   string
		claims jwt.MapClaims
		want   Caller
	}{
		{"only a subject", jwt.MapClaims{}, Caller{Subject: "me"}},
		{"scopes in a text", jwt.MapClaims{"scope": " a  b:c "}, Caller{Subject: "me", Scopes: []string{"a", "b:c"}}},
		{"scopes in a list", jwt.MapClaims{"scp": []string{"a", "b c"}}, Caller{Subject: "me", Scopes: []string{"a", "b c"}}},
		{"in both claims", jwt.MapClaims{"scope": "a", "scp": []string{"b"}}, Caller{Subject: "me", Scopes: []string{"a", "b"}}},
		{"something else is no scope", jwt.MapClaims{"scope": 1, "scp": []any{"a", 2}}, Caller{Subject: "me"}},
		{"a claim that is not named", jwt.MapClaims{"scopes": "a", "policies": "p"}, Caller{Subject: "me"}},
		{"policies", jwt.MapClaims{"https://example.com/policies": []string{"p", "q"}}, Caller{Subject: "me", Policies: []string{"p", "q"}}},
		{"an administrator", jwt.MapClaims{"scope": "ops"}, Caller{Subject: "me", Scopes: []string{"ops"}, Admin: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := New(Options{Tokens: authority(t), Identify: names.Caller})
			if err != nil {
				t.Fatal(err)
			}
			tt.claims["sub"], tt.claims["exp"] = "me", time.Now().Add(time.Minute).Unix()
			tok, err := jwt.NewWithClaims(jwt.SigningMethodHS256, tt.claims).SignedString(bytes.Repeat([]byte("k"), 32))
			if err != nil {
				t.Fatal(err)
			}
			got, _, verdict := a.Judge(t.Context(), tok)
			if diff := cmp.Diff(tt.want, got); diff != "" || verdict != Accepted {
				t.Errorf("verdict %v (-want +got):\n%s", verdict, diff)
			}
		})
	}
}

func TestPoliciesAreThoseOfTheTokenAndThoseTold(t *testing.T) {
	ctx := NewContext(t.Context(), Caller{Policies: []string{"a", "x"}})
	got, err := Policies(WithPolicies(ctx, []string{"b"}), []string{"a", "b", "c"})
	if err != nil || !got["a"] || !got["b"] || got["c"] {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err = Policies(t.Context(), []string{"a"}); err != nil || got["a"] {
		t.Errorf("for nobody: %v, %v", got, err)
	}
}
