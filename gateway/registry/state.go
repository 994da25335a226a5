package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"time"

	"medicore.dev/medicore/gateway/federation/compose"
)

// State is what is known of the supergraph in force and of the attempts to renew it.
type State struct {
	Since     time.Time `json:"since,omitzero"` // when the one in force was put there; zero: none is
	Origin    string    `json:"origin"`         // composed, followed, cache, or given; "": none is in force
	Hash      string    `json:"hash,omitempty"` // SHA-256 of the one in force
	SDL       string    `json:"-"`              // of the one in force
	Attempted time.Time `json:"attempted,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"` // when the schemas last made a supergraph, new or not
	Errors    []Problem `json:"errors"`             // why the last attempt failed; none if it did not
	Hints     []Hint    `json:"hints"`              // of the last composition that succeeded

	Subgraphs map[string]SourceState `json:"subgraphs"`
	Followed  *SourceState           `json:"supergraph,omitempty"` // of the supergraph that others compose
}

// SourceState is what is known of one schema.
type SourceState struct {
	Known    bool      `json:"known"`              // there is a schema
	Seen     time.Time `json:"seen,omitzero"`      // when it was last got; zero: never
	Error    string    `json:"error,omitempty"`    // why not, the last time
	Failures int       `json:"failures,omitempty"` // in a row
}

// Problem is one finding that prevents a supergraph.
type Problem struct {
	Code      string     `json:"code"`
	Message   string     `json:"message"`
	Locations []Location `json:"locations"`
}

// Location is a place in a subgraph's SDL; line and column count from 1.
type Location struct {
	Subgraph string `json:"subgraph"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

// Hint is an observation of composition that prevents nothing.
type Hint struct {
	Code    string `json:"code"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

// Codes of problems that are no findings of composition.
const (
	codeSupergraph = "INVALID_FEDERATION_SUPERGRAPH"
	codeInternal   = "INTERNAL"
)

// Bounds of what is kept of an attempt that failed, as schemas may quote themselves in it.
const (
	maxProblems = 1000
	maxMessage  = 16 << 10 // bytes
	maxLogged   = 4 << 10  // bytes
)

func shortened(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + " …"
}

// Problems puts the findings of a failed composition into the form that is told to people and programs.
func Problems(found compose.Errors) []Problem {
	out := make([]Problem, 0, len(found))
	for _, e := range found {
		p := Problem{Code: string(e.Code), Message: e.Message, Locations: []Location{}}
		for _, l := range e.Locations {
			p.Locations = append(p.Locations, Location(l))
		}
		out = append(out, p)
	}
	return out
}

// Hints puts the hints of a composition into the same form.
func Hints(list []compose.Hint) []Hint {
	out := make([]Hint, 0, len(list))
	for _, h := range list {
		out = append(out, Hint{string(h.Code), string(h.Level), h.Message})
	}
	return out
}

// State returns what is known now.
func (r *Registry) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.state
	out.Subgraphs = maps.Clone(r.state.Subgraphs)
	if r.state.Followed != nil {
		followed := *r.state.Followed
		out.Followed = &followed
	}
	return out
}

func (st *State) source(s *source) SourceState {
	if s.whole {
		return *st.Followed
	}
	return st.Subgraphs[s.Name]
}

func (st *State) setSource(s *source, to SourceState) {
	if s.whole {
		*st.Followed = to
	} else {
		st.Subgraphs[s.Name] = to
	}
}

func (r *Registry) sourceState(s *source) SourceState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.source(s)
}

func (r *Registry) inForce() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.Origin != ""
}

// same tells whether the SDL is that of the supergraph in force.
func (r *Registry) same(sdl string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.Origin != "" && r.state.SDL == sdl
}

func (r *Registry) applied(sdl, origin string) State {
	sum := sha256.Sum256([]byte(sdl))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Since, r.state.Origin, r.state.SDL, r.state.Hash = time.Now().UTC(), origin, sdl, hex.EncodeToString(sum[:])
	return r.state
}

// finished records an attempt.
func (r *Registry) finished(began time.Time, origin string, err error, unchanged bool, hints []compose.Hint) {
	now := time.Now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.metrics.attempted(time.Since(began), err, unchanged)
	r.state.Attempted, r.state.Errors = now, []Problem{}
	if err == nil {
		r.state.Succeeded, r.state.Origin, r.state.Hints = now, origin, Hints(hints)
		return
	}
	if found, ok := errors.AsType[compose.Errors](err); ok {
		r.state.Errors = Problems(found[:min(len(found), maxProblems)])
		for i := range r.state.Errors {
			r.state.Errors[i].Message = shortened(r.state.Errors[i].Message, maxMessage)
		}
		return
	}
	code := codeInternal
	if origin == "followed" {
		code = codeSupergraph
	}
	r.state.Errors = []Problem{{Code: code, Message: shortened(err.Error(), maxMessage), Locations: []Location{}}}
}
