package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/plan"
)

type fetchFunc func(ctx context.Context, req *Request) (*Response, error)

func (f fetchFunc) Fetch(ctx context.Context, req *Request) (*Response, error) { return f(ctx, req) }

func (f fetchFunc) Subscribe(context.Context, *Request) (Stream, error) {
	return nil, errors.New("no stream")
}

const twoFetches = `
fetch 0 a level=0
root Query{list:[T!]{id:ID!} other:Int}
fetch 1 b level=1 deps=0
entity e list
rep T{id!}
out T{v:String w:W{x:[Int]}}
data Query{list:[T!]{id:ID! v:String w:W{x:[Int]}} other:Int}`

// Whatever a subgraph answers is data or an error with a path: never a panic, never another entity's data.
func TestHostileAnswers(t *testing.T) {
	const good = `{"data":{"list":[{"id":1},{"id":2}],"other":3}}`
	nothing := `{"list":[{"id":"1","v":null,"w":null},{"id":"2","v":null,"w":null}],"other":3}`
	tests := []struct{ name, answer, data, path, message string }{
		{"not JSON", `<html><body>`, nothing, "list", "not valid JSON"},
		{"empty", ``, nothing, "list", "not valid JSON"},
		{"truncated", `{"data":{"e":[{"v":"a"},{"v":`, nothing, "list", "not valid JSON"},
		{"trailing bytes", `{"data":{"e":[null,null]}}{}`, nothing, "list", "not valid JSON"},
		{"a list", `[]`, nothing, "list", "not a GraphQL response"},
		{"no data and no errors", `{}`, nothing, "list", "without data"},
		{"data is a string", `{"data":"x"}`, nothing, "list", "not an object"},
		{"entities missing", `{"data":{}}`, nothing, "list", "without entities"},
		{"entities are an object", `{"data":{"e":{"0":{},"1":{},"length":2}}}`, nothing, "list", "one entity per representation"},
		{"one entity too many", `{"data":{"e":[{"v":"a"},{"v":"b"},{"v":"c"}]}}`, nothing, "list", "one entity per representation"},
		{"one entity too few", `{"data":{"e":[{"v":"a"}]}}`, nothing, "list", "one entity per representation"},
		{"nested too deeply", `{"data":{"e":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`, nothing, "list", "not valid JSON"},
		{"an entity is a list", `{"data":{"e":[[],{"v":"b"}]}}`, `{"list":[{"id":"1","v":null,"w":null},{"id":"2","v":"b","w":null}],"other":3}`, "list[0]", "not an object"},
		{"another type", `{"data":{"e":[{"__typename":"U","v":"a"},{"v":"b"}]}}`, `{"list":[{"id":"1","v":null,"w":null},{"id":"2","v":"b","w":null}],"other":3}`, "list[0]", "not possible"},
		{"a type that is no string", `{"data":{"e":[{"__typename":{},"v":"a"},null]}}`, nothing, "list[0]", "not possible"},
		{"duplicate keys", `{"data":{"e":[{"v":"a","v":"x"},{"\u0076":"b","v":"x"}],"e":[]}}`, `{"list":[{"id":"1","v":"a","w":null},{"id":"2","v":"b","w":null}],"other":3}`, "", ""},
		{"names of prototypes", `{"data":{"e":[{"__proto__":{"v":"x"},"constructor":1},{"v":"b","id":"9","other":9}],"other":9,"list":[]}}`, `{"list":[{"id":"1","v":null,"w":null},{"id":"2","v":"b","w":null}],"other":3}`, "", ""},
		{"a huge number", `{"data":{"e":[{"w":{"x":[1e400,` + strings.Repeat("9", 400) + `,7]}},null]}}`, `{"list":[{"id":"1","v":null,"w":{"x":[null,null,7]}},{"id":"2","v":null,"w":null}],"other":3}`, "list[0].w.x[0]", "invalid value"},
		{"an object for a leaf", `{"data":{"e":[{"v":{"v":"x"}},null]}}`, nothing, "list[0].v", "invalid value"},
		{"a leaf for an object", `{"data":{"e":[{"w":"x"},null]}}`, nothing, "list[0].w", "invalid value"},
		{"a list for an object", `{"data":{"e":[{"w":[{"x":[1]}]},null]}}`, nothing, "list[0].w", "invalid value"},
		{"text that is not UTF-8", "{\"data\":{\"e\":[{\"v\":\"a\xff\"},{\"v\":\"b\"}]}}", `{"list":[{"id":"1","v":null,"w":null},{"id":"2","v":"b","w":null}],"other":3}`, "list[0].v", "invalid value"},
		{"errors of a wrong form", `{"data":{"e":[null,null]},"errors":[1,{"message":2,"path":3,"extensions":4},{"path":[{}]},{"path":["e","x"]},{"path":["e",7,"v"]},{"path":["e",0,9,"v"]}]}`, nothing, "list", "reported an error"},
		{"errors without data", `{"errors":[{"message":"refused"}]}`, nothing, "list", "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
				if req.Subgraph == "a" {
					return &Response{Body: []byte(good)}, nil
				}
				return &Response{Body: []byte(tt.answer)}, nil
			}), Options{})
			res := e.Execute(t.Context(), parsePlan(t, twoFetches), Input{})
			if string(res.Data) != tt.data {
				t.Errorf("data is\n%s, want\n%s", res.Data, tt.data)
			}
			if tt.path == "" {
				if len(res.Errors) > 0 {
					t.Error(res.Errors)
				}
				return
			}
			if len(res.Errors) == 0 || res.Errors[0].Path.String() != tt.path || !strings.Contains(res.Errors[0].Message, tt.message) {
				t.Errorf("errors are %v", res.Errors)
			}
			if _, err := res.JSON(map[string]any{"x": 1}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPanicOfTheFetcherIsAnError(t *testing.T) {
	e := New(fetchFunc(func(context.Context, *Request) (*Response, error) { panic("secret") }), Options{})
	res := e.Execute(t.Context(), parsePlan(t, twoFetches), Input{})
	if len(res.Errors) == 0 || strings.Contains(res.Errors[0].Message, "secret") {
		t.Error(res.Errors)
	}
}

// Answers may arrive in any order: the response is the same bytes.
func TestArrivalOrderDoesNotMatter(t *testing.T) {
	const text = `
fetch 0 a level=0
root Query{list:[T!]{id:ID!} v:V{a:Int l:[Int]}}
fetch 1 b level=0
root Query{v:V{a:Int b:Int l:[Int]}}
fetch 2 c level=0
root Query{v:V{a:Int c:Int l:[Int]}}
fetch 3 d level=1 deps=0
entity e list
rep T{id!}
out T{x:Int}
fetch 4 e level=1 deps=0
entity e list
rep T{id!}
out T{x:Int y:Int}
data Query{list:[T!]{id:ID! x:Int y:Int} v:V{a:Int b:Int c:Int l:[Int]}}`
	answers := map[string]string{
		"a": `{"data":{"list":[{"id":1},{"id":2}],"v":{"a":1,"l":[1]}}}`,
		"b": `{"data":{"v":{"a":2,"b":2,"l":[1,2]}},"errors":[{"message":"from b"}]}`,
		"c": `{"data":{"v":{"a":3,"c":3,"l":null}}}`,
		"d": `{"data":{"e":[{"x":1},null]}}`,
		"e": `{"data":{"e":[{"x":2,"y":1},{"x":2,"y":2}]}}`,
	}
	want := ""
	for seed := range uint64(50) {
		order := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
			mu.Lock()
			turns := order.IntN(20)
			mu.Unlock()
			for range turns {
				c := make(chan struct{})
				go close(c)
				<-c
			}
			return &Response{Body: []byte(answers[req.Subgraph])}, nil
		}), Options{})
		got := render(t, e.Execute(t.Context(), parsePlan(t, text), Input{}))
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	}
}

func TestFetchesOfALevelRunAtTheSameTimeAndDependentsDoNotWaitForOtherLevels(t *testing.T) {
	const text = `
fetch 0 a level=0
root Query{x:T{id:ID!}}
fetch 1 slow level=0
root Query{y:Int}
fetch 2 c level=1 deps=0
entity e x
rep T{id!}
out T{v:Int}
data Query{x:T{v:Int} y:Int}`
	dependent := make(chan struct{})
	e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
		switch req.Subgraph {
		case "a":
			return &Response{Body: []byte(`{"data":{"x":{"id":1}}}`)}, nil
		case "c":
			close(dependent)
			return &Response{Body: []byte(`{"data":{"e":[{"v":1}]}}`)}, nil
		}
		<-dependent // would wait for ever if levels were barriers
		return &Response{Body: []byte(`{"data":{"y":2}}`)}, nil
	}), Options{})
	if got := string(e.Execute(t.Context(), parsePlan(t, text), Input{}).Data); got != `{"x":{"v":1},"y":2}` {
		t.Error(got)
	}
}

func TestAnAnswerThatWaitedForASkippedFetchIsMerged(t *testing.T) {
	const text = `
fetch 0 a level=0
root Query{x:T{id:ID!}}
fetch 1 slow level=0
root Query{y:T{id:ID!}}
fetch 2 c level=1 deps=1
entity e y
rep T{id!}
out T{v:Int}
fetch 3 d level=1 deps=0
entity e x
rep T{id!}
out T{v:Int}
data Query{x:T{v:Int} y:T{v:Int}}`
	dependent := make(chan struct{})
	e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
		switch req.Subgraph {
		case "a":
			return &Response{Body: []byte(`{"data":{"x":{"id":1}}}`)}, nil
		case "d":
			close(dependent)
			return &Response{Body: []byte(`{"data":{"e":[{"v":1}]}}`)}, nil
		}
		<-dependent
		return &Response{Body: []byte(`{"data":{"y":null}}`)}, nil
	}), Options{})
	if got := string(e.Execute(t.Context(), parsePlan(t, text), Input{}).Data); got != `{"x":{"v":1},"y":null}` {
		t.Error(got)
	}
}

func TestAStartedMutationIsNotCancelledAQueryIs(t *testing.T) {
	for _, kind := range []string{"query", "mutation"} {
		p := parsePlan(t, "operation "+kind+"\nfetch 0 a level=0 kind="+kind+"\nroot Query{x:Int}\ndata Query{x:Int}")
		ctx, cancel := context.WithCancel(t.Context())
		e := New(fetchFunc(func(ctx context.Context, req *Request) (*Response, error) {
			cancel()
			if req.Kind != ast.Operation(kind) {
				t.Error(req.Kind)
			}
			return &Response{Body: []byte(`{"data":{"x":1}}`)}, ctx.Err()
		}), Options{})
		want := map[string]string{"query": `{"x":null}`, "mutation": `{"x":1}`}[kind]
		if got := string(e.Execute(ctx, p, Input{}).Data); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

func TestIntrospectionAndTypeNameNeedNoSubgraph(t *testing.T) {
	p := parsePlan(t, "data Query{__typename s=schema:JSON}")
	f := &p.Data.Classes[0].Fields[1]
	f.Raw = true
	e := New(fetchFunc(nil), Options{})
	in := Input{Raw: map[plan.Key]json.RawMessage{f.Key: json.RawMessage(`{"types":[]}`)}}
	if got := string(e.Execute(t.Context(), p, in).Data); got != `{"__typename":"Query","s":{"types":[]}}` {
		t.Error(got)
	}
}

// The paths of errors tell which nulls are failures, so one entity's error is told wherever the entity is.
func TestAnErrorIsToldAtEveryPlaceOfItsEntity(t *testing.T) {
	const places = 3000
	list := strings.Repeat(`{"id":"1"},`, places-1) + `{"id":"1"}`
	answers := map[string]string{
		"a": `{"data":{"list":[` + list + `],"other":1}}`,
		"b": `{"data":{"e":[{"v":null}]},"errors":[{"message":"no v","path":["e",0,"v"]}]}`,
	}
	e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
		return &Response{Body: []byte(answers[req.Subgraph])}, nil
	}), Options{})
	res := e.Execute(t.Context(), parsePlan(t, twoFetches), Input{})
	if len(res.Errors) != places {
		t.Errorf("%d errors", len(res.Errors))
	}
}

// Linked entities make the output exponential in the depth of the selection, while answers stay small.
func TestOutputAndMemoryAreBounded(t *testing.T) {
	text := "fetch 0 a level=0\nroot Query{t:T{id:ID!}}\n"
	path := "t"
	for i := 1; i <= 24; i++ {
		text += fmt.Sprintf("fetch %d a level=%d deps=%d\nentity e %s\nrep T{id!}\nout T{n:[T!]{id:ID!}}\n", i, i, i-1, path)
		path += ".n"
	}
	sel := "{id:ID!}"
	for range 24 {
		sel = "{id:ID! n:[T!]" + sel + "}"
	}
	text += "data Query{t:T" + sel + "}"
	answer := func(_ context.Context, req *Request) (*Response, error) {
		if strings.Contains(string(req.Body), `"fetch 0"`) {
			return &Response{Body: []byte(`{"data":{"t":{"id":0}}}`)}, nil
		}
		var q graphqlRequest
		_ = json.Unmarshal(req.Body, &q)
		var reps []json.RawMessage
		_ = json.Unmarshal(q.Variables["e"], &reps)
		entity := `{"n":[{"id":1},{"id":1},{"id":2},{"id":2}]}`
		return &Response{Body: []byte(`{"data":{"e":[` + strings.Repeat(entity+",", len(reps)-1) + entity + `]}}`)}, nil
	}
	p := parsePlan(t, text)
	res := New(fetchFunc(answer), Options{MaxOutput: 1 << 20}).Execute(t.Context(), p, Input{})
	if string(res.Data) != "null" || res.Errors[0].Extensions["code"] != CodeTooLarge {
		t.Errorf("%d bytes of data, errors %v", len(res.Data), res.Errors)
	}
	res = New(fetchFunc(answer), Options{MaxArena: 64 << 10}).Execute(t.Context(), p, Input{})
	if len(res.Data) > 1000 || len(res.Errors) == 0 || !strings.Contains(res.Errors[0].Message, "more than one request may hold") {
		t.Errorf("%d bytes of data, errors %v", len(res.Data), res.Errors)
	}
}

func BenchmarkExecute(b *testing.B) {
	var list, entities strings.Builder
	for i := range 1000 {
		sep := ","
		if i == 0 {
			sep = ""
		}
		fmt.Fprintf(&list, `%s{"id":"%d"}`, sep, i%500)
		if i < 500 {
			fmt.Fprintf(&entities, `%s{"v":"a text of some length, number %d","w":{"x":[1,2,3,%d]}}`, sep, i, i)
		}
	}
	answers := map[string][]byte{
		"a": []byte(`{"data":{"list":[` + list.String() + `],"other":1}}`),
		"b": []byte(`{"data":{"e":[` + entities.String() + `]}}`),
	}
	e := New(fetchFunc(func(_ context.Context, req *Request) (*Response, error) {
		return &Response{Body: answers[req.Subgraph]}, nil
	}), Options{})
	p := parsePlan(b, twoFetches)
	b.ReportAllocs()
	for b.Loop() {
		res := e.Execute(context.Background(), p, Input{})
		if len(res.Errors) > 0 {
			b.Fatal(res.Errors)
		}
		b.SetBytes(int64(len(res.Data)))
	}
}

// What of an answer is told must not lie in its memory, which others get.
func TestNothingOfAnAnswerOutlivesIt(t *testing.T) {
	answer := `{"data":{"x":"kept"},"errors":[{"message":"kept","path":["x"],"extensions":{"more":{"a":"kept"},"code":"KEPT"}}]}`
	body := []byte(answer)
	e := New(fetchFunc(func(context.Context, *Request) (*Response, error) {
		return &Response{Body: body, Release: func() {
			for i := range body {
				body[i] = '#'
			}
		}}, nil
	}), Options{})
	got, err := e.Execute(t.Context(), parsePlan(t, "operation query\nfetch 0 a level=0 kind=query\nroot Query{x:String}\ndata Query{x:String}"), Input{}).JSON(nil)
	if err != nil || bytes.Contains(got, []byte("#")) || bytes.Count(got, []byte("kept")) != 3 {
		t.Errorf("%s %v", got, err)
	}
	if body[0] != '#' {
		t.Error("the answer was not released")
	}
}
