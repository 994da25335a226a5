package exec

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// projected returns a run of 1,000 objects, whose answers are merged and have to be written.
func projected(t testing.TB) (*Executor, *run) {
	t.Helper()
	var list, entities strings.Builder
	for i := range 1000 {
		sep := ","
		if i == 0 {
			sep = ""
		}
		fmt.Fprintf(&list, `%s{"id":"%d"}`, sep, i)
		fmt.Fprintf(&entities, `%s{"v":"a text of some length, number %d","w":{"x":[1,2,3,%d]}}`, sep, i, i)
	}
	answers := map[string][]byte{
		"a": []byte(`{"data":{"list":[` + list.String() + `],"other":1}}`),
		"b": []byte(`{"data":{"e":[` + entities.String() + `]}}`),
	}
	e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
		return &Response{Body: answers[req.Subgraph]}, nil
	}), Options{})
	r := e.start(parsePlan(t, twoFetches), Input{})
	r.fetchUnits(context.Background())
	return e, r
}

// However many objects there are, projection allocates the answer and next to nothing else.
func TestProjectionAllocatesTheAnswerOnly(t *testing.T) {
	e, r := projected(t)
	defer e.finish(r)
	if n := len(r.result().Data); n < 50_000 {
		t.Fatalf("only %d bytes were projected", n)
	}
	if got := testing.AllocsPerRun(100, func() { r.result() }); got > 10 {
		t.Errorf("projecting allocates %.0f times, want at most 10", got)
	}
}

func BenchmarkProject(b *testing.B) {
	e, r := projected(b)
	defer e.finish(r)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(r.result().Data)))
	}
}
