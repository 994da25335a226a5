package generate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"medicore.dev/medicore/gateway/federation/compose"
)

func TestTheSameSeedMakesTheSameSet(t *testing.T) {
	for i := range uint64(50) {
		a, b := Base(NewRandom(1, i)), Base(NewRandom(1, i))
		if diff := cmp.Diff(a.Sources(), b.Sources()); diff != "" {
			t.Fatalf("set %d (-first +again):\n%s", i, diff)
		}
	}
}

func TestEveryOperatorFindsAPlace(t *testing.T) {
	found := map[string]bool{}
	for i := range uint64(400) {
		s := Base(NewRandom(3, i))
		for n, op := range Operators { // on sets that others have broken already
			if n%2 == int(i)%2 && Apply(NewRandom(i, uint64(n)), s, op) {
				found[op.Name] = true
			}
		}
		s.Sources()
	}
	for _, op := range Operators {
		if !found[op.Name] {
			t.Errorf("operator %q changed nothing in 400 sets", op.Name)
		}
	}
}

func TestShrinkKeepsWhatIsLookedFor(t *testing.T) {
	s := Base(NewRandom(4, 1))
	s.Subgraphs[0].query(&Field{Name: "wanted", Type: "Int", Description: "Not needed."})
	small := Shrink(s, func(s *Set) bool {
		for _, sub := range s.Subgraphs {
			if sub.Type("Query").Field("wanted") != nil {
				return true
			}
		}
		return false
	})
	const want = "type Query {\n  wanted: Int\n}\n"
	if len(small.Subgraphs) != 1 || !strings.HasSuffix(small.Subgraphs[0].String(), want) {
		t.Errorf("got %v, want one subgraph ending in %q", small.Sources(), want)
	}
}

func TestBaseSetsAreWellFormedAndMostlyCompose(t *testing.T) {
	const sets = 300
	composed := 0
	for i := range uint64(sets) {
		sources := Base(NewRandom(2, i)).Sources()
		for _, s := range sources {
			if _, err := parser.ParseSchema(&ast.Source{Input: s.SDL}); err != nil {
				t.Fatalf("set %d: %v\n%s", i, err, s.SDL)
			}
		}
		if _, err := compose.Compose(sources); err == nil {
			composed++
		} else {
			t.Logf("set %d: %v", i, err)
		}
	}
	if composed < sets*6/10 {
		t.Errorf("%d of %d base sets compose, want most", composed, sets)
	}
}
