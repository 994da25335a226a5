package compose_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// withoutCases are the codes that no case in testdata/codes can show.
var withoutCases = map[spec.Code]string{
	spec.CodeUnsupportedLinkedFeature: "a supergraph that is loaded raises it, see gateway/federation/supergraph; for a subgraph, any specification may be linked",
	spec.CodeMaxPathsExceeded:         "it takes subgraphs too large to read, which TestTooManyWaysThroughTheSubgraphs makes",
}

// TestEveryCodeHasCases holds every code of an error to a case in testdata/codes that is rejected with it and one that
// is accepted, and every code of a hint to one in testdata/hints that raises it and one that does not.
func TestEveryCodeHasCases(t *testing.T) {
	want := map[string]bool{}
	check := func(folder string, code fmt.Stringer, with, without string) {
		name := strings.ToLower(code.String())
		raised := regexp.MustCompile(`(?m)^([A-Z]+ )?` + code.String() + `: `)
		for _, c := range []struct {
			ending         string
			raises, failed bool
		}{{with, true, folder == "codes"}, {without, false, false}} {
			file := filepath.Join("testdata", folder, name+"_"+c.ending+".txtar")
			want[file] = true
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Error(err)
				continue
			}
			sections := map[string]string{}
			for _, f := range archive.Files {
				sections[f.Name] = string(f.Data)
			}
			_, failed := sections["errors"]
			if failed != c.failed || raised.MatchString(sections["errors"]+sections["hints"]) != c.raises {
				t.Errorf("%s: fails is %t, want %t; raises %s is %t, want %t", file, failed, c.failed, code, !c.raises, c.raises)
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(spec.Codes)) {
		if withoutCases[code] == "" {
			check("codes", named(code), "rejected", "accepted")
		}
	}
	for _, code := range slices.Sorted(maps.Keys(compose.Hints)) {
		check("hints", named(code), "raised", "not_raised")
	}
	for _, folder := range []string{"codes", "hints"} {
		entries, err := os.ReadDir(filepath.Join("testdata", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if file := filepath.Join("testdata", folder, e.Name()); !want[file] {
				t.Errorf("%s is a case of no code", file)
			}
		}
	}
}

type named string

func (n named) String() string { return string(n) }

// TestTooManyWaysThroughTheSubgraphs makes the queries lead to an entity so often that its places, one in each subgraph,
// are too many to keep in mind.
func TestTooManyWaysThroughTheSubgraphs(t *testing.T) {
	const subgraphs = 201
	if err := composeEntity(subgraphs, 100); err != nil {
		t.Errorf("100 queries: %v", err)
	}
	err := composeEntity(subgraphs, 1_000_000/subgraphs+1)
	if err == nil || !strings.HasPrefix(err.Error(), string(spec.CodeMaxPathsExceeded)+": ") {
		t.Errorf("err = %v, want %s", err, spec.CodeMaxPathsExceeded)
	}
}

// composeEntity composes so many subgraphs that have one entity, the first with so many queries for it.
func composeEntity(subgraphs, queries int) error {
	var fields strings.Builder
	for i := range queries {
		fmt.Fprintf(&fields, "q%d: T\n", i)
	}
	var sources []subgraph.Source
	for i := range subgraphs {
		sources = append(sources, subgraph.Source{Name: fmt.Sprintf("s%03d", i), SDL: fmt.Sprintf(`
			extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
			type T @key(fields: "id") {
				id: ID!
				x%d: Int
			}`, i)})
	}
	sources[0].SDL += "\ntype Query {\n" + fields.String() + "}\n"
	_, err := compose.Compose(sources)
	return err
}
