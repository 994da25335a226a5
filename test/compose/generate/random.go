package generate

import "math/rand/v2"

// Random is a source of choices.
type Random struct{ *rand.Rand }

// NewRandom returns the source of the given seed and number.
func NewRandom(seed, number uint64) Random { return Random{rand.New(rand.NewPCG(seed, number))} }

// Chance is true with the probability of percent in a hundred.
func (r Random) Chance(percent int) bool { return r.IntN(100) < percent }

// Between returns a number from low to high.
func (r Random) Between(low, high int) int { return low + r.IntN(high-low+1) }

// pick returns one of the list, or the zero value when it is empty.
func pick[T any](r Random, list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	return list[r.IntN(len(list))]
}

// some returns between one and all of the list, in order.
func some[T any](r Random, list []T) []T {
	var out []T
	for _, x := range list {
		if r.Chance(50) {
			out = append(out, x)
		}
	}
	if len(out) == 0 && len(list) > 0 {
		out = append(out, pick(r, list))
	}
	return out
}
