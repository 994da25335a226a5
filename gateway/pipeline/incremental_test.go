package pipeline

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/internal/principal"
)

const deferring = `query($on: Boolean) { products { id ... @defer(if: $on, label: "n") { name ... @defer { margin } } } }`

// later answers a list at once and what is asked of its entities after that; one entity has no margin.
func later(body string) string {
	switch {
	case !strings.Contains(body, "_entities"):
		return `{"data":{"products":[{"id":"1","name":"Desk","margin":1},{"id":"2","name":"Lamp","margin":2}]}}`
	case strings.Contains(body, "{name"):
		return `{"data":{"_entities":[{"name":"Desk"},{"name":"Lamp"}]}}`
	}
	return `{"data":{"_entities":[{"margin":1},{"margin":null}]},"errors":[{"message":"no margin","path":["_entities",1,"margin"]}]}`
}

func results(t *testing.T, p *Pipeline, ctx context.Context, req *Request) (got []string) { //nolint:revive // the context is of the caller in it
	t.Helper()
	op, failure := p.Prepare(ctx, req)
	if failure != nil {
		return []string{string(failure.JSON())}
	}
	if !op.Incremental() {
		return []string{executed(ctx, op)}
	}
	events := op.Increments(ctx)
	defer events.Close()
	for {
		body, err := events.Next(ctx)
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(body))
	}
}

func TestDeferredParts(t *testing.T) {
	const whole = `{"data":{"products":[{"id":"1","name":"Desk","margin":1},{"id":"2","name":"Lamp","margin":2}]}}`
	const noMargin = `{"message":"no margin","path":["products",1,"margin"],"extensions":{"code":"DOWNSTREAM_SERVICE_ERROR","serviceName":"shop"}}`
	billing := as(t, principal.Billing)
	for _, tt := range []struct {
		name string
		ctx  context.Context
		req  Request
		want []string
	}{
		{"are answered at once to who did not ask for them later", billing, Request{Query: deferring}, []string{whole}},
		{
			"come in Apollo's form", billing,
			Request{Query: deferring, Incremental: Incremental2022},
			[]string{
				`{"data":{"products":[{"id":"1"},{"id":"2"}]},"hasNext":true}`,
				`{"incremental":[{"label":"n","path":["products",0],"data":{"name":"Desk"}},{"label":"n","path":["products",1],"data":{"name":"Lamp"}}],"hasNext":true}`,
				`{"incremental":[{"path":["products",0],"data":{"margin":1}},{"path":["products",1],"data":null,"errors":[` + noMargin + `]}],"hasNext":false}`,
			},
		},
		{
			"come in the working group's form", billing,
			Request{Query: deferring, Incremental: IncrementalV02},
			[]string{
				`{"data":{"products":[{"id":"1"},{"id":"2"}]},"pending":[{"id":"0","path":["products",0],"label":"n"},{"id":"1","path":["products",1],"label":"n"}],"hasNext":true}`,
				`{"pending":[{"id":"2","path":["products",0]},{"id":"3","path":["products",1]}],"incremental":[{"id":"0","data":{"name":"Desk"}},{"id":"1","data":{"name":"Lamp"}}],"completed":[{"id":"0"},{"id":"1"}],"hasNext":true}`,
				`{"incremental":[{"id":"2","data":{"margin":1}}],"completed":[{"id":"2"},{"id":"3","errors":[` + noMargin + `]}],"hasNext":false}`,
			},
		},
		{
			"are no parts where the condition is false", billing,
			Request{Query: strings.Replace(deferring, "... @defer {", "... {", 1), Incremental: IncrementalV02, Variables: given(t, `{"on":false}`)},
			[]string{whole},
		},
		{
			"lead through what is there", billing,
			Request{Query: `{ products { id } ... @defer { products { name } } }`, Incremental: IncrementalV02},
			[]string{
				`{"data":{"products":[{"id":"1"},{"id":"2"}]},"pending":[{"id":"0","path":[]}],"hasNext":true}`,
				`{"incremental":[{"id":"0","subPath":["products",0],"data":{"name":"Desk"}},{"id":"0","subPath":["products",1],"data":{"name":"Lamp"}}],"completed":[{"id":"0"}],"hasNext":false}`,
			},
		},
		{
			"lead through what is there in one piece", billing,
			Request{Query: `{ products { id } ... @defer { products { name } } }`, Incremental: Incremental2022},
			[]string{
				`{"data":{"products":[{"id":"1"},{"id":"2"}]},"hasNext":true}`,
				`{"incremental":[{"path":[],"data":{"products":[{"name":"Desk"},{"name":"Lamp"}]}}],"hasNext":false}`,
			},
		},
		{
			"have labels of their own", billing,
			Request{Query: `query($l: String) { products { ... @defer(label: "a") { id } ... @defer(label: "a") { name } ... @defer(label: $l) { id } } }`},
			[]string{`{"errors":[{"message":"the label of @defer must be unique in the document: \"a\" is not","locations":[{"line":1,"column":67}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}},` +
				`{"message":"the label of @defer must not be a variable","locations":[{"line":1,"column":99}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, results(t, newPipeline(t, &fetcher{answer: later}, Options{}), tt.ctx, &tt.req)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeferredPartsOfWhatIsDeniedAreAnsweredAtOnce(t *testing.T) {
	p := newPipeline(t, &fetcher{answer: later}, Options{})
	got := results(t, p, as(t, principal.Analyst), &Request{Query: `{ products { id ... @defer { name cost } } }`, Incremental: IncrementalV02})
	if len(got) != 1 || !strings.Contains(got[0], `"name":"Desk"`) || !strings.Contains(got[0], `"cost":null`) || !strings.Contains(got[0], CodeForbidden) {
		t.Error(got)
	}
}
