//go:build e2e

package monolith

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/test/monolith/generate"
	"medicore.dev/medicore/test/monolith/operations"
)

var (
	peerGraphs = flag.Int("peer-supergraphs", 30, "over how many supergraphs other gateways are asked too")
	peerOps    = flag.Int("peer-operations", 10, "how many operations over each")
	peerDir    = flag.String("peer-dir", "../interchange/node", "folder of the other gateways")
)

// standing is how a gateway did.
type standing struct {
	right, failed, unloaded int
	refused                 int // operations for which a subgraph got a request that it would refuse, or twice
	cheaper                 int // right answers, without such requests, that cost less than ours
	dearer                  int
	broken                  int // right answers with errors that cost less: a gateway may give up at the first error
}

// TestPeers has other gateways answer a sample of the operations, and compares what they cost where both are right: the
// plans of a gateway that tells them, else what was sent.
func TestPeers(t *testing.T) {
	oracle, err := NewOracle("node")
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	peers, err := NewPeers(*peerDir)
	if err != nil {
		t.Fatal(err)
	}
	defer peers.Close()
	pause := peers.Pause
	standings := map[string]*standing{"ours": {}}
	for _, name := range PeerNames {
		standings[name] = &standing{}
	}
	asked := 0
	var dear []string
	for n, used := uint64(0), 0; used < *peerGraphs; n++ {
		f := generate.New(*seed, n)
		if slices.ContainsFunc(f.Subgraphs, func(s subgraph.Source) bool { return strings.Contains(s.SDL, "@fromContext(") }) {
			continue // Apollo's gateway loads no supergraph with contexts
		}
		used++
		engine, err := NewEngine(f.Subgraphs, f.World)
		if errors.Is(err, ErrCompose) {
			continue // TestFederationEqualsMonolith reports it
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := oracle.Load(f.Schema, f.World); err != nil {
			t.Fatal(err)
		}
		unloaded, err := peers.Load(f.Subgraphs, f.World)
		if err != nil {
			t.Fatal(err)
		}
		for name, why := range unloaded {
			t.Logf("supergraph %d: %s cannot load it: %s", n, name, why)
		}
		for i := range uint64(*peerOps) {
			op, err := operations.Plain(engine.Supergraph.API(), *seed<<32+n, i)
			if err != nil {
				t.Fatal(err)
			}
			c := &Case{Subgraphs: f.Subgraphs, Schema: f.Schema, World: f.World, Operation: op.Text, Variables: op.Variables}
			want, err := oracle.Execute(op.Text, op.Variables)
			if err != nil {
				t.Fatal(err)
			}
			asked++
			ours, cost, err := peers.Execute(t.Context(), engine, c)
			if err != nil {
				t.Fatal(err)
			}
			if text := ours.differences(want); text != "" {
				t.Errorf("supergraph %d, operation %d:\n%s\n%s", n, i, op.Text, text)
				continue
			}
			standings["ours"].right++
			for _, name := range PeerNames {
				s := standings[name]
				if unloaded[name] != "" {
					s.unloaded++
					continue
				}
				got, err := peers.Ask(name, c)
				if err != nil {
					t.Logf("supergraph %d, operation %d: %s: %v", n, i, name, err)
					s.failed++
					continue
				}
				right := got.Failed == "" && difference(want, &got.Answer) == ""
				if right {
					s.right++
				}
				if len(got.Faults) > 0 {
					s.refused++
				}
				if !right || len(got.Faults) > 0 {
					continue
				}
				ours, cost, theirs := ours, cost, got.Cost
				switch {
				case got.Plan != nil:
					cost, theirs = ours.Plan.Cost, got.Plan
				case weigh(cost) > weigh(*theirs): // levels are seen by time: once more, slowly
					peers.Pause = 15 * time.Millisecond
					if ours, cost, err = peers.Execute(t.Context(), engine, c); err != nil {
						t.Fatal(err)
					}
					if again, err := peers.Ask(name, c); err == nil && again.Cost != nil {
						theirs = again.Cost
					}
					peers.Pause = pause
				}
				switch {
				case weigh(cost) < weigh(*theirs):
					s.dearer++
				case weigh(cost) > weigh(*theirs) && got.Plan == nil && len(want.Errors) > 0:
					s.broken++
				case weigh(cost) > weigh(*theirs):
					s.cheaper++
					dear = append(dear, fmt.Sprintf("supergraph %d, operation %d: ours %+v, %s %+v\n%s\n%s%s", n, i, cost, name, *theirs, op.Text, plan.Print(ours.Plan), got.Text))
				}
			}
		}
	}
	for _, name := range append([]string{"ours"}, PeerNames...) {
		s := standings[name]
		t.Logf("%-7s right %d of %d (%.1f %%), asks what a subgraph would refuse in %d, cannot load the supergraph in %d, fails in %d; costs more than ours in %d, less in %d, less where there are errors in %d",
			name, s.right, asked, 100*float64(s.right)/float64(max(asked, 1)), s.refused, s.unloaded, s.failed, s.dearer, s.cheaper, s.broken)
	}
	slices.Sort(dear)
	t.Logf("cheaper elsewhere:\n%s", strings.Join(dear, "\n"))
}

// weigh is the cost that planning minimises.
func weigh(c plan.Cost) int { return 1000*c.Requests + 700*c.Levels + c.Fields }
