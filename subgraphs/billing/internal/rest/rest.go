// Package rest serves billing's reads over plain HTTP.
package rest

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/swaggest/swgui/v5emb"

	"medicore.dev/medicore/internal/fault"
	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/internal/page"
	"medicore.dev/medicore/subgraphs/billing/internal/account"
)

// kind is the list's name in cursors.
const kind = "account"

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type body struct {
	ID        string     `json:"id"`
	ProfileID string     `json:"profileId"`
	Status    string     `json:"status"`
	Balance   money      `json:"balance"`
	CreatedAt time.Time  `json:"createdAt"`
	ClosedAt  *time.Time `json:"closedAt,omitempty"`
}

func toBody(a *account.Account) body {
	return body{a.ID.String(), a.ProfileID, string(a.Status), money{a.Balance, a.Currency}, a.CreatedAt, a.ClosedAt}
}

// Register adds the routes: GET /billing-accounts/{id}, GET /billing-accounts?profileId=|after=&size=, and the document.
func Register(mux *http.ServeMux, s *account.Service, log *slog.Logger, openAPI []byte) {
	h := handlers{s, log}
	mux.HandleFunc("GET /billing-accounts/{id}", h.one)
	mux.HandleFunc("GET /billing-accounts", h.list)
	mux.HandleFunc("GET /v3/api-docs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI)
	})
	mux.Handle("GET /swagger-ui.html", http.RedirectHandler("/swagger-ui/", http.StatusFound))
	mux.Handle("GET /swagger-ui/", v5emb.New("MediCore billing", "/v3/api-docs", "/swagger-ui/"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		faulthttp.Error(w, http.StatusNotFound, r.URL.Path, "")
	})
}

type handlers struct {
	accounts *account.Service
	log      *slog.Logger
}

func (h handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	code, message := fault.CodeOf(err), ""
	if code == fault.Internal || code == fault.Unavailable {
		h.log.LogAttrs(r.Context(), slog.LevelWarn, "request failed", slog.String("route", r.Pattern), slog.String("error", err.Error()))
	} else {
		message = err.Error()
	}
	faulthttp.Error(w, faulthttp.Status(code), r.URL.Path, message)
}

func (h handlers) one(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		h.fail(w, r, fault.New(fault.Invalid, "the id is not a UUID"))
		return
	}
	found, err := h.accounts.ByID(r.Context(), []uuid.UUID{id})
	switch {
	case err != nil:
		h.fail(w, r, err)
	case found[id] == nil:
		h.fail(w, r, fault.New(fault.NotFound, "no such billing account"))
	default:
		faulthttp.JSON(w, http.StatusOK, toBody(found[id]))
	}
}

func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	out := []body{}
	if profile := q.Get("profileId"); profile != "" {
		found, err := h.accounts.ByProfile(r.Context(), []string{profile})
		if err != nil {
			h.fail(w, r, err)
			return
		}
		if a := found[profile]; a != nil {
			out = append(out, toBody(a))
		}
		faulthttp.JSON(w, http.StatusOK, out)
		return
	}
	var size *int
	if s := q.Get("size"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			h.fail(w, r, fault.New(fault.Invalid, "size is not a number"))
			return
		}
		size = &n
	}
	var after *string
	if a := q.Get("after"); a != "" {
		after = &a
	}
	p, err := page.Read(kind, size, after, nil, nil)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	rows, more, err := h.accounts.List(r.Context(), account.Filter{}, p)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	for _, a := range rows {
		out = append(out, toBody(a))
	}
	if more {
		last := page.Cursor(kind, rows[len(rows)-1].ID.String())
		w.Header().Set("Link", "</billing-accounts?size="+strconv.Itoa(p.Limit)+"&after="+last+`>; rel="next"`)
	}
	faulthttp.JSON(w, http.StatusOK, out)
}
