package exec

import (
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

// sent is a request that may be made again: an entity that stands at two depths is asked for the same at both.
type sent struct {
	once sync.Once
	resp *Response
	err  error
}

// fetchOnce asks a subgraph, or answers as it did when the same was asked of it before in this query. In a mutation it
// always asks, since the answer may have changed. What is not the fetch's own document may be that of another that lost the same.
func (r *run) fetchOnce(ctx context.Context, req *Request, f *plan.Fetch, own bool) (*Response, error) {
	if own && !r.mayRepeat(f) || r.plan.Operation == ast.Mutation {
		return r.fetch(ctx, req)
	}
	key := req.Subgraph + "\x00" + string(req.Body)
	r.sentMu.Lock()
	s := r.sent[key]
	if s == nil {
		s = &sent{err: errors.New("the same request could not be made before")}
		if r.sent == nil {
			r.sent = map[string]*sent{}
		}
		r.sent[key] = s
	}
	r.sentMu.Unlock()
	s.once.Do(func() { s.resp, s.err = r.fetch(ctx, req) })
	return s.resp, s.err
}

// fetch asks a subgraph. The answer is released with the run.
func (r *run) fetch(ctx context.Context, req *Request) (*Response, error) {
	resp, err := r.exec.fetcher.Fetch(ctx, req)
	if err == nil && (resp.Release != nil || resp.Private) {
		r.sentMu.Lock()
		defer r.sentMu.Unlock()
		r.private = r.private || resp.Private
		if resp.Release != nil {
			r.held = append(r.held, resp)
		}
	}
	return resp, err
}

// mayRepeat reports whether another fetch of the plan can be the same request.
func (r *run) mayRepeat(f *plan.Fetch) bool {
	for _, g := range r.plan.All() {
		if g != f && g.Subgraph == f.Subgraph && g.Document == f.Document {
			return true
		}
	}
	return false
}
