package upstream

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"medicore.dev/medicore/gateway/upstream/http1"
)

// endpoint is one URL of a subgraph.
type endpoint struct {
	url      *url.URL
	plain    *http1.Endpoint // nil: net/http, or in process
	requests atomic.Uint64
	errors   atomic.Uint64

	mu       sync.Mutex
	failures int       // connections that failed in a row
	until    time.Time // left out until then
}

// The time a URL is left out grows from the first to the last of these.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
)

// failed leaves the endpoint out for a time that doubles with each failure and is jittered, so that the copies of the
// gateway do not come back together.
func (e *endpoint) failed(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	pause := min(firstPause<<min(e.failures, 8), lastPause)
	e.failures++
	e.until = now.Add(pause/2 + rand.N(pause/2))
}

func (e *endpoint) succeeded() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failures, e.until = 0, time.Time{}
}

// claim reports whether the endpoint may be used. One that failed is claimed by a single request at a time, which finds
// out whether it is back.
func (e *endpoint) claim(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failures == 0 {
		return true
	}
	if now.Before(e.until) {
		return false
	}
	e.until = now.Add(firstPause)
	return true
}

func (e *endpoint) pausedUntil() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.until
}

// pick chooses the endpoint for the next attempt: in turn among those not left out. When all are left out it is the one
// whose time ends first, since trying is better than giving up. not is the endpoint tried before.
func (s *subgraph) pick(now time.Time, not *endpoint) *endpoint {
	n := uint32(len(s.endpoints))
	start := s.turn.Add(1) - 1
	var best *endpoint
	for i := range n {
		e := s.endpoints[(start+i)%n]
		if e == not {
			continue
		}
		if e.claim(now) {
			return e
		}
		if best == nil || e.pausedUntil().Before(best.pausedUntil()) {
			best = e
		}
	}
	if best == nil {
		return not
	}
	return best
}

// EndpointState is what is known of one URL.
type EndpointState struct {
	Subgraph string `json:"subgraph"`
	URL      string `json:"url"`      // without credentials
	Up       bool   `json:"up"`       // the last connection succeeded, or none was tried
	Failures int    `json:"failures"` // connections that failed in a row
	Requests uint64 `json:"requests"` // attempts since start
	Errors   uint64 `json:"errors"`   // attempts without an HTTP answer
}

// State returns the state of every URL, by subgraph and then in the order configured.
func (c *Client) State() []EndpointState {
	var states []EndpointState
	for name, s := range c.subgraphs {
		for _, e := range s.endpoints {
			e.mu.Lock()
			states = append(states, EndpointState{
				Subgraph: name, URL: e.url.Redacted(), Up: e.failures == 0, Failures: e.failures,
				Requests: e.requests.Load(), Errors: e.errors.Load(),
			})
			e.mu.Unlock()
		}
	}
	slices.SortStableFunc(states, func(a, b EndpointState) int { return strings.Compare(a.Subgraph, b.Subgraph) })
	return states
}
