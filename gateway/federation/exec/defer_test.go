package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
)

// All that a deferred execution delivers, merged, is what the same operation gives without @defer: as one object for each
// part, and object by object.
func TestDeferredExecutionsAddUpToTheWhole(t *testing.T) {
	parts := 0
	overSupergraphs(t, func(t *testing.T, e *exec.Executor, fetcher *subgraphs, seed uint64) bool {
		n, planned := compareDeferred(t, e, fetcher, seed)
		parts += n
		return planned
	})
	if parts < 1000 {
		t.Errorf("only %d parts were delivered", parts)
	}
}

func compareDeferred(t *testing.T, e *exec.Executor, fetcher *subgraphs, seed uint64) (parts int, planned bool) {
	w := fetcher.world
	api := w.sg.API()
	g := &generator{schema: api, rand: rand.New(rand.NewPCG(seed, 4)), left: 25, defers: true}
	g.selection(api.Query, 0)
	text := g.b.String()
	doc, errs := gqlparser.LoadQueryWithRules(api, text, nil)
	if len(errs) > 0 {
		return 0, false
	}
	pre, err := operation.Prepare(api, doc, "", operation.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := pre.SpecialiseDeferred(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewPlanner(w.sg).Plan(t.Context(), op)
	if errors.Is(err, plan.ErrUnsatisfiable) {
		return 0, false
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want, _ := json.Marshal(w.execute(api, nil, doc, nil))
	m := collectDeferred(t, e, p, exec.Input{})
	for name, got := range map[string]any{"whole": m.whole, "items": m.items} {
		if diff := cmp.Diff(decode(t, want), got); diff != "" || len(fetcher.wrong) > 0 {
			t.Errorf("seed %d, %s (-without @defer +merged)\n%s\n%s\n%s\n%s\n%s", seed, name, text, diff, strings.Join(fetcher.wrong, "\n"), strings.Join(m.log, "\n"), plan.Print(p))
		}
	}
	if m.twice != "" {
		t.Errorf("seed %d: sent twice: %s\n%s\n%s", seed, m.twice, text, strings.Join(m.log, "\n"))
	}
	return m.parts, true
}

// merged is what a client makes of a deferred execution.
type merged struct {
	whole, items any
	parts        int
	log          []string
	twice        string // a place that the first result held already
}

func collectDeferred(t *testing.T, e *exec.Executor, p *plan.Plan, in exec.Input) *merged {
	t.Helper()
	first, d := e.ExecuteDeferred(t.Context(), p, in)
	m := &merged{whole: decode(t, first.Data), items: decode(t, first.Data), log: []string{string(first.Data)}}
	initial := decode(t, first.Data)
	for _, err := range first.Errors {
		m.log = append(m.log, err.Error())
	}
	if d == nil {
		return m
	}
	defer d.Close()
	told := map[int]exec.Place{}
	for _, pl := range d.Places {
		told[pl.ID] = pl
	}
	for list := d.Next(); list != nil; list = d.Next() {
		for _, dl := range list {
			m.parts++
			if _, ok := told[dl.ID]; !ok {
				t.Errorf("%d at %s came untold or twice", dl.ID, dl.Path)
			}
			delete(told, dl.ID)
			for _, pl := range dl.Next {
				told[pl.ID] = pl
			}
			m.log = append(m.log, dl.Path.String()+" "+dl.Label+" "+string(dl.Data))
			for _, err := range dl.Errors {
				m.log = append(m.log, err.Error())
			}
			if dl.Data == nil {
				continue
			}
			m.whole = mergeAt(t, m.whole, dl.Path, decode(t, dl.Data))
			for _, add := range dl.Items {
				at := append(slices.Clone(dl.Path), add.Path...)
				m.items = mergeAt(t, m.items, at, decode(t, add.Data))
				if o, ok := lookup(initial, at).(map[string]any); ok {
					fields, _ := decode(t, add.Data).(map[string]any)
					for name := range fields {
						if _, there := o[name]; there {
							m.twice = at.String() + " " + name
						}
					}
				}
			}
		}
	}
	if len(told) > 0 {
		t.Errorf("told but never delivered: %v", slices.Collect(maps.Values(told)))
	}
	return m
}

func lookup(v any, path ast.Path) any {
	for _, e := range path {
		switch e := e.(type) {
		case ast.PathName:
			o, _ := v.(map[string]any)
			v = o[string(e)]
		case ast.PathIndex:
			l, ok := v.([]any)
			if !ok || int(e) >= len(l) {
				return nil
			}
			v = l[e]
		}
	}
	return v
}

// mergeAt merges what is new into v at the path, which must be there.
func mergeAt(t *testing.T, v any, path ast.Path, data any) any {
	t.Helper()
	if len(path) == 0 {
		return deepMerge(v, data)
	}
	switch e := path[0].(type) {
	case ast.PathName:
		o, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("nothing is at %s", path)
		}
		o[string(e)] = mergeAt(t, o[string(e)], path[1:], data)
	case ast.PathIndex:
		l, ok := v.([]any)
		if !ok || int(e) >= len(l) {
			t.Fatalf("nothing is at %s", path)
		}
		l[e] = mergeAt(t, l[e], path[1:], data)
	}
	return v
}

func deepMerge(a, b any) any {
	switch b := b.(type) {
	case map[string]any:
		if o, ok := a.(map[string]any); ok {
			for k, v := range b {
				if old, there := o[k]; there {
					v = deepMerge(old, v)
				}
				o[k] = v
			}
			return o
		}
	case []any:
		if l, ok := a.([]any); ok && len(l) == len(b) {
			for i := range b {
				l[i] = deepMerge(l[i], b[i])
			}
			return l
		}
	}
	return b
}

const deferSchema = `
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query mutation: Mutation }
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
type Query @join__type(graph: A) @join__type(graph: B) { ts: [T] @join__field(graph: A) }
type Mutation @join__type(graph: A) { t: T }
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! name: String! @join__field(graph: A) sure: Int! @join__field(graph: B) perhaps: Int @join__field(graph: B)
  next: T @join__field(graph: A) need: Int! @join__field(graph: A) @join__field(graph: B, external: true) made: Int @join__field(graph: B, requires: "need")
}`

func TestErrorsOfDeferredParts(t *testing.T) {
	answers := map[string]string{"a": `{"data":{"ts":[{"id":"1","name":"x"},{"id":"2","name":null},null]},"errors":[{"message":"no name","path":["ts",1,"name"]}]}`}
	f := answering(answers)
	for _, tt := range []struct{ name, part, b, want string }{
		{
			"a null that may not be makes the part fail, and only it", `sure perhaps`,
			`{"data":{"_entities":[{"sure":null,"perhaps":1},{"sure":null}]},"errors":[{"message":"broken","path":["_entities",0,"sure"]},{"message":"elsewhere","path":["_entities",1,"sure"]}]}`,
			`ts[0] l failed: ts[0].sure broken`,
		},
		{
			"an error at a field that may be null is the part's", `perhaps`,
			`{"data":{"_entities":[{"perhaps":null},null]},"errors":[{"message":"broken","path":["_entities",0,"perhaps"]}]}`,
			`ts[0] l {"perhaps":null}: ts[0].perhaps broken`,
		},
		{
			"a subgraph that does not answer is told where the part is", `perhaps`, `x`,
			`ts[0] l {"perhaps":null}: ts[0] subgraph "b" sent an answer that is not valid JSON`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers["b"] = tt.b
			p := mustPlan(t, deferSchema, `{ ts { name ... @defer(label: "l") { `+tt.part+` } } }`)
			first, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), p, exec.Input{})
			if string(first.Data) != `{"ts":[{"name":"x"},null,null]}` || len(first.Errors) != 1 {
				t.Errorf("first %s %v", first.Data, first.Errors)
			}
			defer d.Close()
			got := ""
			for list := d.Next(); list != nil; list = d.Next() {
				got += deliveries(list)
			}
			// The second object is null and the third too: nothing can be delivered there.
			if diff := cmp.Diff("\n"+tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each part is for itself: clients may look at the errors of one only.
func TestWhatFailsForAllPlacesOfAPartIsToldAtEach(t *testing.T) {
	var many strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&many, `,{"message":"%d"}`, i)
	}
	for name, tt := range map[string]struct {
		b, want string
		errors  int
	}{
		"an answer that is none":    {`x`, "\nts[0]  {\"perhaps\":null}: ts[0] subgraph \"b\" sent an answer that is not valid JSON\nts[1]  {\"perhaps\":null}: ts[1] subgraph \"b\" sent an answer that is not valid JSON", 2},
		"more errors than are told": {`{"errors":[` + many.String()[1:] + `]}`, "", 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			f := answering{"a": `{"data":{"ts":[{"id":"1"},{"id":"2"}]}}`, "b": tt.b}
			_, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), mustPlan(t, deferSchema, `{ ts { id ... @defer { perhaps } } }`), exec.Input{})
			defer d.Close()
			list := d.Next()
			if got := deliveries(list); tt.want != "" && got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if n := len(list[0].Errors) + len(list[1].Errors); n != tt.errors {
				t.Errorf("%d errors", n)
			}
		})
	}
}

// What is asked for the sake of a part that comes later, and fails, takes nothing along of what comes before it. Where it
// cannot be asked without, since a mutation is not asked again, the null has its error.
func TestWhatALaterPartNeedsFails(t *testing.T) {
	for _, tt := range []struct {
		name, operation string
		answers         []string // of the first subgraph, in turn
		want            string
	}{
		{
			"the first result has the object", `{ ts { id ... @defer(label: "l") { made } } }`,
			[]string{`{"data":{"ts":[null]},"errors":[{"message":"broken","path":["ts",0,"need"]}]}`, `{"data":{"ts":[{"id":"1"}]}}`},
			`{"ts":[{"id":"1"}]}` + "\n" + `ts[0] l {"made":null}: ts[0].made broken`,
		},
		{
			"the part that the client asks for it in fails", `{ ts { id ... @defer(label: "l") { need made } } }`,
			[]string{`{"data":{"ts":[null]},"errors":[{"message":"broken","path":["ts",0,"need"]}]}`, `{"data":{"ts":[{"id":"1"}]}}`},
			`{"ts":[{"id":"1"}]}` + "\n" + `ts[0] l failed: ts[0].need broken: ts[0].made broken`,
		},
		{
			"the part around has the object", `{ ts { id ... @defer(label: "o") { next { id ... @defer(label: "i") { need made } } } } }`,
			[]string{`{"data":{"ts":[{"id":"1"}]}}`, `{"data":{"_entities":[{"next":null}]},"errors":[{"message":"broken","path":["_entities",0,"next","need"]}]}`, `{"data":{"_entities":[{"next":{"id":"2"}}]}}`},
			`{"ts":[{"id":"1"}]}` + "\n" + `ts[0] o {"next":{"id":"2"}}` + "\n" + `ts[0].next i failed: ts[0].next.need broken: ts[0].next.made broken`,
		},
		{
			"a mutation", `mutation { t { id ... @defer(label: "l") { need made } } }`,
			[]string{`{"data":{"t":null},"errors":[{"message":"broken","path":["t","need"]}]}`},
			`{"t":null}: t broken`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := tt.answers
			f := fetched(func(req *exec.Request) string {
				answer := `{"data":{"_entities":[{"need":null}]},"errors":[{"message":"broken","path":["_entities",0,"need"]}]}`
				if len(answers) > 0 {
					answer, answers = answers[0], answers[1:]
				}
				return answer
			})
			p := mustPlan(t, deferSchema, tt.operation)
			first, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), p, exec.Input{})
			got := string(first.Data) + told(first.Errors)
			if d != nil {
				defer d.Close()
				for list := d.Next(); list != nil; list = d.Next() {
					got += deliveries(list)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, plan.Print(p))
			}
		})
	}
}

// deliveries prints deliveries, one a line.
func deliveries(list []*exec.Delivery) (text string) {
	for _, dl := range list {
		data := string(dl.Data)
		if dl.Data == nil {
			data = "failed"
		}
		text += "\n" + dl.Path.String() + " " + dl.Label + " " + data + told(dl.Errors)
	}
	return text
}

func told(list gqlerror.List) (text string) {
	for _, err := range list {
		text += ": " + err.Path.String() + " " + err.Message
	}
	return text
}

// What one part delivered as null is null for another too that asks for more of it.
func TestNullStaysNullInOtherParts(t *testing.T) {
	delivered := make(chan struct{})
	f := fetched(func(req *exec.Request) string {
		if strings.Contains(string(req.Body), "name") {
			return `{"data":{"ts":[null,{"name":"x"}]},"errors":[{"message":"no name","path":["ts",0,"name"]}]}`
		}
		<-delivered
		return `{"data":{"ts":[{"id":"1"},{"id":"2"}]}}`
	})
	p := mustPlan(t, deferSchema, `{ __typename ... @defer { ts { name } } ... @defer { ts { id } } }`)
	_, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), p, exec.Input{})
	defer d.Close()
	next := func(want string) {
		if got := d.Next(); len(got) != 1 || string(got[0].Data) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	next(`{"ts":[null,{"name":"x"}]}`)
	close(delivered)
	next(`{"ts":[null,{"id":"2"}]}`)
}

// What one part delivered as an object stays one: where another must make it null, that fails as a whole.
func TestAnObjectStaysOneInOtherParts(t *testing.T) {
	delivered := make(chan struct{})
	f := fetched(func(req *exec.Request) string {
		if strings.Contains(string(req.Body), "sure") {
			<-delivered
			return `{"data":{"_entities":[{"sure":null}]},"errors":[{"message":"not sure","path":["_entities",0,"sure"]}]}`
		}
		return `{"data":{"ts":[{"id":"1"}]}}`
	})
	p := mustPlan(t, deferSchema, `{ __typename ... @defer(label: "a") { ts { sure } } ... @defer(label: "b") { ts { id } } }`)
	_, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), p, exec.Input{})
	defer d.Close()
	if got, want := deliveries(d.Next()), "\n"+` b {"ts":[{"id":"1"}]}`; got != want {
		t.Errorf("first %s, want %s", got, want)
	}
	close(delivered)
	if got, want := deliveries(d.Next()), "\n"+` a failed: ts[0].sure not sure`; got != want {
		t.Errorf("then %s, want %s", got, want)
	}
}

// answering is a fetcher that gives each subgraph's answer.
type answering map[string]string

func (a answering) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	return spoiling([]byte(a[req.Subgraph])), nil
}

func (a answering) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, errors.New("no stream")
}

// held blocks the fetches of one subgraph until their context ends.
type held struct {
	answering
	of    string
	began chan struct{}
}

func (h held) Fetch(ctx context.Context, req *exec.Request) (*exec.Response, error) {
	if req.Subgraph == h.of {
		close(h.began)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.answering.Fetch(ctx, req)
}

// The work grows with the number of places, not faster: searches among all places would take minutes here.
func TestPartsAtManyPlaces(t *testing.T) {
	const n = 30_000
	list := func(item string) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	var ts, names strings.Builder
	for i := range n {
		fmt.Fprintf(&ts, `,{"id":"%d"}`, i)
		fmt.Fprintf(&names, `,{"name":"%d"}`, i)
	}
	f := fetched(func(req *exec.Request) string {
		switch body := string(req.Body); {
		case !strings.Contains(body, "_entities"):
			return `{"data":{"ts":[` + ts.String()[1:] + `]}}`
		case req.Subgraph == "a":
			return `{"data":{"_entities":[` + names.String()[1:] + `]}}`
		}
		return `{"data":{"_entities":` + list(`{"sure":1}`) + `}}`
	})
	p := mustPlan(t, deferSchema, `{ ts { id ... @defer { name ... @defer { sure } } } }`)
	_, d := exec.New(f, exec.Options{}).ExecuteDeferred(t.Context(), p, exec.Input{})
	defer d.Close()
	for _, want := range []string{`{"name":"29999"}`, `{"sure":1}`} {
		if got := d.Next(); len(got) != n || string(got[n-1].Data) != want {
			t.Errorf("%d places, the last has %s, want %s", len(got), got[len(got)-1].Data, want)
		}
	}
	if d.More() {
		t.Error("there is more")
	}
}

// fetched is a fetcher of one function.
type fetched func(req *exec.Request) string

func (f fetched) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	return spoiling([]byte(f(req))), nil
}

func (f fetched) Subscribe(context.Context, *exec.Request) (exec.Stream, error) {
	return nil, errors.New("no stream")
}

func TestWhoLeavesCancelsTheParts(t *testing.T) {
	f := held{answering{"a": `{"data":{"ts":[{"id":"1"}]}}`}, "b", make(chan struct{})}
	ctx, leave := context.WithCancel(t.Context())
	p := mustPlan(t, deferSchema, `{ ts { id ... @defer { sure } } }`)
	_, d := exec.New(f, exec.Options{}).ExecuteDeferred(ctx, p, exec.Input{})
	go func() {
		<-f.began
		leave()
	}()
	if list := d.Next(); len(list) != 1 || list[0].Data != nil {
		t.Error("the part did not fail")
	}
	d.Close()
}
