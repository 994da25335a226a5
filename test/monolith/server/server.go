// Package server answers for the subgraphs of a generated supergraph, in process.
//
// A server knows its own SDL and the world. It refuses what its schema does not allow, and it has a resolver only for what
// its SDL says is its own: asked for an external field outside a provided path, for a field that another subgraph has taken
// over, for one whose @requires inputs did not come or are wrong, or for an entity by half a key, it reports a fault. So
// it does when one request is made twice.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/world"
)

// Servers are the servers of all subgraphs.
type Servers struct {
	world    *world.World
	services map[string]*service
	possible map[string][]string // of each interface: its object types in any subgraph
	uneven   map[string]bool     // enums and input types that subgraphs know differently
}

var _ exec.Fetcher = (*Servers)(nil)

// New returns the servers of the subgraphs.
func New(sources []subgraph.Source, w *world.World) (*Servers, error) {
	s := &Servers{world: w, services: map[string]*service{}}
	for _, source := range sources {
		service, err := declare(source)
		if err != nil {
			return nil, err
		}
		s.services[source.Name] = service
	}
	if err := link(sources, s.services); err != nil {
		return nil, err
	}
	s.possible = implementations(s.services)
	s.uneven = uneven(s.services)
	return s, nil
}

// Session is what one client operation makes the servers do.
type Session struct {
	Labels     []string // override labels that are on
	Mutation   bool     // each of its root fields may ask anew
	Conditions bool     // requests may have @skip and @include, which ours never have

	mu       sync.Mutex
	seen     map[string]bool
	faults   []string
	calls    []string
	requests int
	touched  map[string]bool
}

type sessionKey struct{}

// Context returns a context whose requests belong to the session.
func (s *Session) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// Faults lists what was wrong with the requests.
func (s *Session) Faults() []string { return s.faults }

// Calls lists the mutation fields in the order in which they ran, with their arguments.
func (s *Session) Calls() []string { return s.calls }

// Requests is how many requests were made.
func (s *Session) Requests() int { return s.requests }

func (s *Session) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// Fetch implements exec.Fetcher. The context is a session's.
func (s *Servers) Fetch(ctx context.Context, req *exec.Request) (*exec.Response, error) {
	session, ok := ctx.Value(sessionKey{}).(*Session)
	if !ok {
		return nil, errors.New("a request without session")
	}
	session.note(req)
	body, err := s.answer(session, req)
	if err != nil {
		session.fault("%s: %v\n%s", req.Subgraph, err, req.Body)
		return nil, err
	}
	return &exec.Response{Body: body, Release: func() { // nothing may come of these bytes any more
		for i := range body {
			body[i] = '#'
		}
	}}, nil
}

// Subscribe implements exec.Fetcher.
func (s *Servers) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, errors.New("no subscriptions here")
}

// note keeps count of the request.
func (s *Session) note(req *exec.Request) {
	key := req.Subgraph + "\n" + string(req.Body)
	s.mu.Lock()
	twice := s.seen[key]
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[key] = true
	s.requests++
	s.mu.Unlock()
	if twice && !s.Mutation {
		s.fault("%s: asked twice\n%s", req.Subgraph, req.Body)
	}
}

func (s *Servers) answer(session *Session, req *exec.Request) ([]byte, error) {
	service := s.services[req.Subgraph]
	if service == nil {
		return nil, errors.New("no such subgraph")
	}
	var body struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
	}
	if err := json.Unmarshal(req.Body, &body); err != nil {
		return nil, err
	}
	doc, errs := gqlparser.LoadQueryWithRules(service.schema, body.Query, nil)
	if len(errs) > 0 {
		return nil, fmt.Errorf("invalid operation: %w", errs)
	}
	op := doc.Operations.ForName(body.OperationName)
	if op == nil || op.Operation != req.Kind {
		return nil, fmt.Errorf("no %s %q", req.Kind, body.OperationName)
	}
	for name := range body.Variables {
		if op.VariableDefinitions.ForName(name) == nil {
			return nil, fmt.Errorf("variable $%s is sent but not declared", name)
		}
	}
	for _, d := range op.VariableDefinitions {
		if _, ok := body.Variables[d.Variable]; !ok && d.Type.NonNull && d.DefaultValue == nil {
			return nil, fmt.Errorf("variable $%s is not sent", d.Variable)
		}
	}
	x := &execution{
		Servers: s, session: session, service: service, doc: doc,
		vars: world.Variables(service.schema, op.VariableDefinitions, body.Variables),
	}
	root := object{id: 0, typ: "Query", declared: service.local("Query")}
	if op.Operation == ast.Mutation {
		root = object{id: 1, typ: "Mutation", declared: service.local("Mutation")}
		x.mutation = true
	}
	data, _ := x.object(root, []ast.SelectionSet{op.SelectionSet}, nil)
	out := map[string]any{"data": data}
	if len(x.errors) > 0 {
		out["errors"] = x.errors
	}
	return json.Marshal(out)
}
