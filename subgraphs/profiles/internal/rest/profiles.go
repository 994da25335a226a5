package rest

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"medicore.dev/medicore/internal/fault/faulthttp"
	"medicore.dev/medicore/subgraphs/profiles/internal/profile"
)

// flushTimeout is how long a client may take to read one batch of the streamed list.
const flushTimeout = 30 * time.Second

func (a *API) get(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r)
	if !ok {
		return
	}
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	p, err := a.profiles.Profile(r.Context(), id)
	if err != nil {
		a.refuse(w, r, err, http.StatusNotFound)
		return
	}
	if matches(r.Header.Get("If-None-Match"), etag(p, mediaType), true) {
		w.Header().Set("ETag", etag(p, mediaType))
		w.WriteHeader(http.StatusNotModified)
		return
	}
	answer(w, r, http.StatusOK, mediaType, p)
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	in, ok := readInput(w, r, true)
	if !ok {
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if _, given := r.Header["Idempotency-Key"]; given && strings.TrimSpace(key) == "" {
		faulthttp.Error(w, http.StatusBadRequest, r.URL.Path, "the idempotency key is empty")
		return
	}
	p, err := a.profiles.Create(r.Context(), in, key)
	if err != nil {
		a.refuse(w, r, err, http.StatusNotFound)
		return
	}
	w.Header().Set("Location", itemHref(prefix(r), p.ID))
	answer(w, r, http.StatusCreated, mediaType, p)
}

func (a *API) update(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r)
	if !ok {
		return
	}
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	version, ok := wantedVersion(w, r)
	if !ok {
		return
	}
	in, ok := readInput(w, r, false)
	if !ok {
		return
	}
	p, err := a.profiles.Update(r.Context(), id, in, version)
	if err != nil {
		a.refuse(w, r, err, http.StatusBadRequest)
		return
	}
	answer(w, r, http.StatusOK, mediaType, p)
}

func (a *API) delete(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r)
	if !ok {
		return
	}
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	version, ok := wantedVersion(w, r)
	if !ok {
		return
	}
	p, err := a.profiles.Delete(r.Context(), id, version)
	if err != nil {
		a.refuse(w, r, err, http.StatusBadRequest)
		return
	}
	// What is gone has no version and no links of its own.
	w.Header().Set("Link", link(collectionHref(prefix(r)), "collection"))
	if mediaType == halJSON {
		write(w, http.StatusOK, halJSON, halProfile{plainProfile: plain(p), Links: map[string]href{"collection": {Href: collectionHref(prefix(r))}}})
		return
	}
	write(w, http.StatusOK, plainJSON, plain(p))
}

// list answers all profiles, streamed, or with a page parameter or in HAL a page of them.
func (a *API) list(w http.ResponseWriter, r *http.Request) {
	mediaType, ok := negotiate(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	if mediaType == plainJSON && !q.Has("page") && !q.Has("size") && !q.Has("sort") {
		a.stream(w, r)
		return
	}
	p, bad := queryPage(q)
	if len(bad) > 0 {
		faulthttp.JSON(w, http.StatusBadRequest, bad)
		return
	}
	a.page(w, r, mediaType, profile.Filter{}, p, true)
}

func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Link", pageLinks(prefix(r), page{size: defaultSize}, -1)+", "+link(collectionHref(prefix(r))+"/search", "search"))
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", plainJSON)
		w.WriteHeader(http.StatusOK)
		return
	}
	control := http.NewResponseController(w)
	begun := false
	buf := make([]byte, 0, 64<<10)
	for rows, err := range a.profiles.All(r.Context()) {
		if err != nil {
			if !begun {
				a.refuse(w, r, err, http.StatusNotFound)
				return
			}
			a.log.LogAttrs(r.Context(), slog.LevelWarn, "list was cut off", slog.String("error", err.Error()))
			panic(http.ErrAbortHandler) // the status is sent: only a broken connection can say that the list is not whole
		}
		for _, p := range rows {
			if begun {
				buf = append(buf, ',')
			} else {
				w.Header().Set("Content-Type", plainJSON)
				buf = append(buf, '[')
				begun = true
			}
			buf = plain(p).append(buf)
		}
		_ = control.SetWriteDeadline(time.Now().Add(flushTimeout)) // not all writers can
		if _, err := w.Write(buf); err != nil {
			return
		}
		_ = control.Flush()
		buf = buf[:0]
	}
	if !begun {
		w.Header().Set("Content-Type", plainJSON)
		buf = append(buf, '[')
	}
	_, _ = w.Write(append(buf, ']'))
}

// etag is the version of a profile in a representation.
func etag(p *profile.Profile, mediaType string) string {
	if mediaType == halJSON {
		return `"` + strconv.Itoa(p.Version) + `-hal"`
	}
	return `"` + strconv.Itoa(p.Version) + `"`
}

// matches reports whether a list of entity tags has the one; weakly, W/ does not matter.
func matches(list, tag string, weakly bool) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if weakly {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == "*" || one == tag {
			return true
		}
	}
	return false
}

// wantedVersion reads If-Match: the version that a change is for, 0 for any. When ok is false, it can match no version and
// has been answered. The tags of both representations stand for the same version.
func wantedVersion(w http.ResponseWriter, r *http.Request) (version int, ok bool) {
	text := strings.TrimSpace(r.Header.Get("If-Match"))
	if text == "" || text == "*" {
		return 0, true
	}
	if n, found := strings.CutPrefix(text, `"`); found {
		if n, found = strings.CutSuffix(n, `"`); found {
			if v, err := strconv.Atoi(strings.TrimSuffix(n, "-hal")); err == nil && v > 0 {
				return v, true
			}
		}
	}
	faulthttp.Error(w, http.StatusPreconditionFailed, r.URL.Path, "If-Match is not one of this service's versions")
	return 0, false
}
