package monolith

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/server"
	"medicore.dev/medicore/test/monolith/world"
)

// Peers are other federation gateways, in one Node process, that answer the same operations over the same subgraphs.
type Peers struct {
	worker *Oracle // speaks the same protocol
	http   *httptest.Server

	// Pause is how long a subgraph takes at least, so that requests which are made at once overlap.
	Pause time.Duration

	mu       sync.Mutex
	servers  *server.Servers
	session  *server.Session
	asked    string // the question that is being answered, which its requests name; "": our engine answers
	requests []span
}

// span is a request: the time it took, by which one sees which waited for which, and the fields it asked for.
type span struct {
	from, to time.Time
	fields   int
}

// PeerNames are the gateways that are asked.
var PeerNames = []string{"apollo", "hive"}

// header names the question that a request to a subgraph is made for.
const header = "x-question"

// NewPeers starts the gateways of the folder. Close ends them.
func NewPeers(dir string) (*Peers, error) {
	worker, err := newWorker(dir, "peers.mjs")
	if err != nil {
		return nil, err
	}
	p := &Peers{worker: worker, Pause: 2 * time.Millisecond}
	p.http = httptest.NewServer(p)
	return p, nil
}

// Close ends the gateways and their subgraphs.
func (p *Peers) Close() {
	p.worker.Close()
	p.http.Close()
}

// Load makes the subgraphs those of the questions that follow. It returns why a gateway cannot load their supergraph.
func (p *Peers) Load(sources []subgraph.Source, w *world.World) (unloaded map[string]string, err error) {
	located := make([]subgraph.Source, len(sources))
	for i, s := range sources {
		s.URL = p.http.URL + "/" + s.Name
		s.SDL = strings.ReplaceAll(s.SDL, " @authenticated", "") // Apollo's gateway does not know it; it changes no data here
		located[i] = s
	}
	result, err := compose.Compose(located)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompose, err)
	}
	servers, err := server.New(located, w)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.servers = servers
	p.mu.Unlock()
	p.worker.load = question{Supergraph: result.SupergraphSDL}
	r, err := p.worker.ask(p.worker.load)
	return r.Unloaded, err
}

// PeerAnswer is how a gateway answered.
type PeerAnswer struct {
	Answer
	Failed string     // why there is no answer
	Faults []string   // what a subgraph would have refused
	Cost   *plan.Cost // of what was sent; nil when there is no answer
	Plan   *plan.Cost // cost of the plan; nil when the gateway does not tell its plan
	Text   string     // the plan
}

// Ask has a gateway answer the case's operation.
func (p *Peers) Ask(name string, c *Case) (*PeerAnswer, error) {
	session := &server.Session{Conditions: true, Mutation: strings.HasPrefix(c.Operation, "mutation")}
	p.mu.Lock()
	p.session, p.requests, p.asked = session, nil, strconv.Itoa(p.worker.next+1)
	p.mu.Unlock()
	r, err := p.worker.ask(question{Gateway: name, Operation: c.Operation, Variables: c.Variables})
	if err != nil {
		return nil, err
	}
	out := &PeerAnswer{Answer: Answer{Data: r.Data, Errors: paths(r.Data, r.Errors)}, Failed: r.Failed, Plan: r.Cost, Text: r.Plan}
	out.Faults = session.Faults()
	for _, f := range r.Fetches {
		out.Faults = append(out.Faults, p.servers.Refuses(f.Subgraph, f.Document)...)
	}
	if session.Mutation {
		out.Calls = session.Calls()
	}
	if out.Failed != "" {
		return out, nil
	}
	p.settle()
	cost := p.cost()
	out.Cost = &cost
	return out, nil
}

// settle waits for the requests that a gateway still makes when it has answered: one that gives up early does.
func (p *Peers) settle() {
	for quiet, n := 0, 0; quiet < 3 && n < 1000; n++ {
		time.Sleep(time.Millisecond)
		p.mu.Lock()
		quiet++
		if slices.ContainsFunc(p.requests, func(r span) bool { return r.to.IsZero() }) {
			quiet = 0
		}
		p.mu.Unlock()
	}
}

// cost is that of what was sent for an operation: an empty list saves the requests that a plan has for its items.
func (p *Peers) cost() plan.Cost {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := plan.Cost{Requests: len(p.requests), Levels: levels(p.requests)}
	for _, r := range p.requests {
		c.Fields += r.fields
	}
	return c
}

// levels is the length of the longest chain of requests of which each began after the one before had ended.
func levels(list []span) int {
	depth, most := make([]int, len(list)), 0
	for i, r := range list { // in the order in which they began
		for j := range i {
			if !list[j].to.IsZero() && !list[j].to.After(r.from) {
				depth[i] = max(depth[i], depth[j])
			}
		}
		depth[i]++
		most = max(most, depth[i])
	}
	return most
}

// fieldsOf counts the fields that a request asks for, apart from _entities and __typename; 0 when it is none.
func fieldsOf(body []byte) int {
	var q struct{ Query string }
	_ = json.Unmarshal(body, &q)
	doc, err := parser.ParseQuery(&ast.Source{Input: q.Query})
	if err != nil {
		return 0
	}
	n := 0
	var count func(set ast.SelectionSet)
	count = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if s.Name != "_entities" && s.Name != "__typename" {
					n++
				}
				count(s.SelectionSet)
			case *ast.InlineFragment:
				count(s.SelectionSet)
			case *ast.FragmentSpread:
				count(doc.Fragments.ForName(s.Name).SelectionSet)
			}
		}
	}
	for _, op := range doc.Operations {
		count(op.SelectionSet)
	}
	return n
}

// Fetch implements exec.Fetcher: our engine asks the subgraphs as the others do.
func (p *Peers) Fetch(ctx context.Context, req *exec.Request) (*exec.Response, error) {
	defer p.begin(req.Body, "")()
	return p.servers.Fetch(ctx, req)
}

// Subscribe implements exec.Fetcher.
func (p *Peers) Subscribe(ctx context.Context, req *exec.Request) (exec.Stream, error) {
	return p.servers.Subscribe(ctx, req)
}

// Execute has our engine answer the case's operation, and returns what was made of it.
func (p *Peers) Execute(ctx context.Context, e *Engine, c *Case) (*Execution, plan.Cost, error) {
	p.mu.Lock()
	p.session, p.requests, p.asked = nil, nil, ""
	p.mu.Unlock()
	over := *e
	over.exec = exec.New(p, exec.Options{})
	out, err := over.Execute(ctx, c)
	return out, p.cost(), err
}

// begin records a request that is made for a question, and ends with done. What comes late, after its question, is not
// counted.
func (p *Peers) begin(body []byte, asked string) (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := len(p.requests)
	if asked == p.asked {
		p.requests = append(p.requests, span{from: time.Now(), fields: fieldsOf(body)})
	}
	return func() {
		time.Sleep(p.Pause)
		p.mu.Lock()
		defer p.mu.Unlock()
		if asked == p.asked {
			p.requests[at].to = time.Now()
		}
	}
}

// ServeHTTP implements http.Handler: the subgraphs, each at its name.
func (p *Peers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	asked := r.Header.Get(header)
	done := p.begin(body, asked)
	p.mu.Lock()
	servers, session := p.servers, p.session
	if err == nil && (session == nil || asked != p.asked) {
		err = errors.New("this is not being asked")
	}
	p.mu.Unlock()
	var answer *exec.Response
	if err == nil {
		answer, err = servers.Fetch(session.Context(context.WithoutCancel(r.Context())), &exec.Request{
			Subgraph: strings.TrimPrefix(r.URL.Path, "/"), Kind: kindOf(body), Body: body,
		})
	}
	done()
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"message": err.Error()}}})
		return
	}
	_, _ = w.Write(answer.Body)
}

func kindOf(body []byte) ast.Operation {
	var q struct{ Query string }
	if json.Unmarshal(body, &q) == nil && strings.HasPrefix(strings.TrimSpace(q.Query), "mutation") {
		return ast.Mutation
	}
	return ast.Query
}
