//go:build e2e

package differential

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/test/compose/generate"
)

var (
	sets    = flag.Int("sets", 2000, "how many sets of subgraphs to generate")
	seed    = flag.Uint64("seed", 1, "of the generated sets")
	ways    = flag.Bool("ways", false, "only sets in which it is left to chance what can be reached")
	only    = flag.Int("only", -1, "the number of the one set to compare")
	workers = flag.Int("workers", 2, "Node processes")
	shrunk  = flag.String("shrink", "", "folder that takes the smallest set of each kind of disagreement")
)

// generated makes set number n: a valid one, broken up to three times. Every operator has its turn. Every third is one in
// which it is left to chance what can be reached.
func generated(n int) *generate.Set {
	r := generate.NewRandom(*seed, uint64(n))
	if *ways || n%3 == 2 {
		return generate.Ways(r)
	}
	s := generate.Base(r)
	times := r.IntN(4)
	if times > 0 && generate.Apply(r, s, generate.Operators[n%len(generate.Operators)]) {
		times--
	}
	for range times {
		generate.Mutate(r, s)
	}
	return s
}

// TestGeneratedSets composes generated sets with all composers.
func TestGeneratedSets(t *testing.T) {
	deviations := readDeviations(t)
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for n := range *sets {
			if *only < 0 || n == *only {
				numbers <- n
			}
		}
	}()
	var mu sync.Mutex
	var all []examined
	var running sync.WaitGroup
	for range *workers {
		running.Go(func() {
			w := NewWorker("node")
			defer w.Close()
			for n := range numbers {
				s := generated(n)
				e := examine(t, w, deviations, s.Sources())
				e.number, e.set = n, s
				mu.Lock()
				all = append(all, e)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	slices.SortFunc(all, func(a, b examined) int { return a.number - b.number })

	kinds := map[string][]examined{}
	accepted, guildAgrees, hung := 0, 0, 0
	for _, e := range all {
		if e.apollo.Verdict == OK {
			accepted++
		}
		if e.guild.Verdict == e.ours.Verdict && len(difference(e.guild.Codes, e.ours.Codes)) == 0 {
			guildAgrees++
		}
		if e.apollo.Verdict == HUNG {
			hung++
		} else if len(e.left) > 0 {
			kinds[e.kind()] = append(kinds[e.kind()], e)
		}
	}
	for kind, list := range kinds {
		e := list[0]
		t.Errorf("%d sets (first: number %d, %v): %s\n%s\nreference: %v\nours: %v", len(list), e.number, e.set.Operators, kind, strings.Join(e.left, "\n"), e.apollo.Messages, e.ours.Messages)
		if *shrunk != "" {
			save(t, deviations, kind, e)
		}
	}
	t.Log(coverage(all))
	t.Logf("%d sets, %d accepted by the reference, %d not answered in time; the other composer has our verdict and codes in %d", len(all), accepted, hung, guildAgrees)
	if hung > len(all)/100+1 {
		t.Errorf("the reference did not answer %d of %d sets in time", hung, len(all))
	}
}

// save writes the smallest set with the same kind of disagreement.
func save(t *testing.T, deviations []*Deviation, kind string, e examined) {
	t.Helper()
	w := NewWorker("node")
	defer w.Close()
	small := generate.Shrink(e.set, func(s *generate.Set) bool {
		again := examine(t, w, deviations, s.Sources())
		return again.kind() == kind
	})
	last := examine(t, w, deviations, small.Sources())
	archive := &txtar.Archive{Comment: fmt.Appendf(nil, "%s\n%v\n%s\nreference: %v\nours: %v\n\n", kind, e.set.Operators, strings.Join(last.left, "\n"), last.apollo.Messages, last.ours.Messages)}
	for _, s := range small.Sources() {
		archive.Files = append(archive.Files, txtar.File{Name: s.Name + ".graphqls", Data: []byte(s.SDL)})
	}
	name := filepath.Join(*shrunk, fmt.Sprintf("%d_%d.txtar", *seed, e.number))
	if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
