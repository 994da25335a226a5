// Package token makes and checks the platform's JSON Web Tokens: HS256 only, claims sub, role, uid, iat, exp. Of tokens
// that others made, further claims can be read.
package token

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"medicore.dev/medicore/internal/principal"
)

// Lifetime is how long a user's token is valid.
const Lifetime = 10 * time.Hour

// serviceLifetime is how long a token for one call between services is valid.
const serviceLifetime = 5 * time.Minute

// minSecret is the least length of the decoded secret, in bytes.
const minSecret = 32

// Claims are what a token says.
type Claims struct {
	Role   principal.Role `json:"role,omitempty"`
	UserID string         `json:"uid,omitempty"`
	jwt.RegisteredClaims

	text []byte
	all  map[string]json.RawMessage // of text, once a claim was asked for
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Claims) UnmarshalJSON(text []byte) error {
	type known Claims
	if err := json.Unmarshal(text, (*known)(c)); err != nil {
		return err
	}
	c.text, c.all = bytes.Clone(text), nil
	return nil
}

// Strings returns the claim of that name as a list: a string's parts between spaces, or a list's strings. Any other claim
// is none.
func (c *Claims) Strings(name string) []string {
	if c.all == nil && json.Unmarshal(c.text, &c.all) != nil {
		return nil
	}
	var text string
	if json.Unmarshal(c.all[name], &text) == nil {
		return strings.Fields(text)
	}
	var list []string
	if json.Unmarshal(c.all[name], &list) == nil {
		return list
	}
	return nil
}

// Authority signs tokens with one secret and verifies them with it or with the previous one.
type Authority struct {
	sign   []byte
	verify [][]byte
}

// NewAuthority returns an Authority for base64 secrets; previous may be "".
func NewAuthority(secret, previous string) (*Authority, error) {
	key, err := decode("JWT_SECRET", secret)
	if err != nil {
		return nil, err
	}
	a := &Authority{sign: key, verify: [][]byte{key}}
	if previous != "" {
		old, err := decode("JWT_SECRET_PREVIOUS", previous)
		if err != nil {
			return nil, err
		}
		a.verify = append(a.verify, old)
	}
	return a, nil
}

func decode(name, secret string) ([]byte, error) {
	secret = strings.TrimSpace(secret)
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if key, err := enc.DecodeString(secret); err == nil {
			if len(key) < minSecret {
				return nil, fmt.Errorf("%s decodes to %d bytes, at least %d are needed", name, len(key), minSecret)
			}
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s is not base64", name)
}

// KeptSecret returns the secret kept in dir, making a random one (file mode 0600) at the first call.
func KeptSecret(dir string) (string, error) {
	path := filepath.Join(dir, "jwt.secret")
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the kept token secret: %w", err)
	}
	key := make([]byte, 48)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("make a token secret: %w", err)
	}
	secret := base64.StdEncoding.EncodeToString(key)
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the token secret: %w", err)
	}
	return secret, nil
}

// Sign returns a token for the user, valid from now for Lifetime, and its end.
func (a *Authority) Sign(p principal.Principal, now time.Time) (string, time.Time, error) {
	return a.signFor(p, now, Lifetime)
}

// Service returns a short-lived token for a call by the named service to another.
func (a *Authority) Service(name string, now time.Time) (string, error) {
	t, _, err := a.signFor(principal.Principal{Subject: "service:" + name, Role: principal.Service}, now, serviceLifetime)
	return t, err
}

func (a *Authority) signFor(p principal.Principal, now time.Time, life time.Duration) (string, time.Time, error) {
	end := now.Add(life)
	t, err := jwt.NewWithClaims(jwt.SigningMethodHS256, Claims{
		Role: p.Role, UserID: p.UserID,
		RegisteredClaims: jwt.RegisteredClaims{Subject: p.Subject, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(end)},
	}).SignedString(a.sign)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	return t, end, nil
}

// ErrInvalid is why Verify refuses a token; the cause is wrapped beside it and never holds the token.
var ErrInvalid = errors.New("invalid token")

// Verify checks signature (HS256 only), expiry (required) and not-before, and returns the claims.
// Role is not judged here: it may be empty or unknown.
func (a *Authority) Verify(tok string) (*Claims, error) {
	var last error
	for _, key := range a.verify {
		var c Claims
		_, err := jwt.ParseWithClaims(tok, &c, func(*jwt.Token) (any, error) { return key, nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
		if err == nil {
			if c.Subject == "" {
				return nil, fmt.Errorf("%w: no subject", ErrInvalid)
			}
			return &c, nil
		}
		last = err
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			break
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrInvalid, last)
}

// Principal returns the caller that the claims name.
func (c *Claims) Principal() principal.Principal {
	return principal.Principal{Subject: c.Subject, UserID: c.UserID, Role: c.Role}
}

// Bearer returns the token of an Authorization header value: the scheme must be exactly "Bearer ".
func Bearer(header string) (string, bool) {
	tok, ok := strings.CutPrefix(header, "Bearer ")
	return tok, ok && tok != ""
}

// Middleware puts the caller named by a valid bearer token into the request's context. Without a token, or with one
// that does not verify, the request goes on with nobody in it: the domain layer refuses what nobody may do.
func (a *Authority) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tok, ok := Bearer(r.Header.Get("Authorization")); ok {
			if c, err := a.Verify(tok); err == nil {
				r = r.WithContext(principal.NewContext(r.Context(), c.Principal()))
			}
		}
		next.ServeHTTP(w, r)
	})
}
