package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Overrides decides which labels of progressive overrides (@override with a label) are on for a request. The zero value
// turns on percent(n) for n percent of all callers, and nothing else.
type Overrides struct {
	// On are labels that are on, whoever asks.
	On []string
	// Client names whom percent(n) keeps on one side: by a hash of it, so that who is among 5 percent is among 10 percent
	// too. nil: the caller's subject.
	Client func(context.Context) string
	// Decide is asked once for each request that labels matter to. What it does not tell of is decided as without it.
	Decide func(ctx context.Context, labels []string) map[string]bool
}

// on returns those of the labels that are on.
func (o Overrides) on(ctx context.Context, labels []string) []string {
	if len(labels) == 0 {
		return nil
	}
	var decided map[string]bool
	if o.Decide != nil {
		decided = o.Decide(ctx, slices.Clone(labels))
	}
	var out []string
	for _, l := range labels {
		on, known := decided[l]
		if !known {
			on = slices.Contains(o.On, l) || o.among(ctx, l)
		}
		if on {
			out = append(out, l)
		}
	}
	return out
}

// buckets are the parts that callers are divided in: labels have at most eight decimals.
const buckets = 100 * 1e8

// among reports whether the label is percent(n) and the client is among them.
func (o Overrides) among(ctx context.Context, label string) bool {
	text, ok := strings.CutPrefix(label, "percent(")
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, ")"), 64)
	if !ok || err != nil {
		return false
	}
	client := o.Client
	if client == nil {
		client = func(ctx context.Context) string { return authn.FromContext(ctx).Subject }
	}
	sum := sha256.Sum256([]byte(client(ctx)))
	return binary.BigEndian.Uint64(sum[:])%uint64(buckets) < uint64(math.Round(n*1e8))
}

// labels lists the override labels that can matter to the operation.
func labels(sg *supergraph.Supergraph, doc *ast.QueryDocument, op *ast.OperationDefinition) []string {
	types, spread := map[string]bool{}, map[string]bool{}
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if s.ObjectDefinition != nil {
					types[s.ObjectDefinition.Name] = true
				}
				if s.Definition != nil {
					types[s.Definition.Type.Name()] = true
				}
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				types[s.TypeCondition] = true
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				if def := doc.Fragments.ForName(s.Name); def != nil && !spread[s.Name] {
					spread[s.Name] = true
					types[def.TypeCondition] = true
					walk(def.SelectionSet)
				}
			}
		}
	}
	walk(op.SelectionSet)
	return sg.Labels(slices.Collect(maps.Keys(types)))
}
