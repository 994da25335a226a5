package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/authn"
)

const ruled = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy", "@requiresScopes"])
type Query {
  open: Int
  one: Int @policy(policies: [["office hours"]])
  either: Int @policy(policies: [["office hours", "same ward"], ["emergency"]])
  both: Int @policy(policies: [["emergency"]]) @requiresScopes(scopes: [["s"]])
  again: Int @policy(policies: [["office hours"]])
}
`

func TestPoliciesAreDecidedOnceByTheHost(t *testing.T) {
	w := &world{data: map[string]any{"open": 1, "one": 2, "either": 3, "both": 4, "again": 5}}
	nurse := authn.Caller{Subject: "n", Scopes: []string{"s"}}
	for _, tt := range []struct {
		name, query string
		who         authn.Caller
		met         []string
		asks, data  string
	}{
		{"nothing to decide", `{ open }`, nurse, nil, "", `{"open":1}`},
		{"met", `{ one again }`, nurse, []string{"office hours"}, "office hours", `{"one":2,"again":5}`},
		{"not met", `{ open one }`, nurse, []string{"emergency"}, "office hours", `{"open":1,"one":null}`},
		{"half of an alternative", `{ either }`, nurse, []string{"same ward"}, "emergency,office hours,same ward", `{"either":null}`},
		{"a whole alternative", `{ either }`, nurse, []string{"same ward", "office hours"}, "emergency,office hours,same ward", `{"either":3}`},
		{"the other alternative", `{ either }`, nurse, []string{"emergency"}, "emergency,office hours,same ward", `{"either":3}`},
		{"for nobody too", `{ one }`, authn.Caller{}, []string{"office hours"}, "office hours", `{"one":2}`},
		{"with a scope", `{ both }`, nurse, []string{"emergency"}, "emergency", `{"both":4}`},
		{"without the scope", `{ both }`, authn.Caller{Subject: "n"}, []string{"emergency"}, "emergency", `{"both":null}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var calls []string
			p := pipelineOver(t, w, Options{Policies: func(ctx context.Context, policies []string) (map[string]bool, error) {
				if authn.FromContext(ctx).Subject != tt.who.Subject {
					t.Error("the host is not told who calls")
				}
				calls = append(calls, strings.Join(policies, ","))
				met := map[string]bool{}
				for _, name := range policies {
					met[name] = slices.Contains(tt.met, name)
				}
				return met, nil
			}}, map[string]string{"a": ruled})
			for range 2 { // the second time the plan is kept
				calls = nil
				got, _ := w.answer(t, p, tt.who, &Request{Query: tt.query})
				if !strings.HasPrefix(got, `{"data":`+tt.data) {
					t.Errorf("got %s, want %s", got, tt.data)
				}
				if asks := strings.Join(calls, " | "); asks != tt.asks {
					t.Errorf("the host was asked for %q, want %q", asks, tt.asks)
				}
			}
		})
	}
}

func TestWithoutAHostNoPolicyIsMet(t *testing.T) {
	w := &world{data: map[string]any{"one": 2}}
	got, asked := w.answer(t, pipelineOver(t, w, Options{}, map[string]string{"a": ruled}), authn.Caller{Subject: "n", Policies: []string{"office hours"}}, &Request{Query: `{ one }`})
	if !strings.Contains(got, `"one":null`) || !strings.Contains(got, CodeForbidden) || asked != "" {
		t.Errorf("got %s after %s", got, asked)
	}
}

func TestPoliciesThatCannotBeDecidedFailTheRequest(t *testing.T) {
	w := &world{data: map[string]any{"one": 2}}
	p := pipelineOver(t, w, Options{Policies: func(context.Context, []string) (map[string]bool, error) {
		return map[string]bool{"office hours": true}, errors.New("no answer for Jane")
	}}, map[string]string{"a": ruled})
	got, asked := w.answer(t, p, authn.Caller{}, &Request{Query: `{ one }`})
	if !strings.Contains(got, CodePolicies) || strings.Contains(got, "Jane") || asked != "" {
		t.Errorf("got %s after %q", got, asked)
	}
}

func TestThePlanIsKeptByWhatIsMetAndNotByWhoCalls(t *testing.T) {
	w := &world{data: map[string]any{"one": 2}}
	p := pipelineOver(t, w, Options{Policies: authn.Policies}, map[string]string{"a": ruled})
	for _, who := range []authn.Caller{{Subject: "a"}, {Subject: "b"}, {Subject: "c", Policies: []string{"office hours"}}, {Subject: "d", Policies: []string{"office hours", "x"}}} {
		w.answer(t, p, who, &Request{Query: `{ one }`})
	}
	if n := p.engine.Load().plans.Len(); n != 2 {
		t.Errorf("%d plans for those who meet it and those who do not", n)
	}
}
