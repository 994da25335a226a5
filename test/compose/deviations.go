package differential

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"medicore.dev/medicore/gateway/federation/subgraph"
)

//go:embed deviations.yml
var deviationsYAML []byte

// Deviation is a difference from the reference that is meant; see deviations.yml.
type Deviation struct {
	Name, Reason string

	sdl, reference, ours *regexp.Regexp // nil matches all
	excuses              []*regexp.Regexp
}

// Deviations reads deviations.yml.
func Deviations() ([]*Deviation, error) {
	var entries []struct {
		Name, Reason, SDL, Reference, Ours string
		Excuses                            []string
	}
	if err := yaml.Unmarshal(deviationsYAML, &entries); err != nil {
		return nil, fmt.Errorf("deviations.yml: %w", err)
	}
	var out []*Deviation
	for _, e := range entries {
		d := &Deviation{Name: e.Name, Reason: e.Reason}
		for _, p := range []struct {
			text string
			into **regexp.Regexp
		}{{e.SDL, &d.sdl}, {e.Reference, &d.reference}, {e.Ours, &d.ours}} {
			if p.text == "" {
				continue
			}
			re, err := regexp.Compile(p.text)
			if err != nil {
				return nil, fmt.Errorf("deviations.yml: %s: %w", e.Name, err)
			}
			*p.into = re
		}
		for _, text := range e.Excuses {
			re, err := regexp.Compile(text)
			if err != nil {
				return nil, fmt.Errorf("deviations.yml: %s: %w", e.Name, err)
			}
			d.excuses = append(d.excuses, re)
		}
		if e.Name == "" || e.Reason == "" || len(d.excuses) == 0 {
			return nil, fmt.Errorf("deviations.yml: %q needs a name, a reason and excuses", e.Name)
		}
		out = append(out, d)
	}
	return out, nil
}

func (a Answer) text() string {
	return a.Verdict + "\n" + strings.Join(a.Codes, "\n") + "\n" + strings.Join(a.Messages, "\n")
}

func (d *Deviation) applies(sources []subgraph.Source, ours, theirs Answer) bool {
	if d.reference != nil && !d.reference.MatchString(theirs.text()) || d.ours != nil && !d.ours.MatchString(ours.text()) {
		return false
	}
	return d.sdl == nil || slices.ContainsFunc(sources, func(s subgraph.Source) bool { return d.sdl.MatchString(s.SDL) })
}

// Unexcused returns the lines of the difference that no deviation excuses, and the deviations that excused the others.
func Unexcused(all []*Deviation, sources []subgraph.Source, ours, theirs Answer, difference Difference) (left []string, used []*Deviation) {
	for line := range strings.Lines(difference.String()) {
		line = strings.TrimSuffix(line, "\n")
		i := slices.IndexFunc(all, func(d *Deviation) bool {
			return slices.ContainsFunc(d.excuses, func(re *regexp.Regexp) bool { return re.MatchString(line) }) && d.applies(sources, ours, theirs)
		})
		if i < 0 {
			left = append(left, line)
		} else if !slices.Contains(used, all[i]) {
			used = append(used, all[i])
		}
	}
	return left, used
}
