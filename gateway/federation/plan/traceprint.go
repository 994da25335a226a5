package plan

import (
	"fmt"
	"slices"
	"strings"
)

// PrintReach writes stage reach: a line per selection.
func (t *Trace) PrintReach() string {
	var b strings.Builder
	for _, r := range t.Reach {
		fmt.Fprintf(&b, "%s %s: %s\n", orRoot(r.Path), r.Type, list(r.Nodes))
		if len(r.LeftOut) > 0 {
			fmt.Fprintf(&b, "  left out: %s\n", list(r.LeftOut))
		}
	}
	return b.String()
}

// PrintChoose writes stage choose: per selection each demand with its providers, the chosen ones marked, and the next
// best choice. If the operation cannot be answered it says why no subgraph can.
func (t *Trace) PrintChoose() string {
	var b strings.Builder
	for _, c := range t.Choose {
		fmt.Fprintf(&b, "%s %s, entered at %s\n", orRoot(c.Path), c.Type, list(c.Entered))
		if c.Discover != "" {
			fmt.Fprintf(&b, "  types told by %s\n", c.Discover)
		}
		for _, d := range c.Demands {
			fmt.Fprintf(&b, "  %s\n", d.Field)
			for _, p := range d.Providers {
				mark := " "
				if p.Chosen {
					mark = "*"
				}
				fmt.Fprintf(&b, "   %s %s %s, %d requests, cost %d\n", mark, p.Node, p.How, p.Requests, p.Cost)
			}
		}
		fmt.Fprintf(&b, "  chosen: %s, cost %d\n", list(c.Chosen), c.Cost)
		if c.RunnerUp != nil {
			fmt.Fprintf(&b, "  next best: %s, cost %d\n", list(c.RunnerUp), c.Next)
		}
	}
	if t.Failed != nil {
		fmt.Fprintf(&b, "no subgraph can answer %s at %s\n", t.Failed.Coordinate, strings.Join(t.Failed.Path, "."))
		for _, r := range t.Failed.Reasons {
			fmt.Fprintf(&b, "  %s: %s\n", r.Subgraph, r.Text)
		}
	}
	return b.String()
}

// PrintGroups writes the visits after each pass; a pass that changed nothing is one line.
func (t *Trace) PrintGroups() string {
	var b strings.Builder
	var before []string
	for _, p := range t.Groups {
		if slices.Equal(before, p.Groups) {
			fmt.Fprintf(&b, "%s: no change\n", p.Name)
			continue
		}
		fmt.Fprintf(&b, "%s:\n", p.Name)
		for _, g := range p.Groups {
			b.WriteString("  " + g + "\n")
		}
		before = p.Groups
	}
	return b.String()
}

func orRoot(path string) string {
	if path == "" {
		return "(root)"
	}
	return path
}

func list(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ", ")
}

// passed notes the groups as a pass left them.
func (t *Trace) passed(name string, keys *keyring, groups []*group) {
	if t == nil {
		return
	}
	pass := Pass{Name: name, Groups: []string{}}
	for _, g := range groups {
		pass.Groups = append(pass.Groups, g.describe(keys))
	}
	t.Groups = append(t.Groups, pass)
}

// describe writes one group on a line: what it visits, for which objects, by which inputs, after which groups, and what
// it selects.
func (g *group) describe(keys *keyring) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d level %d", g.id, g.level)
	if g.unit > 0 {
		fmt.Fprintf(&b, " unit %d", g.unit)
	}
	fmt.Fprintf(&b, " %s", g.node)
	if path := (&printer{keys: keys.names}).path(g.scope.place.path(runtimes(g.scope))); path != "" {
		b.WriteString(" at " + path)
	}
	if g.landing != nil && len(g.landing.Key) > 0 {
		b.WriteString(" by " + g.landing.Key.String())
	}
	for _, l := range g.fallbacks {
		b.WriteString(" or " + l.Key.String())
	}
	if len(g.requires) > 0 {
		b.WriteString(" with " + g.requires.String())
	}
	if len(g.contexts) > 0 {
		b.WriteString(" in context")
	}
	var deps []int
	for d := range g.deps {
		deps = append(deps, d.id)
	}
	slices.Sort(deps)
	for i, d := range deps {
		b.WriteString([]string{" after ", ","}[min(i, 1)])
		fmt.Fprintf(&b, "#%d", d)
	}
	b.WriteString(": " + g.content.describe(keys))
	return b.String()
}

func (s *sel) describe(keys *keyring) string {
	var out []string
	for _, f := range s.fields {
		text := keys.names[f.key]
		if text != f.name {
			text += ":" + f.name
		}
		if f.child != nil {
			text += " { " + f.child.sel.describe(keys) + " }"
		}
		out = append(out, text)
	}
	for _, b := range s.branches {
		if !b.empty() {
			out = append(out, "... on "+b.node.Type.Name+" { "+b.describe(keys)+" }")
		}
	}
	return strings.Join(out, " ")
}
