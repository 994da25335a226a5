package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	plainJSON = "application/json"
	halJSON   = "application/hal+json"
)

// negotiate returns the media type to answer in: JSON unless the client likes HAL better. When ok is false, it takes neither
// and has been answered.
func negotiate(w http.ResponseWriter, r *http.Request) (mediaType string, ok bool) {
	w.Header().Set("Vary", "Accept")
	accept := strings.TrimSpace(strings.Join(r.Header.Values("Accept"), ","))
	if accept == "" {
		return plainJSON, true
	}
	plain, hal := quality(accept, plainJSON), quality(accept, halJSON)
	switch {
	case plain == 0 && hal == 0:
		w.WriteHeader(http.StatusNotAcceptable)
		return "", false
	case hal > plain:
		return halJSON, true
	}
	return plainJSON, true
}

// quality is the weight, 0 to 1, that an Accept header gives the media type: that of the most specific range counts.
func quality(accept, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	best, weight := 0, 0.0
	for one := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		specific := 0
		switch t {
		case mediaType:
			specific = 3
		case kind + "/*":
			specific = 2
		case "*/*":
			specific = 1
		}
		if specific <= best {
			continue
		}
		best, weight = specific, 1
		if text, ok := params["q"]; ok {
			if q, err := strconv.ParseFloat(text, 64); err == nil && q >= 0 && q <= 1 {
				weight = q
			}
		}
	}
	return weight
}

// isJSON reports whether a body of the content type is read: JSON in UTF-8.
func isJSON(contentType string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return false
	}
	return t == plainJSON || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
}
