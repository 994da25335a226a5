package compose

import (
	"fmt"
	"strings"

	"medicore.dev/medicore/gateway/federation/satisfy"
	"medicore.dev/medicore/gateway/federation/spec"
)

// checkSatisfiable checks that the subgraphs can answer every operation over the supergraph.
func (m *merger) checkSatisfiable() {
	if m.readErr != nil {
		m.errorf(spec.CodeInvalidGraphQL, "the supergraph cannot be read back: %s", m.readErr)
		return
	}
	found, err := satisfy.Check(m.read)
	if err != nil {
		m.errorf(spec.CodeInvalidGraphQL, "the supergraph cannot be checked: %s", err)
		return
	}
	if found.Exceeded {
		m.errorf(spec.CodeMaxPathsExceeded, "there are too many ways through the subgraphs to check that every operation can be answered; let fewer subgraphs share types without keys")
		return
	}
	for _, p := range found.Problems {
		m.errorf(problemCode(p), "%s", problemText(p)).AtAll(m.placesOf(p.Coordinate))
	}
	for _, p := range found.Overlooked {
		m.hint(HintUnanswerable, p.Coordinate, "%s", problemText(p)).Locations = m.placesOf(p.Coordinate)
	}
	for _, n := range found.Notes {
		m.hint(HintRuntimeTypes, n.Coordinate, "%q is shared, but its runtime types differ: %s; it must only resolve to %s, as in\n%s",
			n.Coordinate, runtimeText(n.Runtime), typeList(n.Common), n.Operation).Locations = m.placesOf(n.Coordinate)
	}
}

func problemCode(p *satisfy.Problem) spec.Code {
	if p.Kind == satisfy.RuntimeTypes {
		return spec.CodeShareableRuntimeTypes
	}
	return spec.CodeSatisfiability
}

func problemText(p *satisfy.Problem) string {
	var b strings.Builder
	switch p.Kind {
	case satisfy.RuntimeTypes:
		fmt.Fprintf(&b, "shared field %q can never have one value in all subgraphs that resolve it: %s; as in\n%s", p.Coordinate, runtimeText(p.Runtime), p.Operation)
	case satisfy.Mutation:
		fmt.Fprintf(&b, "mutation field %q is called in one subgraph, and none that has it can answer all that may be asked below:", p.Coordinate)
		for _, part := range p.Parts {
			b.WriteString("\n" + problemText(part))
		}
	case satisfy.Unsatisfiable:
		fmt.Fprintf(&b, "the subgraphs cannot answer\n%s\nbecause", p.Operation)
		for _, r := range p.Reasons {
			fmt.Fprintf(&b, "\n- in %q: %s", r.Subgraph, r.Text)
		}
		if len(p.Fixes) > 0 {
			b.WriteString("\nTo mend it, " + strings.Join(p.Fixes, ";\nor "))
		}
	}
	return b.String()
}

func runtimeText(list []satisfy.Runtime) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = typeList(r.Types) + " in " + quoted(r.Subgraphs)
	}
	return strings.Join(parts, ", ")
}

func typeList(names []string) string {
	if len(names) == 0 {
		return "no type"
	}
	return quoted(names)
}

func quoted(names []string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(parts, ", ")
}
