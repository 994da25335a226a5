//go:build e2e

package differential

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/compose/generate"
)

// examined is the outcome of one set.
type examined struct {
	number              int
	set                 *generate.Set
	ours, apollo, guild Answer
	left                []string // of the difference, without what deviations excuse
	used                []*Deviation
}

// kind names the disagreement without what is peculiar to the set; "" when there is none.
func (e examined) kind() string {
	var verdict, codes []string
	for _, line := range e.left {
		words := strings.Fields(line)
		switch words[0] {
		case "verdict", "codes":
			verdict = append(verdict, line)
		case "hints":
			codes = append(codes, words[0]+" "+words[1])
		default:
			codes = append(codes, words[0])
		}
	}
	if len(verdict) > 0 {
		if e.apollo.Verdict == THROW {
			verdict = append(verdict, e.apollo.Messages...)
		}
		return strings.Join(verdict, ", ")
	}
	return strings.Join(slices.Compact(codes), ", ")
}

func examine(t *testing.T, w *Worker, deviations []*Deviation, sources []subgraph.Source) examined {
	t.Helper()
	apollo, guild, err := w.Compose(t.Context(), sources)
	if err != nil {
		t.Error(err)
		return examined{}
	}
	ours, err := Ours(sources)
	if err != nil {
		t.Error(err)
		return examined{}
	}
	e := examined{ours: ours, apollo: apollo, guild: guild}
	e.left, e.used = Unexcused(deviations, sources, ours, apollo, Compare(ours, apollo))
	e.left = append(e.left, orderMatters(t, sources, ours)...)
	if ours.Verdict == OK {
		reading, err := w.Read(t.Context(), ours.Supergraph)
		if err != nil {
			t.Error(err)
		} else if reading.Verdict != OK {
			e.left = append(e.left, "reading by the reference: "+strings.Join(reading.Messages, "; "))
		}
	}
	return e
}

// orderMatters composes the subgraphs in the opposite order.
func orderMatters(t *testing.T, sources []subgraph.Source, first Answer) []string {
	t.Helper()
	opposite := slices.Clone(sources)
	slices.Reverse(opposite)
	again, err := Ours(opposite)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		return []string{"order of the subgraphs matters: " + diff}
	}
	return nil
}
