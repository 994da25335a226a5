package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/internal/golden"
)

// canned answers the n-th request of fetch "N" with section "N.json", then "N.2.json", and so on, and writes down what
// was asked.
type canned struct {
	section func(name string) string
	mu      sync.Mutex
	calls   map[string]int
	asked   []string
}

type graphqlRequest struct {
	Query         string                     `json:"query"`
	OperationName string                     `json:"operationName"`
	Variables     map[string]json.RawMessage `json:"variables"`
}

func (f *canned) Fetch(_ context.Context, req *Request) (*Response, error) {
	var q graphqlRequest
	if err := json.Unmarshal(req.Body, &q); err != nil {
		return nil, fmt.Errorf("request body %s: %w", req.Body, err)
	}
	_, id, _ := strings.Cut(q.Query, " ")
	_, variables, _ := bytes.Cut(req.Body, []byte(`"variables":`))
	f.mu.Lock()
	f.calls[id]++
	n := f.calls[id]
	f.asked = append(f.asked, fmt.Sprintf("%s.%d %s %s", id, n, req.Subgraph, bytes.TrimSuffix(variables, []byte("}"))))
	f.mu.Unlock()
	name := id
	if n > 1 {
		name = fmt.Sprintf("%s.%d", id, n)
	}
	if text := f.section(name + ".error"); text != "" {
		return nil, errors.New(text)
	}
	return &Response{Body: []byte(f.section(name + ".json"))}, nil
}

func (f *canned) Subscribe(context.Context, *Request) (Stream, error) {
	if text := f.section("source.error"); text != "" {
		return nil, &FetchError{Message: strings.TrimSpace(text)}
	}
	return &cannedStream{lines: strings.Split(strings.TrimSpace(f.section("events.jsonl")), "\n")}, nil
}

type cannedStream struct{ lines []string }

func (s *cannedStream) Next(context.Context) ([]byte, error) {
	if len(s.lines) == 0 {
		return nil, io.EOF
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return []byte(line), nil
}

func (s *cannedStream) Close() error { return nil }

func TestPlans(t *testing.T) {
	golden.Run(t, "testdata/plans/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		p := parsePlan(t, c.Input("plan"))
		f := &canned{section: c.Input, calls: map[string]int{}}
		e := New(f, Options{})
		in := Input{}
		if text := c.Input("variables.json"); text != "" {
			var values VariableMap
			if err := json.Unmarshal([]byte(text), &values); err != nil {
				t.Fatal(err)
			}
			in.Variables = values
		}
		var out string
		if p.Source != nil {
			out = events(t, e, p, in)
		} else {
			out = render(t, e.Execute(t.Context(), p, in))
			if again := render(t, New(&canned{section: c.Input, calls: map[string]int{}}, Options{}).Execute(t.Context(), p, in)); again != out {
				t.Errorf("a second execution differs:\n%s\n%s", out, again)
			}
		}
		slices.Sort(f.asked)
		return map[string]string{"response": out, "requests": strings.Join(f.asked, "\n") + "\n"}
	})
}

func events(t *testing.T, e *Executor, p *plan.Plan, in Input) string {
	var out strings.Builder
	ev, err := e.Subscribe(t.Context(), p, in)
	if list, ok := errors.AsType[gqlerror.List](err); ok {
		return render(t, &Result{Errors: list})
	}
	defer ev.Close()
	for {
		res, err := ev.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			return out.String() + err.Error() + "\n"
		}
		out.WriteString(render(t, res))
	}
}

// render prints data on one line and each error on one.
func render(t *testing.T, res *Result) string {
	t.Helper()
	whole, err := res.JSON(nil)
	if err != nil || !json.Valid(whole) {
		t.Fatalf("response %s is not JSON (%v)", whole, err)
	}
	out := string(res.Data) + "\n"
	for _, err := range res.Errors {
		path, _ := json.Marshal(err.Path)
		ext, _ := json.Marshal(err.Extensions)
		out += fmt.Sprintf("%s %s %s\n", path, err.Message, ext)
	}
	return out
}
