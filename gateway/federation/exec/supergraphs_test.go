package exec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/internal/golden"
)

// canned answers the n-th request to a subgraph with section "<subgraph>.json", "<subgraph>.2.json", and so on;
// "<subgraph>.down" refuses all. A subscription's events are the lines of "events.jsonl".
type canned struct {
	c     *golden.Case
	mu    sync.Mutex
	calls map[string]int
	asked []string
}

func (f *canned) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	var r struct {
		Query     string          `json:"query"`
		Variables json.RawMessage `json:"variables"`
	}
	if err := json.Unmarshal(req.Body, &r); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[req.Subgraph]++
	f.asked = append(f.asked, fmt.Sprintf("%s %s\n  %s\n", req.Subgraph, r.Query, r.Variables))
	if text := f.c.Input(req.Subgraph + ".down"); text != "" {
		return nil, &exec.FetchError{Message: strings.TrimSpace(text)}
	}
	name := req.Subgraph
	if n := f.calls[name]; n > 1 {
		name = fmt.Sprintf("%s.%d", name, n)
	}
	return &exec.Response{Body: []byte(f.c.Input(name + ".json"))}, nil
}

func (f *canned) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return &lines{strings.Split(strings.TrimSpace(f.c.Input("events.jsonl")), "\n")}, nil
}

type lines struct{ rest []string }

func (l *lines) Next(context.Context) ([]byte, error) {
	if len(l.rest) == 0 {
		return nil, io.EOF
	}
	line := l.rest[0]
	l.rest = l.rest[1:]
	return []byte(line), nil
}

func (l *lines) Close() error { return nil }

func TestSupergraphs(t *testing.T) {
	own, err := os.ReadFile("../plan/testdata/medicore.graphql")
	if err != nil {
		t.Fatal(err)
	}
	golden.Run(t, "testdata/supergraphs/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		sdl := c.Input("supergraph.graphql")
		if sdl == "" {
			sdl = string(own)
		}
		p := mustPlan(t, sdl, c.Input("operation.graphql"))
		var in exec.Input
		if text := c.Input("variables.json"); text != "" {
			var values exec.VariableMap
			if err := json.Unmarshal([]byte(text), &values); err != nil {
				t.Fatal(err)
			}
			in.Variables = values
		}
		f := &canned{c: c, calls: map[string]int{}}
		e := exec.New(f, exec.Options{})
		var out bytes.Buffer
		if p.Source == nil {
			write(t, &out, e.Execute(t.Context(), p, in))
		} else {
			ev, err := e.Subscribe(t.Context(), p, in)
			if err != nil {
				t.Fatal(err)
			}
			defer ev.Close()
			for {
				res, err := ev.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				write(t, &out, res)
			}
		}
		slices.Sort(f.asked)
		return map[string]string{"response.json": out.String(), "requests": strings.Join(f.asked, "")}
	})
}

func mustPlan(t *testing.T, sdl, text string) *plan.Plan {
	t.Helper()
	sg, err := supergraph.Read(sdl)
	if err != nil {
		t.Fatal(err)
	}
	doc, errs := gqlparser.LoadQueryWithRules(sg.API(), text, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	pre, err := operation.Prepare(sg.API(), doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.SpecialiseDeferred(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewPlanner(sg).Plan(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, out *bytes.Buffer, res *exec.Result) {
	t.Helper()
	whole, err := res.JSON(nil)
	if err == nil {
		err = json.Indent(out, whole, "", "  ")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, whole)
	}
	out.WriteByte('\n')
}
