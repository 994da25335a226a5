//go:build e2e

package differential

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/spec"
)

// coverage is a table of the codes of errors and hints that the reference gave: in how many sets, after how many different
// operators, and after which ones most often. What nothing provoked comes last.
func coverage(all []examined) string {
	sets := map[string]int{}
	operators := map[string]map[string]int{}
	for _, e := range all {
		for _, code := range codesOf(e.apollo) {
			sets[code]++
			if operators[code] == nil {
				operators[code] = map[string]int{}
			}
			for _, op := range e.set.Operators {
				operators[code][op]++
			}
		}
	}
	var b strings.Builder
	b.WriteString("codes of the reference: sets, operators, the most frequent operators\n")
	for _, code := range slices.Sorted(maps.Keys(sets)) {
		names := slices.Collect(maps.Keys(operators[code]))
		slices.SortFunc(names, func(x, y string) int {
			return cmp.Or(operators[code][y]-operators[code][x], strings.Compare(x, y))
		})
		fmt.Fprintf(&b, "%-52s %5d %4d  %s\n", code, sets[code], len(names), strings.Join(names[:min(3, len(names))], ", "))
	}
	var never []string
	for code := range spec.Codes {
		if sets[string(code)] == 0 {
			never = append(never, string(code))
		}
	}
	for code := range compose.Hints {
		if sets[string(code)] == 0 {
			never = append(never, string(code))
		}
	}
	slices.Sort(never)
	fmt.Fprintf(&b, "never: %s\n", strings.Join(slices.Compact(never), ", "))
	return b.String()
}

func codesOf(a Answer) []string {
	codes := slices.Clone(a.Codes)
	for _, h := range a.Hints {
		codes = append(codes, h.Code)
	}
	return unique(codes)
}
