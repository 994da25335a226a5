package generate

import (
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
