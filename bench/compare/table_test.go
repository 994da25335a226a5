package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTheTableSaysWhatItsFiguresAreWorth(t *testing.T) {
	rounds := func(n int, cpu, others time.Duration) (out []turn) {
		for range n {
			out = append(out, turn{requests: 1000, elapsed: time.Second, p50: time.Millisecond, p99: 2 * time.Millisecond, gateway: cpu, others: others, peak: 30, upstream: 6000})
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		n      int
		others time.Duration
		fails  error
		want   []string
	}{
		{"a quiet machine", 5, 50 * time.Millisecond, nil, []string{"| ours | 1.00 (1.00–1.00) |", "| other | 2.00 (2.00–2.00) | 1.00 (1.00–1.00) | 1000 | 1.00 | 2.00 | 400 | 30 | 6.00 |", "used at most 5 % of a core"}},
		{"other work", 5, 300 * time.Millisecond, nil, []string{"**Not a result**", "30 % of a core"}},
		{"few rounds", 4, 0, nil, []string{"| other | 2.00 | 1.00 |", "**Not a result**", "fewer than 5 rounds"}},
		{"a wrong answer", 5, 0, errors.New("the answer is wrong"), []string{"| other | failed |", "FAILED: deep, 50 connections, other: the answer is wrong"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			table := &table{out: &out, rounds: tt.n}
			table.cell(&cell{shape: *shape(t, "deep"), connections: 50, rows: []*row{
				{contender: contender{name: "ours", ours: true}, turns: rounds(tt.n, 200*time.Millisecond, tt.others)},
				{contender: contender{name: "other"}, turns: rounds(tt.n, 400*time.Millisecond, tt.others), failed: tt.fails},
			}})
			if err := table.foot(); (err != nil) != (tt.fails != nil) {
				t.Error(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, out.String())
				}
			}
		})
	}
}
