package compose

import (
	"testing"
)

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
