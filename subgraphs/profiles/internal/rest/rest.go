// Package rest serves the profiles service's REST routes: the original ones as existing clients know them, and beside them
// reading one profile, pages, search, HAL, versions and idempotency keys.
package rest

import (
	"errors"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/internal/principal"
	"medicore.dev/medicore/internal/token"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

const maxBody = 1 << 20

// API is the REST handlers.
type API struct {
	profiles *profile.Service
	tokens   *token.Authority
	log      *slog.Logger
}

// Register adds the routes to the mux, and the answer to all paths that no route has. document is the OpenAPI document in
// YAML.
func Register(mux *http.ServeMux, s *profile.Service, tokens *token.Authority, log *slog.Logger, document []byte) error {
	a := &API{profiles: s, tokens: tokens, log: log}
	for pattern, m := range a.routes() {
		mux.HandleFunc(pattern, a.guard(m.ServeHTTP))
	}
	mux.HandleFunc("/medical-profiles/", a.guard(notFound))
	if err := registerDocs(mux, document); err != nil {
		return err
	}
	mux.HandleFunc("/", notFound)
	return nil
}

// routes are the guarded ones, as the OpenAPI document lists them.
func (a *API) routes() map[string]methods {
	return map[string]methods{
		"/medical-profiles":        {http.MethodGet: a.list, http.MethodHead: a.list, http.MethodPost: a.create},
		"/medical-profiles/search": {http.MethodPost: a.search},
		"/medical-profiles/{id}":   {http.MethodGet: a.get, http.MethodHead: a.get, http.MethodPut: a.update, http.MethodDelete: a.delete},
	}
}

// Clean answers paths that are not in their plain form as unknown; a mux would redirect them.
func Clean(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := path.Clean(r.URL.Path)
		if p != r.URL.Path && p+"/" != r.URL.Path {
			notFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	faulthttp.Error(w, http.StatusNotFound, r.URL.Path, "")
}

// guard lets callers through who may read profiles: all that may do anything here. Without a valid token the answer is
// 401 with an empty body, whatever else is wrong.
func (a *API) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
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
		ctx := principal.NewContext(r.Context(), claims.Principal())
		if err := profile.Reveal(ctx); err != nil {
			faulthttp.Error(w, faulthttp.Status(fault.CodeOf(err)), r.URL.Path, "")
			return
		}
		next(w, r.WithContext(ctx))
	}
}

// methods answers each method with its handler, OPTIONS with the Allow header, others with 405.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := m[r.Method]; ok {
		h(w, r)
		return
	}
	allowed := []string{http.MethodOptions}
	for name := range m {
		allowed = append(allowed, name)
	}
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusOK)
		return
	}
	faulthttp.Error(w, http.StatusMethodNotAllowed, r.URL.Path, "")
}

// pathID reads the id in the path. One that is none has been answered when ok is false.
func pathID(w http.ResponseWriter, r *http.Request) (id uuid.UUID, ok bool) {
	text := r.PathValue("id")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, "the id is not a UUID")
		return id, false
	}
	return id, true
}

type message struct {
	Message string `json:"message"`
}

// refuse answers a use case's failure. absent is the status for an unknown profile: the original's 400 where it had the
// route.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error, absent int) {
	var known *fault.Error
	switch {
	case errors.Is(err, profile.ErrEmailTaken):
		faulthttp.JSON(w, http.StatusBadRequest, message{profile.ErrEmailTaken.Message})
	case errors.Is(err, profile.ErrNotFound):
		faulthttp.JSON(w, absent, message{profile.ErrNotFound.Message})
	case errors.Is(err, profile.ErrVersion):
		faulthttp.Error(w, http.StatusPreconditionFailed, r.URL.Path, profile.ErrVersion.Message)
	case errors.Is(err, profile.ErrKeyReused):
		faulthttp.Error(w, http.StatusUnprocessableEntity, r.URL.Path, profile.ErrKeyReused.Message)
	case errors.As(err, &known) && len(known.Fields) > 0:
		faulthttp.JSON(w, http.StatusBadRequest, known.Fields)
	case errors.As(err, &known):
		faulthttp.Error(w, faulthttp.Status(known.Code), r.URL.Path, known.Message)
	default:
		if r.Context().Err() == nil {
			a.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("route", r.Pattern), slog.String("error", err.Error()))
		}
		faulthttp.Error(w, http.StatusInternalServerError, r.URL.Path, "")
	}
}
