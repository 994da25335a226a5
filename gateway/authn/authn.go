// Package authn settles who a request's bearer token stands for: it verifies the token itself, and asks the service that
// knows the users whether this one is still active and in the role the token says.
package authn

import (
	"context"
	"crypto/sha256"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"medicore.dev/medicore/internal/token"
)

// Options of an Authenticator.
type Options struct {
	Tokens     *token.Authority
	Identify   func(*token.Claims) (Caller, bool) // who the claims of a valid token stand for; false: for nobody that may come in (403)
	Transport  http.RoundTripper                  // reaches the service that knows the users; nil: tokens are believed
	URL        string                             // GET with the token: 200, or 401 for a user who is not active
	RoleHeader string                             // response header with the stored role; absent: the user is not active
	Clock      func() time.Time                   // nil: time.Now
}

// Verdict says what becomes of a request.
type Verdict int

// The verdicts.
const (
	Accepted        Verdict = iota
	Unauthenticated         // no valid token of an active user: 401
	Forbidden               // the token's role is absent, unknown, or not the stored one: 403
)

const (
	believed   = 30 * time.Second // how long an answer about a user holds
	askTimeout = 2 * time.Second
	kept       = 10_000 // tokens remembered
)

// Authenticator judges tokens. It is safe for concurrent use.
type Authenticator struct {
	opt    Options
	answer *lru.Cache[[sha256.Size]byte, answer]
	asking singleflight.Group
}

// answer is what the service said of a token's user.
type answer struct {
	role  string // stored role; "" when the user is not active
	until time.Time
}

// New returns an authenticator.
func New(opt Options) (*Authenticator, error) {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	cache, err := lru.New[[sha256.Size]byte, answer](kept)
	if err != nil {
		return nil, err
	}
	return &Authenticator{opt: opt, answer: cache}, nil
}

// Judge returns the caller that a token stands for and when the token ends. The service being unreachable leaves what
// the token says, but a user last known to be inactive stays refused.
func (a *Authenticator) Judge(ctx context.Context, tok string) (Caller, time.Time, Verdict) {
	claims, err := a.opt.Tokens.Verify(tok)
	if err != nil {
		return Caller{}, time.Time{}, Unauthenticated
	}
	who, ok := a.opt.Identify(claims)
	role := string(claims.Role)
	if a.opt.Transport != nil && (!ok || !who.Service) {
		if known, ok := a.stored(ctx, tok); ok {
			if known == "" {
				return Caller{}, time.Time{}, Unauthenticated
			}
			role = known
		}
	}
	if !ok || string(claims.Role) != role {
		return Caller{}, time.Time{}, Forbidden
	}
	return who, claims.ExpiresAt.Time, Accepted
}

// stored returns the stored role of the token's user, "" for one who is not active; not ok when nothing is known.
func (a *Authenticator) stored(ctx context.Context, tok string) (string, bool) {
	key := sha256.Sum256([]byte(tok))
	last, known := a.answer.Get(key)
	if known && a.opt.Clock().Before(last.until) {
		return last.role, true
	}
	v, _, _ := a.asking.Do(string(key[:]), func() (any, error) {
		role, ok := a.ask(context.WithoutCancel(ctx), tok) // others wait for this answer too
		if !ok {
			return nil, nil
		}
		fresh := answer{role, a.opt.Clock().Add(believed)}
		a.answer.Add(key, fresh)
		return fresh, nil
	})
	if fresh, ok := v.(answer); ok {
		return fresh.role, true
	}
	return last.role, known && last.role == "" // unreachable: only a refusal is held on to
}

func (a *Authenticator) ask(ctx context.Context, tok string) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.opt.URL, nil)
	if err != nil {
		return "", false
	}
	req.Header.Set("Authorization", "Bearer "+tok)
	resp, err := a.opt.Transport.RoundTrip(req)
	if err != nil {
		return "", false
	}
	defer func() { _ = resp.Body.Close() }()
	if role := resp.Header.Get(a.opt.RoleHeader); role != "" {
		return role, true
	}
	return "", resp.StatusCode == http.StatusUnauthorized
}

type endKey struct{}

// WithEnd returns ctx that knows when its caller's token ends.
func WithEnd(ctx context.Context, end time.Time) context.Context {
	return context.WithValue(ctx, endKey{}, end)
}

// End returns when the caller's token ends; zero when there is none.
func End(ctx context.Context) time.Time {
	end, _ := ctx.Value(endKey{}).(time.Time)
	return end
}

// Context returns ctx with the caller of an Authorization header's value in it. An empty header is nobody.
func (a *Authenticator) Context(ctx context.Context, header string) (context.Context, Verdict) {
	if header == "" {
		return ctx, Accepted
	}
	tok, ok := token.Bearer(header)
	if !ok {
		return ctx, Unauthenticated
	}
	who, end, verdict := a.Judge(ctx, tok)
	if verdict != Accepted {
		return ctx, verdict
	}
	return WithEnd(NewContext(ctx, who), end), Accepted
}

// Guard lets requests through whose token stands for an active user in the role it says; others get 401 or 403 and an
// empty body.
func (a *Authenticator) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		ctx, verdict := a.Context(r.Context(), header)
		switch {
		case header == "" || verdict == Unauthenticated:
			w.WriteHeader(http.StatusUnauthorized)
		case verdict == Forbidden:
			w.WriteHeader(http.StatusForbidden)
		default:
			next.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}
