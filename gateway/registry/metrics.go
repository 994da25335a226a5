package registry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are counted as things happen; the rest is read from the state when Prometheus asks.
type metrics struct {
	attempts *prometheus.CounterVec
	duration prometheus.Histogram
	failures *prometheus.CounterVec
	followed prometheus.Counter

	info, age, since, succeeded *prometheus.Desc
}

func newMetrics() *metrics {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "medicore_supergraph_compositions_total",
			Help: "Attempts to make a supergraph, by outcome: applied, unchanged, failed.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "medicore_supergraph_composition_duration_seconds",
			Help:    "Duration of an attempt to make a supergraph, with putting it in force.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10},
		}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "medicore_subgraph_schema_poll_failures_total",
			Help: "Looks at a subgraph's schema that failed.",
		}, []string{"subgraph"}),
		followed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "medicore_supergraph_poll_failures_total",
			Help: "Looks at a supergraph composed elsewhere that failed.",
		}),
		info:      prometheus.NewDesc("medicore_supergraph_info", "The supergraph in force: SHA-256 of its SDL, and where it is from.", []string{"hash", "origin"}, nil),
		age:       prometheus.NewDesc("medicore_supergraph_age_seconds", "Time since the supergraph in force was put there.", nil, nil),
		since:     prometheus.NewDesc("medicore_supergraph_in_force_timestamp_seconds", "When the supergraph in force was put there, Unix time.", nil, nil),
		succeeded: prometheus.NewDesc("medicore_supergraph_last_success_timestamp_seconds", "When the schemas last made a supergraph, new or not, Unix time; 0: never.", nil, nil),
	}
	for _, outcome := range []string{"applied", "unchanged", "failed"} {
		m.attempts.WithLabelValues(outcome)
	}
	return m
}

func (m *metrics) lookFailed(s *source) {
	if s.whole {
		m.followed.Inc()
	} else {
		m.failures.WithLabelValues(s.Name).Inc()
	}
}

func (m *metrics) attempted(took time.Duration, err error, unchanged bool) {
	outcome := "applied"
	switch {
	case err != nil:
		outcome = "failed"
	case unchanged:
		outcome = "unchanged"
	}
	m.attempts.WithLabelValues(outcome).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *metrics) counted() []prometheus.Collector {
	return []prometheus.Collector{m.attempts, m.duration, m.failures, m.followed}
}

var _ prometheus.Collector = (*Registry)(nil)

// Describe implements prometheus.Collector.
func (r *Registry) Describe(out chan<- *prometheus.Desc) {
	for _, c := range r.metrics.counted() {
		c.Describe(out)
	}
	for _, d := range []*prometheus.Desc{r.metrics.info, r.metrics.age, r.metrics.since, r.metrics.succeeded} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (r *Registry) Collect(out chan<- prometheus.Metric) {
	for _, c := range r.metrics.counted() {
		c.Collect(out)
	}
	st := r.State()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if st.Origin != "" {
		gauge(r.metrics.info, 1, st.Hash, st.Origin)
		gauge(r.metrics.age, time.Since(st.Since).Seconds())
		gauge(r.metrics.since, unix(st.Since))
	}
	gauge(r.metrics.succeeded, unix(st.Succeeded))
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
