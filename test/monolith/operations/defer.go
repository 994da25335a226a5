package operations

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// Defer returns the operation with @defer on some fragments, of which some are new; "" where it has no place for one.
func Defer(schema *ast.Schema, text string, seed, n uint64) (string, error) {
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return "", err
	}
	d := deferrer{r: rand.New(rand.NewPCG(seed, n))}
	for _, op := range doc.Operations {
		d.booleans = d.booleans[:0]
		for _, v := range op.VariableDefinitions {
			if v.Type.String() == "Boolean!" {
				d.booleans = append(d.booleans, v.Variable)
			}
		}
		op.SelectionSet = d.set(op.SelectionSet, op.Operation != ast.Query)
	}
	for _, f := range doc.Fragments {
		f.SelectionSet = d.set(f.SelectionSet, false)
	}
	if d.fragments == 0 {
		return "", nil
	}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent(" ")).FormatQueryDocument(doc)
	if _, errs := gqlparser.LoadQueryWithRules(schema, b.String(), nil); len(errs) > 0 {
		return "", fmt.Errorf("%w\n%s", errs, b.String())
	}
	return b.String(), nil
}

type deferrer struct {
	r         *rand.Rand
	booleans  []string
	fragments int
}

func (d *deferrer) set(set ast.SelectionSet, root bool) ast.SelectionSet {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if len(s.SelectionSet) > 0 {
				s.SelectionSet = d.set(s.SelectionSet, false)
			}
		case *ast.InlineFragment:
			if s.SelectionSet = d.set(s.SelectionSet, root); !root && d.r.IntN(3) == 0 {
				s.Directives = append(s.Directives, d.directive())
			}
		case *ast.FragmentSpread:
			if !root && d.r.IntN(3) == 0 {
				s.Directives = append(s.Directives, d.directive())
			}
		}
	}
	if root || len(set) < 2 || d.r.IntN(3) > 0 {
		return set
	}
	from := d.r.IntN(len(set))
	to := from + 1 + d.r.IntN(len(set)-from)
	part := &ast.InlineFragment{Directives: ast.DirectiveList{d.directive()}, SelectionSet: slices.Clone(set[from:to])}
	return slices.Concat(set[:from], ast.SelectionSet{part}, set[to:])
}

func (d *deferrer) directive() *ast.Directive {
	d.fragments++
	out := &ast.Directive{Name: "defer"}
	if d.r.IntN(2) == 0 {
		out.Arguments = append(out.Arguments, &ast.Argument{Name: "label", Value: &ast.Value{Kind: ast.StringValue, Raw: fmt.Sprint("l", d.fragments)}})
	}
	if len(d.booleans) > 0 && d.r.IntN(5) == 0 {
		name := d.booleans[d.r.IntN(len(d.booleans))]
		out.Arguments = append(out.Arguments, &ast.Argument{Name: "if", Value: &ast.Value{Kind: ast.Variable, Raw: name}})
	}
	return out
}
