package observe

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestsAreLoggedAtTheirLevelAndFailuresAlways(t *testing.T) {
	for _, tt := range []struct {
		name   string
		level  slog.Level
		status int
		want   string // in the line; "": there is none
	}{
		{"at info", slog.LevelInfo, 200, "level=INFO"},
		{"at debug, which is not logged", slog.LevelDebug, 200, ""},
		{"a client's fault is no failure", slog.LevelDebug, 404, ""},
		{"a failure", slog.LevelDebug, 503, "level=WARN"},
		{"a failure of what is logged anyway", slog.LevelInfo, 500, "level=WARN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			log, err := Logger(&out, "info", "text")
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			mux.HandleFunc("/things/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status) })
			NewMetrics().HTTP("s", log, tt.level, mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/things/secret?q=secret", nil))
			line := out.String()
			if (line != "") != (tt.want != "") || !strings.Contains(line, tt.want) || strings.Contains(line, "secret") {
				t.Errorf("logged %q, want %q", line, tt.want)
			}
		})
	}
}
