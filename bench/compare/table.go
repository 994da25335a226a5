package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

// quiet is the most that other programs may use of the machine for a measurement to count, in parts of one core.
const quiet = 0.1

// table writes what was measured as Markdown.
type table struct {
	out      io.Writer
	failures []error
	loudest  float64 // most that others used in one turn, in parts of a core
	rounds   int
}

func (t *table) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }

func (t *table) head(b *bench, contenders []contender, absent []string) {
	t.rounds = b.rounds
	t.printf("# Gateways compared\n\n%s, %s/%s, %s\n%s\n", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.Version(), b.machine.describe())
	t.printf("%d interleaved rounds of %v for each gateway, %v before each thrown away; medians over the rounds; every answer is checked\n", b.rounds, b.measured, b.warm)
	t.printf("\n")
	for _, c := range contenders {
		t.printf("- %s: %s\n", c.name, c.about)
	}
	for _, sentence := range absent {
		t.printf("- %s\n", sentence)
	}
}

// column takes a number out of every turn.
func column(turns []turn, of func(turn) float64) []float64 {
	out := make([]float64, len(turns))
	for i, t := range turns {
		out[i] = of(t)
	}
	return out
}

func rate(t turn) float64       { return float64(t.requests) / t.elapsed.Seconds() }
func processor(t turn) float64  { return t.gateway.Seconds() * 1000 / float64(t.requests) * 1000 }
func upstreams(t turn) float64  { return float64(t.upstream) / float64(t.requests) }
func loadCore(t turn) float64   { return (t.load + t.servers).Seconds() / t.elapsed.Seconds() }
func gatewayUse(t turn) float64 { return t.gateway.Seconds() / t.elapsed.Seconds() }
func others(t turn) float64     { return t.others.Seconds() / t.elapsed.Seconds() }
func milliseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Millisecond)
}

// cell writes one table. Ratios say how many times the processor time of a request is that of ours which shares as much, and
// the requests per second.
func (t *table) cell(c *cell) {
	t.printf("\n## %s, %d connections\n\n%s; at least %d requests to subgraphs.\n\n", c.shape.Name, c.connections, c.shape.About, c.shape.Requests)
	t.printf("| gateway | CPU ÷ ours (95 %%) | requests/s ÷ ours (95 %%) | requests/s | p50 ms | p99 ms | CPU ms per 1,000 | peak RSS MiB | subgraph requests per request | gateway's core | load's core | others |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	base := map[string][]turn{}
	for _, r := range c.rows {
		if r.contender.ours {
			base[r.contender.sharing] = r.turns
		}
	}
	for _, r := range c.rows {
		if r.failed != nil {
			t.failures = append(t.failures, fmt.Errorf("%s, %d connections, %s: %w", c.shape.Name, c.connections, r.contender.name, r.failed))
			t.printf("| %s | failed | | | | | | | | | | |\n", r.contender.name)
			continue
		}
		of := func(f func(turn) float64) float64 { return median(column(r.turns, f)) }
		for _, turn := range r.turns {
			t.loudest = max(t.loudest, others(turn))
		}
		t.printf("| %s | %s | %s | %.0f | %.2f | %.2f | %.0f | %.0f | %.2f | %.0f %% | %.0f %% | %.0f %% |\n", r.contender.name,
			against(r.turns, base[r.contender.sharing], processor), against(r.turns, base[r.contender.sharing], rate),
			of(rate), of(func(t turn) float64 { return milliseconds(t.p50) }), of(func(t turn) float64 { return milliseconds(t.p99) }),
			of(processor), of(func(t turn) float64 { return t.peak }), of(upstreams), 100*of(gatewayUse), 100*of(loadCore), 100*of(others))
	}
}

// against is the ratio to ours with its interval, which few rounds do not give.
func against(turns, base []turn, f func(turn) float64) string {
	if len(base) == 0 {
		return ""
	}
	point, low, high := ratio(column(turns, f), column(base, f))
	if min(len(turns), len(base)) < 5 {
		return fmt.Sprintf("%.2f", point)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", point, low, high)
}

// foot says whether the figures count, and returns what failed.
func (t *table) foot() error {
	t.printf("\n")
	switch {
	case t.loudest > quiet:
		t.printf("**Not a result**: other programs used up to %.0f %% of a core during a turn.\n", 100*t.loudest)
	case t.rounds < 5:
		t.printf("**Not a result**: fewer than 5 rounds.\n")
	default:
		t.printf("Other programs used at most %.0f %% of a core during a turn.\n", 100*t.loudest)
	}
	for _, err := range t.failures {
		t.printf("\nFAILED: %v\n", err)
	}
	if len(t.failures) > 0 {
		return errors.New("not every gateway answered right")
	}
	return nil
}
