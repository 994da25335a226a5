package pipeline

import (
	"fmt"
	"testing"

	"medicore.dev/medicore/gateway/authn"
)

func TestTextsThatComeAgain(t *testing.T) {
	s := newSeen(10)
	text := func(i int) string { return fmt.Sprintf("{ f%d }", i) }
	for i := range 10 {
		if s.again(text(i)) {
			t.Errorf("%d has not come before", i)
		}
	}
	for i := range 10 {
		if !s.again(text(i)) {
			t.Errorf("%d has come before", i)
		}
	}
	for i := 10; i < 1000; i++ {
		if s.again(text(i)) {
			t.Errorf("%d has not come before", i)
		}
		if !s.again(text(i - 4)) {
			t.Errorf("%d was forgotten after 8 others", i-4)
		}
		if n := len(s.now) + len(s.before); n > 20 {
			t.Fatalf("%d texts are remembered", n)
		}
	}
	if s.again(text(0)) {
		t.Error("the first is remembered for ever")
	}
}

// An operation is kept from the second time on that it is asked for: a client that writes values into its operations fills no cache.
func TestWhatIsAskedOnceIsNotKept(t *testing.T) {
	w := &world{data: map[string]any{"one": 2}}
	p := pipelineOver(t, w, Options{}, map[string]string{"a": "type Query { one: Int }"})
	kept := func() string {
		e := p.engine.Load()
		return fmt.Sprint(e.documents.Len(), e.asked.Len(), e.plans.Len())
	}
	for i := range 50 {
		w.answer(t, p, authn.Caller{}, &Request{Query: fmt.Sprintf("{ a%d: one }", i)})
	}
	if got := kept(); got != "0 0 0" {
		t.Errorf("after 50 operations: %s documents, conditions and plans", got)
	}
	for _, want := range []string{"0 0 0", "1 1 1", "1 1 1"} {
		if w.answer(t, p, authn.Caller{}, &Request{Query: "{ one }"}); kept() != want {
			t.Errorf("one operation again and again: %s documents, conditions and plans, want %s", kept(), want)
		}
	}
	for range 2 {
		w.answer(t, p, authn.Caller{}, &Request{Query: "{ none }"})
	}
	if got := kept(); got != "2 1 1" {
		t.Errorf("an operation that is wrong: %s documents, conditions and plans", got)
	}
}
