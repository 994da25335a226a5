// Package faulthttp answers REST callers: the one place that turns a fault code into a status and a body.
package faulthttp

import (
	"encoding/json"
	"net/http"
	"time"

	"medicore.dev/medicore/internal/fault"
)

var statuses = map[fault.Code]int{
	fault.Invalid:         http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// Status returns the HTTP status that stands for the code.
func Status(code fault.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Error writes the contract's error body, {"timestamp","status","error","path"}, with the status. path is the path as
// the service sees it. A message may be given that is safe for the caller; "" leaves it out.
func Error(w http.ResponseWriter, status int, path, message string) {
	body := struct {
		Timestamp string `json:"timestamp"`
		Status    int    `json:"status"`
		Error     string `json:"error"`
		Message   string `json:"message,omitempty"`
		Path      string `json:"path"`
	}{time.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00"), status, http.StatusText(status), message, path}
	JSON(w, status, body)
}

// JSON writes v as application/json with the status.
func JSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, `{"error":"Internal Server Error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
