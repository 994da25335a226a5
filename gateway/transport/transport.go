// Package transport speaks GraphQL on the wire: POST and GET by the GraphQL-over-HTTP specification, server-sent events
// in distinct connections mode, multipart/mixed for deferred parts, and WebSocket by graphql-transport-ws. One file per
// wire format.
package transport

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/console"
	"medicore.dev/medicore/gateway/pipeline"
)

// Options of a Handler. The zero value is usable.
type Options struct {
	MaxBody int64 // bytes of a request body or WebSocket message; 0 means 1 MiB
	// Authenticate puts the caller of an Authorization value into ctx; false refuses it. It serves what a browser's
	// WebSocket cannot send as a header. nil: there are no callers.
	Authenticate func(ctx context.Context, authorization string) (context.Context, bool)
	// End tells when the caller's token ends, and with it the caller's subscriptions; nil or zero: never.
	End      func(ctx context.Context) time.Time
	GraphiQL fs.FS    // page for browsers, with its assets; nil: none
	Origins  []string // hosts, beside the gateway's own, whose pages may open a WebSocket
	Log      *slog.Logger
}

// Times of connections.
const (
	pingEvery    = 12 * time.Second
	writeTimeout = 10 * time.Second // a client that takes longer to read is cut
	initTimeout  = 10 * time.Second
	bodyTimeout  = 30 * time.Second
)

// Handler serves one GraphQL endpoint.
type Handler struct {
	prepare  pipeline.Preparer
	opt      Options
	path     string
	page     http.Handler  // GraphiQL
	patience time.Duration // how long a client may take to read a message
	arrival  time.Duration // how long a request body may take to arrive

	mu      sync.Mutex
	drained bool
	drain   chan struct{} // closed when streams have to end
}

// New returns the handler of the endpoint at path, e.g. /graphql; it also serves what lies below path.
func New(path string, p pipeline.Preparer, opt Options) (*Handler, error) {
	if opt.MaxBody == 0 {
		opt.MaxBody = 1 << 20
	}
	h := &Handler{prepare: p, opt: opt, path: path, drain: make(chan struct{}), patience: writeTimeout, arrival: bodyTimeout}
	if opt.GraphiQL != nil {
		var err error
		if h.page, err = console.New(opt.GraphiQL, path+"/", false); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Drain ends all streams and sockets; requests that come later are still answered.
func (h *Handler) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.drained {
		h.drained = true
		close(h.drain)
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Serve(r.Context(), w, r) }

// Serve is ServeHTTP with a context that may have more in it than the request's: to make a request with another context
// copies the whole.
func (h *Handler) Serve(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != h.path {
		if h.page == nil {
			http.NotFound(w, r)
			return
		}
		h.page.ServeHTTP(w, r)
		return
	}
	w.Header()["Vary"] = varyAccept
	switch {
	case r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		h.socket(ctx, w, r)
	case r.Method == http.MethodGet && wantsPage(r):
		if h.page == nil {
			problem(w, r, http.StatusNotAcceptable, mediaJSON, "this endpoint speaks GraphQL, not HTML: POST an operation as JSON")
			return
		}
		page := r.Clone(r.Context())
		page.URL.Path = h.path + "/"
		h.page.ServeHTTP(w, page)
	case r.Method == http.MethodGet || r.Method == http.MethodPost:
		h.request(ctx, w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		problem(w, r, http.StatusMethodNotAllowed, mediaJSON, "use GET or POST")
	}
}

var varyAccept = []string{"Accept"}

// first is the value of a header, "" without one. Its name has to be written as net/http does, which is not checked again.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Headers that ask for the plan and the costs, as net/http writes their names.
const (
	headerPlan = "Medicore-Query-Plan"
	headerCost = "Medicore-Query-Cost"
)

// request answers one operation, once or as a stream of events.
func (h *Handler) request(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	wish, ok := negotiate(r.Header["Accept"])
	if !ok {
		problem(w, r, http.StatusNotAcceptable, mediaJSON, "accept application/graphql-response+json, application/json, multipart/mixed or text/event-stream")
		return
	}
	media := wish.media
	req, bad := h.read(w, r)
	if bad != nil {
		problem(w, r, bad.status, media, bad.message)
		return
	}
	req.Incremental = wish.parts
	req.WantPlan = first(r.Header[headerPlan]) == "1"
	req.WantCost = first(r.Header[headerCost]) == "1"
	op, failure := h.prepare.Prepare(ctx, req)
	switch {
	case media == mediaEvents:
		if failure != nil {
			h.events(ctx, w, nil, failure.JSON())
			return
		}
		if op.Kind() == ast.Mutation && r.Method == http.MethodGet {
			w.Header().Set("Allow", "POST")
			problem(w, r, http.StatusMethodNotAllowed, mediaJSON, "a mutation needs POST")
			return
		}
		h.events(ctx, w, op, nil)
	case failure != nil:
		respond(w, r, statusOf(failure, media), media, failure.JSON())
	case op.Kind() == ast.Mutation && r.Method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		problem(w, r, http.StatusMethodNotAllowed, media, "a mutation needs POST")
	case op.Kind() == ast.Subscription:
		problem(w, r, http.StatusBadRequest, media, "a subscription needs Accept: text/event-stream, or a WebSocket")
	case op.Incremental():
		h.multipart(ctx, w, op, wish.spec)
	default:
		op.Execute(ctx, func(body []byte) { respond(w, r, http.StatusOK, media, body) })
	}
}

// statusOf is the status of a request that was not executed. With application/json a well-formed request is answered
// 200 whatever comes of it, but for what the client did not cause.
//
// GraphQL over HTTP, "Status Codes" (#sec-application-json, #sec-application-graphql-response-json).
func statusOf(f *pipeline.Failure, media string) int {
	if media == mediaJSON && f.Status < http.StatusInternalServerError {
		return http.StatusOK
	}
	return f.Status
}

// malformed is a request that is not a GraphQL request at all.
type malformed struct {
	status  int
	message string
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request) (*pipeline.Request, *malformed) {
	if r.Method == http.MethodGet {
		return readQuery(r)
	}
	return h.readBody(w, r)
}
