package compose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConjunctionOfRequirements(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b, w dnf
	}{
		{"every pair", dnf{{"a"}, {"b"}}, dnf{{"c"}, {"d"}}, dnf{{"a", "c"}, {"a", "d"}, {"b", "c"}, {"b", "d"}}},
		{"a set that another covers is dropped", dnf{{"a"}, {"b"}}, dnf{{"a"}}, dnf{{"a"}}},
		{"nothing demanded", dnf{}, dnf{{"a"}}, dnf{{"a"}}},
		{"an empty set is always met", dnf{{"a"}, {}}, dnf{{"b"}}, dnf{{"b"}}},
		{"repetition", dnf{{"a", "a"}}, dnf{{"a"}}, dnf{{"a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.w, c.a.and(c.b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.w, c.b.and(c.a)); diff != "" {
				t.Errorf("the other way round (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImplicationOfRequirements(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b dnf
		want bool
	}{
		{"itself", dnf{{"a"}}, dnf{{"a"}}, true},
		{"more implies less", dnf{{"a", "b"}}, dnf{{"a"}}, true},
		{"less does not imply more", dnf{{"a"}}, dnf{{"a", "b"}}, false},
		{"every alternative must imply it", dnf{{"a"}, {"b"}}, dnf{{"a"}}, false},
		{"one implies a choice", dnf{{"a"}}, dnf{{"a"}, {"b"}}, true},
		{"anything implies nothing", dnf{{"a"}}, nil, true},
		{"nothing implies no demand", nil, dnf{{"a"}}, false},
	} {
		if got := c.a.implies(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestGraphValues(t *testing.T) {
	for name, want := range map[string]string{
		"foo": "FOO", "foo-a": "FOO_A", "1x": "_1X", "b_1": "B_1_", "é": "_", "a_": "A_", "x1": "X1", "a.b c": "A_B_C",
	} {
		if got := graphValue(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestCollate(t *testing.T) {
	for _, pair := range [][2]string{{"a", "b"}, {"a", "B"}, {"A", "b"}, {"a", "A"}, {"a_b", "ab"}, {"a1", "ab"}, {"link__Import", "listSize"}, {"T", "T1"}} {
		if collate(pair[0], pair[1]) >= 0 || collate(pair[1], pair[0]) <= 0 {
			t.Errorf("%q must come before %q", pair[0], pair[1])
		}
	}
}
