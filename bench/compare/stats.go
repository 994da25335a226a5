package main

import (
	"math/rand/v2"
	"slices"
)

// median of the values, which it leaves alone.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}

// ratio is how many times b's median a's is, and between which values that lies in 95 of 100 draws of as many rounds as
// there were (bootstrap). Rounds are drawn for both together, since what disturbs the one of them disturbs the other.
func ratio(a, b []float64) (point, low, high float64) {
	n := min(len(a), len(b))
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same numbers give the same interval
	draws := make([]float64, 10_000)
	x, y := make([]float64, n), make([]float64, n)
	for d := range draws {
		for i := range n {
			k := random.IntN(n)
			x[i], y[i] = a[k], b[k]
		}
		draws[d] = median(x) / median(y)
	}
	slices.Sort(draws)
	return median(a[:n]) / median(b[:n]), draws[len(draws)*25/1000], draws[len(draws)*975/1000]
}
