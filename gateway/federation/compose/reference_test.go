package compose_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"medicore.dev/medicore/gateway/federation/subgraph"
	differential "medicore.dev/medicore/test/compose"
)

// referenceCase is a composition with the verdict of the reference composer.
type referenceCase struct {
	ID        string
	Subgraphs map[string]string
	Verdict   string
	Codes     []string
	Hints     []string
}

func (c referenceCase) sources() []subgraph.Source {
	var out []subgraph.Source
	for name, sdl := range c.Subgraphs {
		out = append(out, subgraph.Source{Name: name, URL: "http://" + name, SDL: sdl})
	}
	return out
}

func readCases(t testing.TB) []referenceCase {
	t.Helper()
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []referenceCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c referenceCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// answer is what the reference composer said; when it threw, that is recorded in the place of codes.
func (c referenceCase) answer() differential.Answer {
	a := differential.Answer{Verdict: c.Verdict, Codes: c.Codes}
	if c.Verdict == differential.THROW {
		a.Codes, a.Messages = nil, c.Codes
	}
	for _, code := range c.Hints {
		a.Hints = append(a.Hints, differential.Hint{Code: code})
	}
	return a
}

// TestReferenceCases compares verdict, codes and hints with those of the reference composer, apart from the deviations
// that test/compose lists.
func TestReferenceCases(t *testing.T) {
	deviations, err := differential.Deviations()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range readCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			ours, err := differential.Ours(c.sources())
			if err != nil {
				t.Fatal(err)
			}
			theirs := c.answer()
			left, _ := differential.Unexcused(deviations, c.sources(), ours, theirs, differential.CompareVerdicts(ours, theirs))
			if len(left) > 0 {
				t.Errorf("%s\nours: %v", strings.Join(left, "\n"), ours.Messages)
			}
		})
	}
}
