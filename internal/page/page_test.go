package page

import (
	"slices"
	"testing"

	"medicore.dev/medicore/internal/fault"
)

func TestRead(t *testing.T) {
	n := func(i int) *int { return &i }
	s := func(s string) *string { return &s }
	for _, tt := range []struct {
		name          string
		first, last   *int
		after, before *string
		want          Page
		bad           bool
	}{
		{name: "without arguments the first twenty", want: Page{Limit: 20}},
		{name: "first after a cursor", first: n(5), after: s(Cursor("x", "k")), want: Page{Limit: 5, After: "k"}},
		{name: "last before a cursor", last: n(5), before: s(Cursor("x", "k:1")), want: Page{Limit: 5, Before: "k:1", Last: true}},
		{name: "none is a number too", first: n(0), want: Page{}},
		{name: "both ends", first: n(1), last: n(1), bad: true},
		{name: "too many", first: n(101), bad: true},
		{name: "negative", last: n(-1), bad: true},
		{name: "a cursor of another list", after: s(Cursor("y", "k")), bad: true},
		{name: "no cursor at all", after: s("?"), bad: true},
		{name: "an empty cursor", before: s(""), bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read("x", tt.first, tt.after, tt.last, tt.before)
			if tt.bad != (fault.CodeOf(err) == fault.Invalid) {
				t.Fatalf("got error %v", err)
			}
			if !tt.bad && got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCutAndNeighbours(t *testing.T) {
	forward, backward := Page{Limit: 2, After: "0"}, Page{Limit: 2, Last: true}
	if rows, more := Cut(forward, []int{1, 2, 3}); !slices.Equal(rows, []int{1, 2}) || !more {
		t.Errorf("forward %v %v", rows, more)
	}
	if rows, more := Cut(backward, []int{3, 2, 1}); !slices.Equal(rows, []int{2, 3}) || !more {
		t.Errorf("backward %v %v", rows, more)
	}
	if next, previous := forward.Neighbours(false); next || !previous {
		t.Errorf("forward neighbours %v %v", next, previous)
	}
	if next, previous := backward.Neighbours(true); next || !previous {
		t.Errorf("backward neighbours %v %v", next, previous)
	}
}
