package monolith

import "strings"

// kinds are the marks by which failures are told apart, the first that a failure has counts.
var kinds = []string{
	"deferred", "panic", "rejected", "invalid operation", "is external", "is resolved by another subgraph", " requires ", "lacks a key", "is of no object",
	"has keys of two objects", "has a wrong", "is not of an entity type", "which", "asked twice", "has a condition", "is not sent", "is sent but",
	"the world is wrong", "requests for a plan", "data differ", "calls differ", "errors differ",
}

// kind names a failure without what is peculiar to the case; "" for none.
func kind(failure string) string {
	for _, k := range kinds {
		if strings.Contains(failure, k) {
			return strings.TrimSpace(k)
		}
	}
	return ""
}
