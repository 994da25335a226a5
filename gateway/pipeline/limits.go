package pipeline

import (
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
)

// Limits bound what a document may be. A zero field means its default.
type Limits struct {
	Tokens     int // default 15,000
	Depth      int // nesting of fields, fragments followed; default 50
	Aliases    int // aliased fields as written; default 2,000
	Roots      int // root fields of one operation as written; default 200
	Selections int // fields with fragments multiplied out; default 20,000
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct {
		field    *int
		fallback int
	}{{&l.Tokens, 15_000}, {&l.Depth, 50}, {&l.Aliases, 2_000}, {&l.Roots, 200}, {&l.Selections, 20_000}} {
		if *f.field == 0 {
			*f.field = f.fallback
		}
	}
	return l
}

// check refuses a document that is too large to be worth validating. Depth and multiplied size are checked when an
// operation is picked, with fragments followed.
func (l Limits) check(doc *ast.QueryDocument) *Failure {
	aliases := 0
	var deep bool
	var walk func(set ast.SelectionSet, depth int)
	walk = func(set ast.SelectionSet, depth int) {
		if deep = deep || depth > 2*l.Depth; deep { // inline fragments nest without a field
			return
		}
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if s.Alias != s.Name {
					aliases++
				}
				walk(s.SelectionSet, depth+1)
			case *ast.InlineFragment:
				walk(s.SelectionSet, depth+1)
			}
		}
	}
	for _, op := range doc.Operations {
		if len(op.SelectionSet) > l.Roots {
			return fail(http.StatusBadRequest, CodeLimit, "an operation has %d root fields, at most %d are allowed", len(op.SelectionSet), l.Roots)
		}
		walk(op.SelectionSet, 0)
	}
	for _, f := range doc.Fragments {
		walk(f.SelectionSet, 0)
	}
	if aliases > l.Aliases {
		return fail(http.StatusBadRequest, CodeLimit, "the document has %d aliases, at most %d are allowed", aliases, l.Aliases)
	}
	if deep {
		return fail(http.StatusBadRequest, CodeLimit, "the document nests deeper than %d levels", l.Depth)
	}
	return nil
}
