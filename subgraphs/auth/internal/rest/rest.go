// Package rest serves the auth service's REST routes as existing clients know them: POST /login, GET /validate, and the
// OpenAPI document with its viewer.
package rest

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/auth/internal/identity"
)

// StoredRole is the header in which GET /validate names the user's role as it is stored now, whenever the token is signed,
// unexpired, and of an active user, whatever the status. A gateway refuses a request with 401 when it is absent, and with 403
// when the token's role is another.
const StoredRole = "X-MediCore-Role"

const maxBody = 1 << 20

// API is the REST handlers.
type API struct {
	identity *identity.Service
	tokens   *token.Authority
	log      *slog.Logger
}

// Register adds the routes to the mux, and the answer to all paths that no route has. document is the OpenAPI document in
// YAML.
func Register(mux *http.ServeMux, s *identity.Service, tokens *token.Authority, log *slog.Logger, document []byte) error {
	a := &API{identity: s, tokens: tokens, log: log}
	mux.Handle("/login", methods{http.MethodPost: a.login})
	mux.Handle("/validate", methods{http.MethodGet: a.validate, http.MethodHead: a.validate})
	if err := registerDocs(mux, document); err != nil {
		return err
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		faulthttp.Error(w, http.StatusNotFound, r.URL.Path, "")
	})
	return nil
}

// methods answers each method with its handler, OPTIONS with the Allow header, others with 405.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := m[r.Method]; ok {
		h(w, r)
		return
	}
	w.Header().Set("Allow", m.allow())
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusOK)
		return
	}
	faulthttp.Error(w, http.StatusMethodNotAllowed, r.URL.Path, "")
}

func (m methods) allow() string {
	var out []string
	for _, name := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		if _, ok := m[name]; ok {
			out = append(out, name)
		}
	}
	return strings.Join(append(out, http.MethodOptions), ", ")
}

func (a *API) login(w http.ResponseWriter, r *http.Request) {
	switch {
	case !isJSON(r.Header.Get("Content-Type")):
		w.Header().Set("Accept", "application/json")
		faulthttp.Error(w, http.StatusUnsupportedMediaType, r.URL.Path, "")
		return
	case !accepts(r.Header.Values("Accept"), "application/json"):
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
			status = http.StatusRequestEntityTooLarge
		}
		faulthttp.Error(w, status, r.URL.Path, "")
		return
	}
	var in struct{ Email, Password scalar }
	var object map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &object) != nil || object == nil || json.Unmarshal(body, &in) != nil {
		faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, "")
		return
	}
	if !in.Email.isString || !in.Password.isString {
		w.WriteHeader(http.StatusUnauthorized) // nothing was tried, so nothing is counted
		return
	}
	signedIn, err := a.identity.SignIn(r.Context(), in.Email.text, in.Password.text)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	faulthttp.JSON(w, http.StatusOK, struct {
		Token string `json:"token"`
	}{signedIn.Token})
}

// scalar is a JSON value that is no object or array; only a string has text.
type scalar struct {
	text     string
	isString bool
}

func (s *scalar) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '{', '[':
		return errors.New("a string was expected")
	case '"':
		s.isString = true
		return json.Unmarshal(b, &s.text)
	}
	*s = scalar{}
	return nil
}

func (a *API) validate(w http.ResponseWriter, r *http.Request) {
	if _, ok := r.Header["Authorization"]; !ok {
		faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, "")
		return
	}
	tok, ok := token.Bearer(r.Header.Get("Authorization"))
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, err := a.tokens.Verify(tok)
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	u, err := a.identity.Check(r.Context(), claims.Principal())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set(StoredRole, string(u.Role))
	if claims.Role == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// refuse answers a failure: 401 with an empty body, anything else as an error of the service.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := fault.CodeOf(err)
	if code == fault.Unauthenticated {
		if t := (*identity.Throttled)(nil); errors.As(err, &t) {
			w.Header().Set("Retry-After", strconv.Itoa(int(t.RetryAfter.Seconds())))
		}
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Context().Err() == nil {
		a.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("route", r.Pattern), slog.String("error", err.Error()))
	}
	faulthttp.Error(w, faulthttp.Status(code), r.URL.Path, "")
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json"))
}

// accepts reports whether an Accept header lets the media type through; without one, all are.
func accepts(accept []string, mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	ranges := strings.Split(strings.Join(accept, ","), ",")
	for _, one := range ranges {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(one))
		if len(ranges) == 1 && strings.TrimSpace(one) == "" {
			return true
		}
		if q, bad := strconv.ParseFloat(params["q"], 64); err != nil || bad == nil && q == 0 {
			continue
		}
		if t == "*/*" || t == kind+"/*" || t == mediaType {
			return true
		}
	}
	return false
}
