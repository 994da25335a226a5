package monolith

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Coverage counts the operations that used each feature.
type Coverage map[string]int

// Add notes what one operation used.
func (c Coverage) Add(features ...map[string]bool) {
	for _, set := range features {
		for name, used := range set {
			if used {
				c[name]++
			}
		}
	}
}

// Never lists the expected features that no operation used.
func (c Coverage) Never() []string {
	var out []string
	for _, name := range Expected {
		if c[name] == 0 {
			out = append(out, name)
		}
	}
	return out
}

func (c Coverage) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%8d  %s\n", c[name], name)
	}
	fmt.Fprintf(&b, "never: %s\n", strings.Join(c.Never(), ", "))
	return b.String()
}

// Expected are the features that a run of the usual size must have used.
var Expected = []string{
	"@key simple", "@key composite", "@key nested", "@key composite nested", "@key one of several", "@key that is null", "@key on an interface",
	"@external", "external key member of an extension", "extension of an entity", "@extends on a type", "Federation 1",
	"@requires", "@requires with arguments", "@requires nested", "@requires through fragments", "@requires of several fields",
	"@provides", "@provides used", "@provides nested", "@provides through fragments",
	"@shareable", "@override", "@override with label", "@inaccessible", "@inaccessible on a type", "@interfaceObject on a type",
	"@context on a type", "@fromContext", "@fromContext nested", "@fromContext with arguments", "@fromContext through fragments", "@fromContext of a list",
	"@fromContext twice", "@fromContext of two contexts", "context set farther above", "context that is null", "context that fails",
	"field of a interface", "field of a union", "list of lists", "empty list", "null", "null where null is not allowed",
	"requirement that fails", "requirement that is missing", "@authenticated", "@tag", "siblings with one name and different arguments",
	"resolver fails", "non-null resolver fails", "entity that resolves to null",
	"enum that subgraphs know differently", "argument that subgraphs know differently", "root type with another name", "@defer", "several parts", "part that fails",
	"query", "mutation", "variable", "variable with default", "variable nested in an argument", "argument",
	"named fragment", "fragment without type", "fragment on an object", "fragment on an interface", "fragment on a union",
	"fragment fragment on an object", "fragment fragment on an interface", "fragment fragment on a union",
	"alias", "alias of __typename", "alias spelled like a field", "__typename",
	"@skip with a literal on a field", "@skip with a variable on a field", "@skip with a literal on a inline fragment",
	"@skip with a variable on a inline fragment", "@skip with a literal on a spread", "@skip with a variable on a spread",
	"@include with a literal on a field", "@include with a variable on a field", "@include with a literal on a inline fragment",
	"@include with a variable on a inline fragment", "@include with a literal on a spread", "@include with a variable on a spread",
}
