package pipeline

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/authn"
)

// moving are subgraphs of which b takes a field over from a, under the label.
func moving(label string) map[string]string {
	return map[string]string{
		"a": `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
			type Query { t: T other: Int }
			type T @key(fields: "id") { id: ID! f: Int g: Int }`,
		"b": `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override"])
			type T @key(fields: "id") { id: ID! f: Int @override(from: "a", label: "` + label + `") }`,
	}
}

func movingWorld() *world {
	t := object("T", map[string]any{"id": "1", "f": 1, "g": 2})
	return &world{data: map[string]any{"t": t, "other": 3}, entities: map[string]map[string]any{"T 1": t}}
}

func TestALabelDecidesWhichSubgraphIsAsked(t *testing.T) {
	decide := func(on bool) func(context.Context, []string) map[string]bool {
		return func(_ context.Context, labels []string) map[string]bool {
			out := map[string]bool{}
			for _, l := range labels {
				out[l] = on
			}
			return out
		}
	}
	for _, tt := range []struct {
		name, label string
		overrides   Overrides
		moved       bool
	}{
		{"nobody", "percent(0)", Overrides{}, false},
		{"everybody", "percent(100)", Overrides{}, true},
		{"a name that is off", "beta", Overrides{On: []string{"gamma"}}, false},
		{"a name that is on", "beta", Overrides{On: []string{"gamma", "beta"}}, true},
		{"a name that the host turns on", "beta", Overrides{Decide: decide(true)}, true},
		{"a name that the host turns off", "beta", Overrides{On: []string{"beta"}, Decide: decide(false)}, false},
		{"the host beats the hash", "percent(100)", Overrides{Decide: decide(false)}, false},
		{"a host that does not tell", "beta", Overrides{On: []string{"beta"}, Decide: func(context.Context, []string) map[string]bool { return nil }}, true},
		{"percent that is configured", "percent(0)", Overrides{On: []string{"percent(0)"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := movingWorld()
			p := pipelineOver(t, w, Options{Overrides: tt.overrides}, moving(tt.label))
			got, asked := w.answer(t, p, authn.Caller{Subject: "x"}, &Request{Query: `{ t { f g } }`})
			if want := `{"data":{"t":{"f":1,"g":2}}}`; got != want {
				t.Errorf("got %s", got)
			}
			if moved := strings.Contains(asked, "b: "); moved != tt.moved {
				t.Errorf("asked %s", asked)
			}
		})
	}
}

func TestPercentIsThatMuchOfTheCallersAndKeepsThem(t *testing.T) {
	const callers = 4000
	on := map[float64]map[string]bool{}
	for _, n := range []float64{0.5, 5, 30, 95} {
		w := movingWorld()
		p := pipelineOver(t, w, Options{}, moving("percent("+strconv.FormatFloat(n, 'g', -1, 64)+")"))
		on[n] = map[string]bool{}
		for i := range callers {
			who := authn.Caller{Subject: "user" + strconv.Itoa(i) + "@example.com"}
			_, asked := w.answer(t, p, who, &Request{Query: `{ t { f } }`})
			if on[n][who.Subject] = strings.Contains(asked, "b: "); i%100 == 0 {
				if _, again := w.answer(t, p, who, &Request{Query: `{ t { f g } }`}); strings.Contains(again, "b: ") != on[n][who.Subject] {
					t.Errorf("%s changes sides", who.Subject)
				}
			}
		}
		count := 0.0
		for who, is := range on[n] {
			if is {
				count++
			}
			if on[5][who] && !is && n > 5 {
				t.Errorf("%s is among 5 percent and not among %g", who, n)
			}
		}
		// five standard deviations of a binomial distribution
		if want, off := callers*n/100, 5*math.Sqrt(callers*n/100*(1-n/100)); math.Abs(count-want) > off {
			t.Errorf("percent(%g): %g of %d callers, want %g ± %g", n, count, callers, want, off)
		}
		if plans := p.engine.Load().plans.Len(); plans > 4 {
			t.Errorf("%d plans for two operations and two sides", plans)
		}
	}
}

func TestLabelsThatCannotMatterAreNotAskedFor(t *testing.T) {
	var asked []string
	w := movingWorld()
	p := pipelineOver(t, w, Options{Overrides: Overrides{Decide: func(_ context.Context, labels []string) map[string]bool {
		asked = append(asked, labels...)
		return nil
	}}}, moving("beta"))
	w.answer(t, p, authn.Caller{}, &Request{Query: `{ other }`})
	if len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
	w.answer(t, p, authn.Caller{}, &Request{Query: `{ ...F } fragment F on Query { t { ... on T { g } } }`})
	if strings.Join(asked, " ") != "beta" {
		t.Errorf("asked for %v", asked)
	}
}
