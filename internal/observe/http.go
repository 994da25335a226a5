package observe

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics is a process's metrics: one registry, shared by all its services.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics returns a registry with the Go runtime's and the process's own figures in it.
func NewMetrics() *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "medicore_http_request_duration_seconds",
		Help:    "Duration of HTTP requests by service, method, route template and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"service", "method", "route", "status"})
	m.Registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// HTTP counts the requests of one service and logs them: at the level, or as a warning where the status is 5xx. Only the route
// template is recorded, never the path, the query string or a header; the request's own pattern must be set by the mux below
// (http.ServeMux does).
func (m *Metrics) HTTP(service string, log *slog.Logger, level slog.Level, next http.Handler) http.Handler {
	var last atomic.Pointer[counter]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		next.ServeHTTP(rec, r)
		route := r.Pattern
		if route == "" {
			route = "other"
		}
		took := time.Since(start)
		c := last.Load()
		if c == nil || c.method != r.Method || c.route != route || c.status != rec.code() { // most requests are of one kind
			c = &counter{r.Method, route, rec.code(), m.requests.WithLabelValues(service, method(r.Method), route, strconv.Itoa(rec.code()))}
			last.Store(c)
		}
		c.Observe(took.Seconds())
		level := level
		if rec.code() >= http.StatusInternalServerError {
			level = max(level, slog.LevelWarn)
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		log.LogAttrs(r.Context(), level, "request served",
			slog.String("service", service), slog.String("method", method(r.Method)), slog.String("route", route),
			slog.Int("status", rec.code()), slog.Duration("took", took), slog.String("request_id", r.Header.Get("X-Request-Id")))
	})
}

// counter counts requests of one kind.
type counter struct {
	method, route string
	status        int
	prometheus.Observer
}

// method keeps a caller's invention out of labels and logs.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach flushing and hijacking.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush passes on: writers that stream ask for http.Flusher.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
