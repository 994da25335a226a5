//go:build e2e

package differential

import (
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/compose/generate"
)

// TestSpeed composes 50 subgraphs of 40 types each, all stages included, with our composer and the reference in turn. A
// composition is a command's work, so each round of the reference is a new process, as each of ours begins with a heap
// that is as good as empty. Processor time is compared, which other work on the machine does not change.
func TestSpeed(t *testing.T) {
	sources := generate.Wide(50).Sources()
	const rounds = 3
	var ours, theirs []float64
	for round := range rounds {
		used, took, grew := measured(t, sources)
		w := NewWorker("node")
		w.patience = 3 * time.Minute
		r, err := w.ask(t.Context(), questionOf(sources))
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		if r.Apollo.Verdict != OK {
			t.Fatalf("the reference: %s %v", r.Apollo.Verdict, r.Apollo.Messages)
		}
		t.Logf("round %d: ours %v, %v of the processor, heap of %d MB at the most; the reference %.0f ms, %.0f ms of the processor",
			round+1, took.Round(time.Millisecond), used.Round(time.Millisecond), grew>>20, r.MS, r.CPUMS)
		ours, theirs = append(ours, float64(used.Microseconds())/1000), append(theirs, r.CPUMS)
		if grew > 300<<20 {
			t.Errorf("composing took %d MB, want at most 300", grew>>20)
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	ratio := theirs[rounds/2] / ours[rounds/2]
	t.Logf("the reference needs %.0f times our processor time", ratio)
	if ratio < 20 {
		t.Errorf("our composer is only %.1f times as fast as the reference, want 20", ratio)
	}
}

// measured composes the subgraphs and returns the processor time, the time, and all the memory obtained meanwhile.
func measured(t *testing.T, sources []subgraph.Source) (used, took time.Duration, grew uint64) {
	t.Helper()
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, busy := time.Now(), processorTime(t)
	if _, err := compose.Compose(sources); err != nil {
		t.Fatal(err)
	}
	used, took = processorTime(t)-busy, time.Since(start)
	runtime.ReadMemStats(&after)
	return used, took, after.TotalAlloc - before.TotalAlloc
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
