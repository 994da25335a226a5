package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/exec"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
	"medicore.dev/medicore/internal/principal"
)

const shop = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@authenticated", "@requiresScopes"])
enum Size { SMALL LARGE }
input Range { from: Int! to: Int sizes: [Size!] }
type Product @key(fields: "id") {
  id: ID!
  name: String!
  cost: Int @requiresScopes(scopes: [["billing:read"]])
  margin: Int! @requiresScopes(scopes: [["billing:read"]])
}
type Query {
  product(id: ID!): Product
  products(range: Range, sizes: [Size], limit: Int = 3, ratio: Float, live: Boolean): [Product!]!
  mine: Product @authenticated
}
type Mutation { rename(id: ID!, name: String!): Product }
type Subscription { changed: Product @authenticated }
`

// fetcher answers every fetch with what answer gives for its document.
type fetcher struct {
	mu     sync.Mutex
	bodies []string
	answer func(body string) string
	events []string
}

func (f *fetcher) Fetch(_ context.Context, req *exec.Request) (*exec.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies = append(f.bodies, string(req.Body))
	return &exec.Response{Body: []byte(f.answer(string(req.Body)))}, nil
}

func (f *fetcher) Subscribe(context.Context, *exec.Request) (exec.Stream, error) { return f, nil }

func (f *fetcher) Next(context.Context) ([]byte, error) {
	if len(f.events) == 0 {
		return nil, io.EOF
	}
	e := f.events[0]
	f.events = f.events[1:]
	return []byte(e), nil
}

func (f *fetcher) Close() error { return nil }

func newPipeline(t *testing.T, f exec.Fetcher, opt Options) *Pipeline {
	t.Helper()
	p := New(opt)
	if err := p.Swap(composed(t, shop), f); err != nil {
		t.Fatal(err)
	}
	return p
}

func composed(t *testing.T, sdl string) *supergraph.Supergraph {
	t.Helper()
	result, err := compose.Compose([]subgraph.Source{{Name: "shop", URL: "http://shop", SDL: sdl}})
	if err != nil {
		t.Fatal(err)
	}
	sg, err := supergraph.Read(result.SupergraphSDL)
	if err != nil {
		t.Fatal(err)
	}
	return sg
}

func as(t *testing.T, role principal.Role) context.Context {
	t.Helper()
	if role == "" {
		return t.Context()
	}
	who := authn.Caller{Subject: "x"}
	for _, s := range role.Scopes() {
		who.Scopes = append(who.Scopes, string(s))
	}
	return authn.NewContext(t.Context(), who)
}

// given reads variables; "": none.
func given(t testing.TB, variables string) (list []Variable) {
	t.Helper()
	if variables == "" {
		return nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(variables), &values); err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		list = append(list, Variable{name, value})
	}
	return list
}

func run(t *testing.T, p *Pipeline, role principal.Role, query, variables string) string {
	t.Helper()
	req := &Request{Query: query, Variables: given(t, variables)}
	ctx := as(t, role)
	op, f := p.Prepare(ctx, req)
	if f != nil {
		return string(f.JSON())
	}
	return executed(ctx, op)
}

func TestWhatACallerMayNotReadIsNullWithAnError(t *testing.T) {
	f := &fetcher{answer: func(body string) string {
		if strings.Contains(body, "cost") {
			return `{"data":{"product":{"name":"Desk","cost":5,"margin":1,"__typename":"Product","id":"1"}}}`
		}
		return `{"data":{"product":{"name":"Desk","__typename":"Product","id":"1"},"p":{"name":"Desk"},"q":{"__typename":"Product"}}}`
	}}
	p := newPipeline(t, f, Options{})
	for _, tt := range []struct {
		name  string
		role  principal.Role
		query string
		want  string
	}{
		{"who may read all reads all", principal.Billing, `{ product(id: 1) { name cost } }`, `{"data":{"product":{"name":"Desk","cost":5}}}`},
		{"who may not gets null and the reason", principal.Clinician, `{ product(id: 1) { cost name } }`, `{"data":{"product":{"cost":null,"name":"Desk"}},"errors":[{"message":"the caller may not read this","path":["product","cost"],"extensions":{"code":"FORBIDDEN"}}]}`},
		{"a non-null field takes its object along", principal.Clinician, `{ product(id: 1) { margin name } }`, `{"data":{"product":null},"errors":[{"message":"the caller may not read this","path":["product","margin"],"extensions":{"code":"FORBIDDEN"}}]}`},
		{"under an alias", principal.Clinician, `{ p: product(id: 1) { name } q: product(id: 1) { c: cost } }`, `{"data":{"p":{"name":"Desk"},"q":{"c":null}},"errors":[{"message":"the caller may not read this","path":["q","c"],"extensions":{"code":"FORBIDDEN"}}]}`},
		{"nobody needs a token", "", `{ mine { name } }`, `{"data":{"mine":null},"errors":[{"message":"a valid token is required","path":["mine"],"extensions":{"code":"UNAUTHENTICATED"}}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, p, tt.role, tt.query, "")
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	for _, b := range f.bodies[1:] {
		if strings.Contains(b, "cost") || strings.Contains(b, "margin") {
			t.Errorf("a denied field was asked for: %s", b)
		}
	}
	if got := run(t, newPipeline(t, f, Options{RejectDenied: true}), principal.Clinician, `{ product(id: 1) { name cost } }`, ""); !strings.Contains(got, "FORBIDDEN") || strings.Contains(got, `"data"`) {
		t.Errorf("rejecting answered %s", got)
	}
}

func TestAnErrorStandsAtItsFieldThoughOneBeforeItIsDenied(t *testing.T) {
	p := New(Options{})
	sdl := `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@authenticated"]) type Query { closed: Int @authenticated open: Int }`
	if err := p.Swap(composed(t, sdl), &fetcher{answer: func(string) string {
		return `{"data":{"open":null},"errors":[{"message":"broken","path":["open"]}]}`
	}}); err != nil {
		t.Fatal(err)
	}
	got := run(t, p, "", `{ closed open }`, "")
	for _, want := range []string{`"path":["closed"],"extensions":{"code":"UNAUTHENTICATED"}`, `"message":"broken","path":["open"]`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

func TestMembersStandWhereTheyAreFirstMetForTheObjectsType(t *testing.T) {
	p := New(Options{})
	if err := p.Swap(composed(t, zoo), &fetcher{answer: func(string) string {
		return `{"data":{"i":{"__typename":"A","i":{"__typename":"A","n":1,"only":2}}}}`
	}}); err != nil {
		t.Fatal(err)
	}
	got := run(t, p, "", `{ i { ... on B { i { type: __typename } } i { n } ... on A { i { ... on A { only } } } i { kind: __typename } } }`, "")
	if want := `{"data":{"i":{"i":{"n":1,"only":2,"kind":"A"}}}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestVariables(t *testing.T) {
	f := &fetcher{answer: func(string) string { return `{"data":{"products":[]}}` }}
	p := newPipeline(t, f, Options{})
	const q = `query($range: Range, $sizes: [Size], $limit: Int = 3, $ratio: Float, $live: Boolean) { products(range: $range, sizes: $sizes, limit: $limit, ratio: $ratio, live: $live) { id } }`
	for _, tt := range []struct{ name, given, sent, wrong string }{
		{name: "none: the default is sent", sent: `{"limit":3}`},
		{name: "all of the right types", given: `{"range":{"from":1,"sizes":["SMALL"]},"sizes":["LARGE",null],"limit":2,"ratio":2,"live":true}`, sent: `{"limit":2,"live":true,"range":{"from":1,"sizes":["SMALL"]},"ratio":2,"sizes":["LARGE",null]}`},
		{name: "null is a value", given: `{"limit":null}`, sent: `{"limit":null}`},
		{name: "one stands for a list of one", given: `{"sizes":"SMALL"}`, sent: `{"limit":3,"sizes":["SMALL"]}`},
		{name: "5.0 is an integer", given: `{"limit":5.0}`, sent: `{"limit":5}`},
		{name: "a text for a number", given: `{"limit":"5"}`, wrong: "variable $limit is not of type Int"},
		{name: "a number beyond 32 bits", given: `{"limit":2147483648}`, wrong: "variable $limit is not of type Int"},
		{name: "a fraction", given: `{"limit":1.5}`, wrong: "variable $limit is not of type Int"},
		{name: "a number for a truth", given: `{"live":1}`, wrong: "variable $live is not of type Boolean"},
		{name: "no such value", given: `{"sizes":["HUGE"]}`, wrong: "variable $sizes[0] is not a value of the enum Size"},
		{name: "a missing field", given: `{"range":{"to":3}}`, wrong: "variable $range.from of type Int! is required"},
		{name: "an unknown field", given: `{"range":{"from":3,"secret":1}}`, wrong: "variable $range has a field that Range does not have"},
		{name: "null where there must be something", given: `{"range":{"from":null}}`, wrong: "variable $range.from must not be null: its type is Int!"},
		{name: "not an object", given: `{"range":[1]}`, wrong: "variable $range is not an object of type Range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.bodies = nil
			got := run(t, p, "", q, tt.given)
			if tt.wrong != "" {
				if !strings.Contains(got, tt.wrong) || !strings.Contains(got, CodeBadInput) || strings.Contains(got, "secret") || len(f.bodies) > 0 {
					t.Errorf("got %s", got)
				}
				return
			}
			var body struct{ Variables json.RawMessage }
			if err := json.Unmarshal([]byte(f.bodies[0]), &body); err != nil {
				t.Fatal(err)
			}
			var sent, want any
			_ = json.Unmarshal(body.Variables, &sent)
			_ = json.Unmarshal([]byte(tt.sent), &want)
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("sent %s: %s", body.Variables, diff)
			}
		})
	}
}

// A subgraph gets an ID as a string, with the digits of a whole number.
func TestAnIDMayBeGivenAsANumber(t *testing.T) {
	f := &fetcher{answer: func(string) string { return `{"data":{"product":null}}` }}
	p := newPipeline(t, f, Options{})
	for given, sent := range map[string]string{`7`: `"7"`, `7.0`: `"7"`, `1e3`: `"1000"`, `-0`: `"0"`, `12345678901234567890`: `"12345678901234567890"`, `"7.0"`: `"7.0"`, `7.5`: ``, `true`: ``} {
		f.bodies = nil
		got := run(t, p, "", `query($id: ID!) { product(id: $id) { id } }`, `{"id":`+given+`}`)
		switch {
		case sent == "" && !strings.Contains(got, "variable $id is not of type ID"):
			t.Errorf("%s: %s", given, got)
		case sent != "" && (len(f.bodies) != 1 || !strings.Contains(f.bodies[0], `"variables":{"id":`+sent+`}`)):
			t.Errorf("%s: sent %s", given, f.bodies)
		}
	}
}

func TestRequestsThatCannotBeExecuted(t *testing.T) {
	p := newPipeline(t, &fetcher{}, Options{Limits: Limits{Tokens: 5000, Depth: 8, Aliases: 20, Roots: 20}})
	for _, tt := range []struct{ name, query, operation, want string }{
		{"no GraphQL", `{`, "", CodeParse},
		{"nothing", ``, "", CodeOperation},
		{"bad characters", "{ \x00 }", "", CodeParse},
		{"an unknown field", `{ nothing }`, "", CodeValidation},
		{"an unknown argument", `{ product(id: 1, x: 2) { id } }`, "", CodeValidation},
		{"an unknown type", `{ ... on Nothing { id } }`, "", CodeValidation},
		{"no such operation", `query A { __typename }`, "B", CodeOperation},
		{"which one", `query A { __typename } query B { __typename }`, "", CodeOperation},
		{"too many tokens", `{ ` + strings.Repeat("__typename ", 6000) + `}`, "", CodeLimit},
		{"fragments too deep in each other", `{ ` + strings.Repeat("... { ", 1100), "", CodeLimit},
		{"a subscription to nothing", `subscription { changed @skip(if: true) { id } }`, "", CodeOperation},
		{"too many aliases", `{ ` + strings.Repeat("a: __typename ", 5) + strings.Repeat("b: __typename ", 16) + `}`, "", CodeLimit},
		{"too many root fields", `{ ` + strings.Repeat("__typename ", 21) + `}`, "", CodeLimit},
		{"fragments in a circle", `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`, "", CodeValidation},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op, f := p.Prepare(t.Context(), &Request{Query: tt.query, OperationName: tt.operation})
			if f == nil || op != nil {
				t.Fatal("it was taken")
			}
			if code := f.Errors[0].Extensions["code"]; code != tt.want || f.Status != 400 {
				t.Errorf("got %v, status %d: %s", code, f.Status, f.JSON())
			}
		})
	}
}

func TestIntrospectionIsAnsweredOrOff(t *testing.T) {
	f := &fetcher{}
	q := `query($on: Boolean = true) { __type(name: "Size") { kind enumValues { name } fields { name } } __schema { queryType { name } } a: __typename @skip(if: $on) }`
	want := `{"data":{"__type":{"kind":"ENUM","enumValues":[{"name":"SMALL"},{"name":"LARGE"}],"fields":null},"__schema":{"queryType":{"name":"Query"}}}}`
	if got := run(t, newPipeline(t, f, Options{Introspection: true}), "", q, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := run(t, newPipeline(t, f, Options{}), "", q, ""); !strings.Contains(got, CodeIntrospection) {
		t.Errorf("off, it answered %s", got)
	}
	if got := run(t, newPipeline(t, f, Options{}), "", `{ __typename }`, ""); got != `{"data":{"__typename":"Query"}}` {
		t.Errorf("__typename answered %s", got)
	}
}

func TestBuiltInScalarsAreListedWhereTheyAreUsed(t *testing.T) {
	p := New(Options{Introspection: true})
	if err := p.Swap(composed(t, `type Query { n: Int }`), &fetcher{}); err != nil {
		t.Fatal(err)
	}
	got := run(t, p, "", `{ used: __type(name: "Int") { name } unused: __type(name: "Float") { name } introspection: __type(name: "Boolean") { name } __schema { types { name } } }`, "")
	if want := `{"data":{"used":{"name":"Int"},"unused":null,"introspection":{"name":"Boolean"},`; !strings.HasPrefix(got, want) || strings.Contains(got, "Float") || strings.Contains(got, `"ID"`) {
		t.Errorf("got %s", got)
	}
}

func TestSuggestionsOnlyWhereTheyAreOn(t *testing.T) {
	for _, on := range []bool{true, false} {
		got := run(t, newPipeline(t, &fetcher{}, Options{Suggestions: on}), "", `{ produkt(id: 1) { id } }`, "")
		if strings.Contains(got, "Did you mean") != on {
			t.Errorf("suggestions %v: %s", on, got)
		}
	}
}

func TestSubscriptions(t *testing.T) {
	f := &fetcher{events: []string{`{"data":{"changed":{"name":"Desk"}}}`, `{"data":{"changed":null}}`}}
	p := newPipeline(t, f, Options{})
	ctx := as(t, principal.Analyst)
	op, fail := p.Prepare(ctx, &Request{Query: `subscription { changed { name } }`})
	if fail != nil {
		t.Fatal(string(fail.JSON()))
	}
	events, fail := op.Subscribe(ctx)
	if fail != nil {
		t.Fatal(string(fail.JSON()))
	}
	defer events.Close()
	for _, want := range []string{`{"data":{"changed":{"name":"Desk"}}}`, `{"data":{"changed":null}}`} {
		got, err := events.Next(ctx)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if _, err := events.Next(ctx); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	if _, fail := p.Prepare(t.Context(), &Request{Query: `subscription { changed { name } }`}); fail == nil || fail.Status != 401 {
		t.Errorf("nobody may follow: %+v", fail)
	}
}

func TestThePlanIsShownToWhoAsksWhereThatIsAllowed(t *testing.T) {
	f := &fetcher{answer: func(string) string { return `{"data":{"product":null}}` }}
	for _, allowed := range []bool{true, false} {
		op, fail := newPipeline(t, f, Options{Plans: allowed}).Prepare(t.Context(), &Request{Query: `{ product(id: 1) { id } }`, WantPlan: true})
		if fail != nil {
			t.Fatal(string(fail.JSON()))
		}
		if got := executed(t.Context(), op); strings.Contains(got, "QueryPlan {") != allowed {
			t.Errorf("allowed %v: %s", allowed, got)
		}
	}
}

// channel is a fetcher whose events are pushed, for one subscription.
type channel struct {
	fetcher
	events chan string
}

func (c *channel) Subscribe(context.Context, *exec.Request) (exec.Stream, error) { return c, nil }

func (c *channel) Next(ctx context.Context) ([]byte, error) {
	select {
	case e, ok := <-c.events:
		if !ok {
			return nil, io.EOF
		}
		return []byte(e), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestASubscriptionGoesOnWhileTheNewSupergraphCanServeIt(t *testing.T) {
	const event = `{"data":{"changed":{"name":"Desk","cost":5}}}`
	for _, tt := range []struct{ name, sdl, want string }{
		{"the same", shop, event},
		{"a field more", shop + "extend type Query { more: Int }", event},
		{"a field of it is gone", strings.Replace(shop, "  name: String!\n", "", 1), "Cannot query field"},
		{"a field of it wants another scope", strings.Replace(shop, `cost: Int @requiresScopes(scopes: [["billing:read"]])`, `cost: Int @requiresScopes(scopes: [["user:admin"]])`, 1), "subscribe again"},
		{"there are none any more", strings.Replace(shop, "type Subscription { changed: Product @authenticated }", "", 1), "errors"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &channel{events: make(chan string, 1)}
			p := newPipeline(t, f, Options{})
			ctx := as(t, principal.Billing)
			op, fail := p.Prepare(ctx, &Request{Query: `subscription { changed { name cost } }`})
			if fail != nil {
				t.Fatal(string(fail.JSON()))
			}
			events, fail := op.Subscribe(ctx)
			if fail != nil {
				t.Fatal(string(fail.JSON()))
			}
			defer events.Close()
			f.events <- event
			if got, err := events.Next(ctx); err != nil || string(got) != event {
				t.Errorf("before the swap: %s %v", got, err)
			}
			if err := p.Swap(composed(t, tt.sdl), f); err != nil {
				t.Fatal(err)
			}
			f.events <- event
			if got, err := events.Next(ctx); err != nil || !strings.Contains(string(got), tt.want) {
				t.Errorf("after the swap: %s %v, want %s", got, err, tt.want)
			}
			if tt.want == event {
				close(f.events)
			}
			if _, err := events.Next(ctx); !errors.Is(err, io.EOF) {
				t.Errorf("at last: %v", err)
			}
		})
	}
}

func TestIntrospectionIsBounded(t *testing.T) {
	p := newPipeline(t, &fetcher{}, Options{Introspection: true, Limits: Limits{Tokens: 1_000_000, Aliases: 100_000, Selections: 1_000_000}})
	long := strings.Repeat("x", 20_000)
	types := "types { " + long + ": name }"
	for name, query := range map[string]string{
		"one root field":   "{ __schema { " + aliased(200, types) + "} }",
		"many root fields": "{ " + aliased(50, "__schema { "+aliased(4, types)+"} ") + "}",
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, p, "", query, ""); !strings.HasPrefix(got, `{"data":null,"errors":[{"message":"the response is larger`) || len(got) > 1000 {
				t.Errorf("%d bytes: %.300s", len(got), got)
			}
		})
	}
	if got := run(t, p, "", "{ a: __type(name: \"Size\") { "+strings.Repeat("enumValues { name } ", 1000)+"} }", ""); got != `{"data":{"a":{"enumValues":[{"name":"SMALL"},{"name":"LARGE"}]}}}` {
		t.Error(got)
	}
}

// aliased is the selection n times.
func aliased(n int, selection string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%d: %s ", i, selection)
	}
	return b.String()
}

func TestErrorsOfADocumentAreBounded(t *testing.T) {
	p := newPipeline(t, &fetcher{}, Options{})
	_, failed := p.Prepare(t.Context(), &Request{Query: "{ mine { " + strings.Repeat("nope ", 500) + "} }"})
	if failed == nil || len(failed.Errors) != maxErrors {
		t.Errorf("%+v", failed)
	}
}

// Few variables are looked for in turn and many through an index: both find the same.
func TestVariablesAreFoundHoweverManyThereAre(t *testing.T) {
	schema := composed(t, `type Query { a: Int }`).API()
	for _, n := range []int{1, few, few + 1, 3 * few} {
		var declared []string
		var given []Variable
		for i := range n {
			declared = append(declared, fmt.Sprintf("$v%d: Int = %d", i, -1-i))
			if i%3 != 1 { // the others have their defaults
				given = append(given, Variable{fmt.Sprint("v", i), json.RawMessage("7")}, Variable{fmt.Sprint("v", i), json.RawMessage(fmt.Sprint(i))})
			}
		}
		doc, err := parser.ParseQuery(&ast.Source{Input: "query(" + strings.Join(declared, ", ") + ") { a }"})
		if err != nil {
			t.Fatal(err)
		}
		vars, errs := coerceVariables(schema, doc.Operations[0], append(given, Variable{"unknown", json.RawMessage("1")}))
		if len(errs) > 0 || len(vars.list) != n {
			t.Fatalf("%d variables: %d are coerced, %v", n, len(vars.list), errs)
		}
		for i := range n {
			want := i // of two with one name the last
			if i%3 == 1 {
				want = -1 - i
			}
			name := fmt.Sprint("v", i)
			if text, ok := vars.Get(name); !ok || string(text) != fmt.Sprint(want) || vars.value(name) != int64(want) {
				t.Errorf("%d variables: %s is %s (%v), found %v, want %d", n, name, text, vars.value(name), ok, want)
			}
		}
		if _, ok := vars.Get("unknown"); ok || vars.value("unknown") != nil {
			t.Errorf("%d variables: one that is not declared is found", n)
		}
	}
}
