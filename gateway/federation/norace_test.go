//go:build !race

package federation_test

// raced tells whether the race detector is in.
const raced = false
