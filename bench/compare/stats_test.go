package main

import (
	"math"
	"testing"
)

func TestRatiosOfMediansWithTheirInterval(t *testing.T) {
	for _, tt := range []struct {
		name             string
		a, b             []float64
		point, low, high float64
	}{
		{"twice in every round", []float64{2, 4, 6, 8, 10}, []float64{1, 2, 3, 4, 5}, 2, 2, 2},
		{"one round is disturbed for both", []float64{1, 1, 1, 1, 50}, []float64{2, 2, 2, 2, 100}, 0.5, 0.5, 0.5},
		{"one round is disturbed for one", []float64{1, 1, 1, 1, 9}, []float64{1, 1, 1, 1, 1}, 1, 1, 9},
		{"nothing is sure", []float64{1, 2, 3, 4, 5}, []float64{5, 4, 3, 2, 1}, 1, 0.2, 5},
	} {
		point, low, high := ratio(tt.a, tt.b)
		if math.Abs(point-tt.point) > 1e-9 || low < tt.low-1e-9 || low > point || high > tt.high+1e-9 || high < point {
			t.Errorf("%s: %v (%v-%v), want %v within %v-%v", tt.name, point, low, high, tt.point, tt.low, tt.high)
		}
	}
	if got := median([]float64{3, 1, 2, 10}); got != 2.5 {
		t.Errorf("the median of an even number is %v", got)
	}
}
