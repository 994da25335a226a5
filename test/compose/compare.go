package differential

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"medicore.dev/medicore/gateway/federation/compose"
	"medicore.dev/medicore/gateway/federation/subgraph"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Ours composes the subgraphs with our own composer.
func Ours(sources []subgraph.Source) (Answer, error) {
	result, err := compose.Compose(sources)
	if err != nil {
		var list compose.Errors
		if !errors.As(err, &list) {
			return Answer{}, fmt.Errorf("Compose returned a %T, want compose.Errors: %w", err, err)
		}
		a := Answer{Verdict: ERR}
		for _, e := range list {
			a.Codes = append(a.Codes, string(e.Code))
			a.Messages = append(a.Messages, e.String())
		}
		slices.Sort(a.Codes)
		a.Codes = slices.Compact(a.Codes)
		return a, nil
	}
	a := Answer{Verdict: OK, Supergraph: result.SupergraphSDL}
	for _, h := range result.Hints {
		a.Hints = append(a.Hints, Hint{Code: string(h.Code), Coordinate: h.Coordinate})
	}
	return a, nil
}

// Difference is what distinguishes our answer from the reference's. The zero value says nothing does.
type Difference struct {
	Verdict    string   // "OK, want ERR"
	Codes      []string // "-CODE" when only theirs has it, "+CODE" when only ours has
	Hints      []string // likewise "-CODE at", "+CODE at"
	Supergraph []string // facts likewise
	API        []string // likewise
	Unreadable string   // our engine does not read a supergraph
}

// Empty reports that there is no difference.
func (d Difference) Empty() bool { return d.String() == "" }

func (d Difference) String() string {
	var b strings.Builder
	if d.Verdict != "" {
		fmt.Fprintf(&b, "verdict %s\n", d.Verdict)
	}
	for _, part := range []struct {
		name  string
		lines []string
	}{{"codes", d.Codes}, {"hints", d.Hints}, {"supergraph", d.Supergraph}, {"API schema", d.API}} {
		for _, line := range part.lines {
			fmt.Fprintf(&b, "%s %s\n", part.name, line)
		}
	}
	if d.Unreadable != "" {
		fmt.Fprintf(&b, "unreadable: %s\n", d.Unreadable)
	}
	return b.String()
}

// CompareVerdicts tells how our verdict, errors and hints differ from the reference's.
func CompareVerdicts(ours, theirs Answer) Difference {
	var d Difference
	if ours.Verdict != theirs.Verdict {
		d.Verdict = ours.Verdict + ", want " + theirs.Verdict
	}
	d.Codes = difference(theirs.Codes, ours.Codes)
	if d.Verdict == "" && ours.Verdict == OK {
		d.Hints = differentHints(theirs.Hints, ours.Hints)
	}
	return d
}

// Compare tells how our answer differs from the reference's.
func Compare(ours, theirs Answer) Difference {
	d := CompareVerdicts(ours, theirs)
	if d.Verdict != "" || ours.Verdict != OK {
		return d
	}
	mine, err := supergraph.Read(ours.Supergraph)
	if err != nil {
		d.Unreadable = "our own supergraph: " + err.Error()
		return d
	}
	other, err := supergraph.Read(theirs.Supergraph)
	if err != nil {
		d.Unreadable = "the reference's supergraph: " + err.Error()
		return d
	}
	d.Supergraph = differentSDL(theirs.Supergraph, ours.Supergraph)
	api, err := FactsOf(theirs.API)
	if err != nil {
		d.API = []string{"-unreadable: " + err.Error()}
		return d
	}
	if d.API = difference(api, FactsOfSchema(mine.API())); len(d.API) == 0 {
		for _, line := range difference(api, FactsOfSchema(other.API())) {
			d.API = append(d.API, "read from the reference's supergraph: "+line)
		}
	}
	return d
}

func differentSDL(theirs, ours string) []string {
	want, err := FactsOf(theirs)
	if err != nil {
		return []string{"-unreadable: " + err.Error()}
	}
	got, err := FactsOf(ours)
	if err != nil {
		return []string{"+unreadable: " + err.Error()}
	}
	return difference(want, got)
}

// differentHints compares codes, and the coordinates of a code where both sides name all of them.
func differentHints(theirs, ours []Hint) []string {
	byCode := func(list []Hint) (codes []string, at map[string][]string) {
		at = map[string][]string{}
		for _, h := range list {
			codes = append(codes, h.Code)
			at[h.Code] = append(at[h.Code], h.Coordinate)
		}
		return codes, at
	}
	wantCodes, want := byCode(theirs)
	gotCodes, got := byCode(ours)
	out := difference(unique(wantCodes), unique(gotCodes))
	for _, code := range unique(wantCodes) {
		if len(got[code]) == 0 || slices.Contains(want[code], "") || slices.Contains(got[code], "") {
			continue
		}
		for _, line := range difference(unique(want[code]), unique(got[code])) {
			out = append(out, line[:1]+code+" "+line[1:])
		}
	}
	return out
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// difference lists what only one of two sorted lists has, counting repetitions.
func difference(want, got []string) []string {
	var out []string
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0] < got[0]:
			out = append(out, "-"+want[0])
			want = want[1:]
		case len(want) == 0 || got[0] < want[0]:
			out = append(out, "+"+got[0])
			got = got[1:]
		default:
			want, got = want[1:], got[1:]
		}
	}
	return out
}
