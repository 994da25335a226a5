package transport

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"medicore.dev/medicore/gateway/pipeline"
	"medicore.dev/medicore/internal/serve"
)

// The media types of responses.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
	mediaMixed   = "multipart/mixed"
)

// wish is how a client wants its response.
type wish struct {
	media string
	parts pipeline.Incremental // how it takes deferred parts: in a multipart response, or as events
	spec  string               // the parameter that said so, for the response's media type
}

// negotiate chooses the form of the response; without a wish it is application/json. multipart/mixed is chosen beside
// another type: it is for responses of several parts only.
func negotiate(accept []string) (wish, bool) {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == mediaJSON || accept[0] == "*/*") { // nearly always
		return wish{media: mediaJSON}, true
	}
	var out, events wish
	bestQ, mixedQ, any := 0.0, 0.0, false
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
			if err != nil {
				continue
			}
			any = true
			q := 1.0
			if s, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(s, 64); err != nil {
					continue
				}
			}
			switch media {
			case "*/*", "application/*":
				media = mediaJSON
			case mediaJSON, mediaGraphQL:
			case mediaEvents:
				events.parts, events.spec = incremental(params, pipeline.NotIncremental)
			case mediaMixed:
				if parts, spec := incremental(params, pipeline.IncrementalV02); parts != pipeline.NotIncremental && q > mixedQ {
					mixedQ, out.parts, out.spec = q, parts, spec
				}
				continue
			default:
				continue
			}
			if q > bestQ {
				out.media, bestQ = media, q
			}
		}
	}
	switch {
	case !any, out.media == "" && mixedQ > 0:
		out.media = mediaJSON
	case out.media == mediaEvents:
		out.parts, out.spec = events.parts, events.spec
	}
	return out, out.media != ""
}

// incremental reads which form of deferred parts a media type's parameters name; without one it is otherwise.
func incremental(params map[string]string, otherwise pipeline.Incremental) (parts pipeline.Incremental, spec string) {
	if v, ok := params["deferspec"]; ok {
		if v == string(pipeline.Incremental2022) {
			return pipeline.Incremental2022, "deferSpec=" + v
		}
		return pipeline.NotIncremental, ""
	}
	if v, ok := params["incrementalspec"]; ok {
		if v == string(pipeline.IncrementalV02) {
			return pipeline.IncrementalV02, "incrementalSpec=" + v
		}
		return pipeline.NotIncremental, ""
	}
	if _, ok := params["subscriptionspec"]; ok { // of another protocol
		return pipeline.NotIncremental, ""
	}
	return otherwise, ""
}

// wantsPage reports whether a browser asks, rather than a client.
func wantsPage(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			media, _, err := mime.ParseMediaType(strings.TrimSpace(part))
			switch {
			case err != nil:
			case media == "text/html" || media == "application/xhtml+xml":
				return true
			case media == mediaJSON || media == mediaGraphQL || media == mediaEvents || media == "*/*":
				return false
			}
		}
	}
	return false
}

func respond(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	h := w.Header()
	if h["Content-Type"] = contentTypes[media]; h["Content-Type"] == nil {
		h.Set("Content-Type", media+"; charset=utf-8")
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_ = serve.WriteBody(w, r, body) // the client is gone
}

// contentTypes are values of the header, made once. Nobody changes a header's values in place.
var contentTypes = map[string][]string{
	mediaJSON:    {mediaJSON + "; charset=utf-8"},
	mediaGraphQL: {mediaGraphQL + "; charset=utf-8"},
}

// problem answers what is not a GraphQL request.
func problem(w http.ResponseWriter, r *http.Request, status int, media, message string) {
	if media == mediaEvents {
		media = mediaJSON
	}
	body, err := json.Marshal(map[string]any{"errors": []any{map[string]any{"message": message, "extensions": map[string]string{"code": "BAD_REQUEST"}}}})
	if err != nil {
		body = []byte(`{"errors":[{"message":"bad request"}]}`)
	}
	respond(w, r, status, media, body)
}

func readQuery(r *http.Request) (*pipeline.Request, *malformed) {
	q := r.URL.Query()
	for name, values := range q {
		if len(values) > 1 && (name == "query" || name == "operationName" || name == "variables" || name == "extensions") {
			return nil, &malformed{http.StatusBadRequest, name + " is given more than once"}
		}
		for _, v := range values {
			if !utf8.ValidString(v) {
				return nil, &malformed{http.StatusBadRequest, "the query string is not UTF-8"}
			}
		}
	}
	var p parameters
	if q.Has("query") {
		text, err := json.Marshal(q.Get("query"))
		if err != nil {
			return nil, &malformed{http.StatusBadRequest, "query is not text"}
		}
		p.query = text
	}
	if name := q.Get("operationName"); name != "" {
		text, err := json.Marshal(name)
		if err != nil {
			return nil, &malformed{http.StatusBadRequest, "operationName is not text"}
		}
		p.operationName = text
	}
	for _, m := range []struct {
		name string
		into *json.RawMessage
	}{{"variables", &p.variables}, {"extensions", &p.extensions}} {
		if *m.into = trim([]byte(q.Get(m.name))); len(*m.into) > 0 && !json.Valid(*m.into) {
			return nil, mustBe(m.name, "an object")
		}
	}
	return p.request()
}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) (*pipeline.Request, *malformed) {
	if !isJSON(first(r.Header["Content-Type"])) {
		return nil, &malformed{http.StatusUnsupportedMediaType, "send the request as application/json in UTF-8"}
	}
	if r.ContentLength > h.opt.MaxBody {
		w.Header().Set("Connection", "close")
		return nil, tooLarge(h.opt.MaxBody)
	}
	defer serve.LimitBody(w, r, h.arrival).Stop()
	buf, _ := bodies.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	from := r.Body
	if r.ContentLength < 0 { // else it is that long at the most
		from = http.MaxBytesReader(w, from, h.opt.MaxBody)
	}
	body, err := readAll(from, (*buf)[:0], int(max(r.ContentLength, 0)))
	if err == nil {
		_ = from.Close() // net/http looks whether there is more otherwise
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(h.opt.MaxBody)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &malformed{http.StatusRequestTimeout, "the body did not arrive in time"}
	case err != nil:
		return nil, &malformed{http.StatusBadRequest, "the body did not arrive whole"}
	}
	req, bad := parse(body)
	if cap(body) <= keptBody {
		*buf = body
		bodies.Put(buf)
	}
	return req, bad
}

// readAll appends all that r has, probably size bytes, to b.
func readAll(r io.Reader, b []byte, size int) ([]byte, error) {
	b = slices.Grow(b, size+1) // to be told of the end without room for more
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, 512)
		}
	}
}

// bodies is memory of requests.
var bodies sync.Pool // of *[]byte

// keptBody is the size up to which memory of a request is kept for another, in bytes.
const keptBody = 64 << 10

// isJSON reports whether a content type is JSON in UTF-8.
func isJSON(contentType string) bool {
	if contentType == mediaJSON { // nearly always
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(params["charset"])
	return err == nil && media == mediaJSON && (charset == "" || charset == "utf-8")
}

func tooLarge(limit int64) *malformed {
	return &malformed{http.StatusRequestEntityTooLarge, "the body is larger than " + strconv.FormatInt(limit, 10) + " bytes"}
}
