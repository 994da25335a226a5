package monolith

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2/ast"

	differential "medicore.dev/medicore/test/compose"
)

// paths brings the paths of errors into a form that can be compared. Which errors there are below a place that became
// null is free, so such an error counts as one of the place: each null is either explained by an error or not.
func paths(data any, list [][]any) []string {
	var out []string
	for _, path := range list {
		var text strings.Builder
		at := data
		for _, p := range path {
			if at == nil {
				break
			}
			fmt.Fprintf(&text, "/%v", p)
			switch p := p.(type) {
			case string:
				o, _ := at.(map[string]any)
				at = o[p]
			case float64:
				if l, _ := at.([]any); int(p) < len(l) {
					at = l[int(p)]
				} else {
					at = nil
				}
			}
		}
		out = append(out, text.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// difference tells how the federated answer differs from the monolith's.
func difference(want, got *Answer) string {
	var out strings.Builder
	for _, part := range []struct {
		name      string
		want, got any
	}{{"data", want.Data, got.Data}, {"errors", want.Errors, got.Errors}, {"calls", want.Calls, got.Calls}} {
		if reflect.DeepEqual(part.want, part.got) { // much faster
			continue
		}
		if part.name == "calls" && want.Data == nil && len(got.Calls) > len(want.Calls) && slices.Equal(want.Calls, got.Calls[:len(want.Calls)]) {
			continue // neighbours in one subgraph go in one request: what hides a value of the first comes too late
		}
		if diff := cmp.Diff(part.want, part.got, cmpopts.EquateEmpty()); diff != "" {
			out.WriteString(part.name + " differ (-monolith +federation)\n" + strings.ReplaceAll(diff, "\u00a0", " "))
		}
	}
	return out.String()
}

// sameSchema reports what our engine lets clients see differently from the schema that was generated.
func sameSchema(generated string, api *ast.Schema) error {
	want, err := differential.FactsOf(generated)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, differential.FactsOfSchema(api)); diff != "" {
		return fmt.Errorf("the API schema differs (-generated +engine)\n%s", diff)
	}
	return nil
}
