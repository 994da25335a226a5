//go:build e2e

package differential

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

const testdata = "../../gateway/federation/compose/testdata"

// fixedCases are the subgraphs of every case of the composer's test data.
func fixedCases(t *testing.T) map[string][]subgraph.Source {
	t.Helper()
	cases := map[string][]subgraph.Source{}
	f, err := os.Open(testdata + "/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			ID        string
			Subgraphs map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		for name, sdl := range c.Subgraphs {
			cases[c.ID] = append(cases[c.ID], subgraph.Source{Name: name, URL: "http://" + name, SDL: sdl})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(testdata + "/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(path, testdata+"/"), ".txtar")
		for _, file := range archive.Files {
			if name, ok := strings.CutSuffix(file.Name, ".graphqls"); ok {
				cases[id] = append(cases[id], subgraph.Source{Name: name, URL: "http://" + name, SDL: string(file.Data)})
			}
		}
	}
	return cases
}

func readDeviations(t *testing.T) []*Deviation {
	t.Helper()
	list, err := Deviations()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFixedCases composes the composer's own test data with Apollo's composer. Every deviation must be needed by a case.
func TestFixedCases(t *testing.T) {
	worker := NewWorker("node")
	defer worker.Close()
	deviations := readDeviations(t)
	used := map[*Deviation]bool{}
	for id, sources := range fixedCases(t) {
		t.Run(id, func(t *testing.T) {
			e := examine(t, worker, deviations, sources)
			for _, d := range e.used {
				used[d] = true
			}
			for _, h := range e.apollo.Hints {
				if ours := compose.Hints[compose.HintCode(h.Code)].Level; string(ours) != h.Level {
					t.Errorf("%s is a hint of level %s, want %s", h.Code, ours, h.Level)
				}
			}
			if len(e.left) > 0 {
				t.Errorf("%s\nreference: %v\nours: %v", strings.Join(e.left, "\n"), e.apollo.Messages, e.ours.Messages)
			}
		})
	}
	for _, d := range deviations {
		if !used[d] {
			t.Errorf("no case needs the deviation %q: it is stale", d.Name)
		}
	}
}
