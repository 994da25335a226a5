package authn

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
)

func authority(t *testing.T) *token.Authority {
	t.Helper()
	a, err := token.NewAuthority(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)), "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// users is the service that knows them.
type users struct {
	role  string // stored role; "" for a user who is not active
	down  bool
	asked atomic.Int32
}

func (u *users) RoundTrip(*http.Request) (*http.Response, error) {
	u.asked.Add(1)
	if u.down {
		return nil, errors.New("no connection")
	}
	w := httptest.NewRecorder()
	if u.role == "" {
		w.WriteHeader(http.StatusUnauthorized)
	} else {
		w.Header().Set("X-Role", u.role)
	}
	return w.Result(), nil
}

// byRole lets callers in whose token has a role that there is.
func byRole(c *token.Claims) (Caller, bool) {
	return Caller{Subject: c.Subject, Service: c.Role == principal.Service}, c.Role.Valid() || c.Role == principal.Service
}

func TestWhoATokenStandsFor(t *testing.T) {
	tokens := authority(t)
	now := time.Now()
	sign := func(role principal.Role, at time.Time) string {
		tok, _, err := tokens.Sign(principal.Principal{Subject: "a@example.com", Role: role}, at)
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	for _, tt := range []struct {
		name  string
		tok   string
		users *users
		want  Verdict
	}{
		{"an active user in the stored role", sign(principal.Admin, now), &users{role: "ADMIN"}, Accepted},
		{"a role that was taken away", sign(principal.Admin, now), &users{role: "CLINICIAN"}, Forbidden},
		{"a role that there is not", sign("VIEWER", now), &users{role: "ADMIN"}, Forbidden},
		{"no role", sign("", now), &users{role: "ADMIN"}, Forbidden},
		{"a user who is not active", sign(principal.Admin, now), &users{}, Unauthenticated},
		{"an ended token", sign(principal.Admin, now.Add(-11*time.Hour)), &users{role: "ADMIN"}, Unauthenticated},
		{"no token", "x.y.z", &users{role: "ADMIN"}, Unauthenticated},
		{"the service is down", sign(principal.Billing, now), &users{down: true}, Accepted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := New(Options{Tokens: tokens, Identify: byRole, Transport: tt.users, URL: "http://users/validate", RoleHeader: "X-Role"})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, _, got := a.Judge(t.Context(), tt.tok); got != tt.want {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			}
			if n := tt.users.asked.Load(); n > 1 && !tt.users.down {
				t.Errorf("the service was asked %d times for one token", n)
			}
		})
	}
}

func TestAnAnswerHoldsHalfAMinuteAndARefusalOutlastsAnOutage(t *testing.T) {
	tokens := authority(t)
	now := time.Now()
	u := &users{role: "ADMIN"}
	a, err := New(Options{Tokens: tokens, Identify: byRole, Transport: u, URL: "http://users/validate", RoleHeader: "X-Role", Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	tok, _, err := tokens.Sign(principal.Principal{Subject: "a@example.com", Role: principal.Admin}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	judge := func() Verdict { _, _, v := a.Judge(t.Context(), tok); return v }
	if judge() != Accepted {
		t.Fatal("an active user was refused")
	}
	u.role = ""
	if judge() != Accepted {
		t.Error("the answer was not held")
	}
	now = now.Add(31 * time.Second)
	if judge() != Unauthenticated {
		t.Error("a deactivated user got in after half a minute")
	}
	u.down, now = true, now.Add(time.Hour)
	if judge() != Unauthenticated {
		t.Error("a user known to be inactive got in while the service was down")
	}
}

func TestGuard(t *testing.T) {
	a, err := New(Options{Tokens: authority(t), Identify: byRole})
	if err != nil {
		t.Fatal(err)
	}
	tok, _, err := authority(t).Sign(principal.Principal{Subject: "a@example.com", Role: principal.Analyst}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]int{"": 401, "Bearer ": 401, "Basic x": 401, "bearer " + tok: 401, "Bearer " + tok + "x": 401, "Bearer " + tok: 200} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		a.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if FromContext(r.Context()).Subject != "a@example.com" || End(r.Context()).IsZero() {
				t.Error("the caller is not in the context")
			}
		})).ServeHTTP(w, r)
		if w.Code != want || w.Body.Len() > 0 {
			t.Errorf("%.12q answered %d %q, want %d and nothing", header, w.Code, w.Body, want)
		}
	}
}
