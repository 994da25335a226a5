package auth

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func TestConjunctionOfAlternatives(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b, w Alternatives
	}{
		{"every pair", Alternatives{{"a"}, {"b"}}, Alternatives{{"c"}, {"d"}}, Alternatives{{"a", "c"}, {"a", "d"}, {"b", "c"}, {"b", "d"}}},
		{"a set that another covers is dropped", Alternatives{{"a"}, {"b"}}, Alternatives{{"a"}}, Alternatives{{"a"}}},
		{"some are the same", Alternatives{{"a"}, {"b"}}, Alternatives{{"a"}, {"c"}}, Alternatives{{"a"}, {"b", "c"}}},
		{"nothing demanded", nil, Alternatives{{"a"}}, Alternatives{{"a"}}},
		{"an empty set is always met", Alternatives{{}}, Alternatives{{"b"}}, Alternatives{{"b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, pair := range [][2]Alternatives{{c.a, c.b}, {c.b, c.a}} {
				got, ok := pair[0].And(pair[1])
				if diff := cmp.Diff(c.w, got); diff != "" || !ok {
					t.Errorf("%v (-want +got):\n%s", ok, diff)
				}
			}
		})
	}
}

func TestMoreAlternativesThanCanBeLookedAtAreRefused(t *testing.T) {
	var a, b Alternatives
	for i := range 65 {
		a, b = append(a, []string{"a" + strconv.Itoa(i)}), append(b, []string{"b" + strconv.Itoa(i)})
	}
	if _, ok := a.And(b); ok {
		t.Error("65 times 65 were taken")
	}
	if got, ok := a[:64].And(b[:64]); !ok || len(got) != 4096 {
		t.Errorf("64 times 64: %d, %v", len(got), ok)
	}
}

func TestImplication(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Alternatives
		want bool
	}{
		{"itself", Alternatives{{"a"}}, Alternatives{{"a"}}, true},
		{"more implies less", Alternatives{{"a", "b"}}, Alternatives{{"a"}}, true},
		{"less does not imply more", Alternatives{{"a"}}, Alternatives{{"a", "b"}}, false},
		{"every alternative must imply it", Alternatives{{"a"}, {"b"}}, Alternatives{{"a"}}, false},
		{"one implies a choice", Alternatives{{"a"}}, Alternatives{{"a"}, {"b"}}, true},
		{"anything implies nothing", Alternatives{{"a"}}, nil, true},
		{"nothing implies no demand", nil, Alternatives{{"a"}}, false},
		{"nothing implies what everybody meets", nil, Alternatives{{}}, true},
	} {
		if got := c.a.Implies(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if (Requirement{Scopes: Alternatives{{"a"}}}).Implies(Requirement{Authenticated: true}) {
		t.Error("a scope is taken for @authenticated")
	}
}

func TestRead(t *testing.T) {
	names := Names{Authenticated: "authenticated", RequiresScopes: "scopes", Policy: "policy"}
	for _, c := range []struct {
		name, directives string
		want             Requirement
	}{
		{"none", "@other", Requirement{}},
		{"a caller", "@authenticated", Requirement{Authenticated: true}},
		{"choices in their order", `@scopes(scopes: [["c", "b", "b"], ["a"], ["b", "a"]])`, Requirement{Scopes: Alternatives{{"a"}, {"b", "c"}}}},
		{"both", `@scopes(scopes: [["a"]]) @policy(policies: [["p"]])`, Requirement{Scopes: Alternatives{{"a"}}, Policies: Alternatives{{"p"}}}},
		{"one without its list", `@scopes(scopes: "a")`, Requirement{Scopes: Alternatives{{"a"}}}},
		{"an empty list is met by everybody", `@scopes(scopes: [])`, Requirement{Scopes: Alternatives{{}}}},
		{"two of a kind", `@policy(policies: [["p"]]) @policy(policies: [["q"], ["r"]])`, Requirement{Policies: Alternatives{{"p", "q"}, {"p", "r"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := parser.ParseSchema(&ast.Source{Input: "scalar S " + c.directives})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := names.Read(doc.Definitions[0].Directives)
			if diff := cmp.Diff(c.want, got); diff != "" || !ok {
				t.Errorf("%v (-want +got):\n%s", ok, diff)
			}
			if got.None() != (c.want.Scopes.always() && c.want.Policies.always() && !c.want.Authenticated) {
				t.Errorf("none: %v", got.None())
			}
		})
	}
}
