package pipeline

import (
	"context"
	"encoding/json"
	"io"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/federation/exec"
)

// Incremental is a form in which the deferred parts of a response are delivered.
type Incremental string

// The forms. NotIncremental answers everything at once. Incremental2022 is what Apollo's clients ask for by deferSpec:
// one item for each part, with its label and path. IncrementalV02 is what the GraphQL working group has settled on since:
// parts are announced as pending, add to objects by their id, and are completed.
const (
	NotIncremental  Incremental = ""
	Incremental2022 Incremental = "20220824"
	IncrementalV02  Incremental = "v0.2"
)

// Incremental implements Operation.
func (x *execution) Incremental() bool { return len(x.planned.plan.Parts) > 0 }

// Increments implements Operation.
func (x *execution) Increments(ctx context.Context) Events {
	ctx, cancel := context.WithTimeout(ctx, x.p.opt.Timeout)
	return &increments{x: x, ctx: ctx, cancel: cancel}
}

// increments are the results of an operation with deferred parts.
type increments struct {
	x      *execution
	ctx    context.Context //nolint:containedctx // of the whole operation, which Close ends
	cancel context.CancelFunc
	begun  bool
	parts  *exec.Deferred // nil: nothing is to come
}

// Next implements Events.
func (s *increments) Next(ctx context.Context) ([]byte, error) {
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !s.begun:
		s.begun = true
		var first *exec.Result
		first, s.parts = s.x.e.exec.ExecuteDeferred(s.ctx, s.x.planned.plan, s.x.input())
		return s.first(s.x.respond(first)), nil
	case s.parts == nil || !s.parts.More():
		return nil, io.EOF
	}
	list := s.parts.Next()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var payload any
	if s.x.req.Incremental == Incremental2022 {
		payload = items2022(list, s.parts.More())
	} else {
		payload = itemsV02(list, s.parts.More())
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return body, nil
}

// Close implements Events.
func (s *increments) Close() {
	s.cancel()
	if s.parts != nil {
		s.parts.Close()
	}
}

// first adds to the first response what is to come.
func (s *increments) first(response []byte) []byte {
	more := struct {
		Pending []pending `json:"pending,omitempty"`
		HasNext bool      `json:"hasNext"`
	}{HasNext: s.parts != nil}
	if s.parts != nil && s.x.req.Incremental == IncrementalV02 {
		more.Pending = announce(s.parts.Places)
	}
	members, err := json.Marshal(more)
	if err != nil {
		return response
	}
	return append(append(response[:len(response)-1], ','), members[1:]...)
}

// pending announces a part.
type pending struct {
	ID    string   `json:"id"`
	Path  ast.Path `json:"path"`
	Label string   `json:"label,omitempty"`
}

func announce(list []exec.Place) []pending {
	var out []pending
	for _, p := range list {
		out = append(out, pending{strconv.Itoa(p.ID), listed(p.Path), p.Label})
	}
	return out
}

// listed is the path as a list even where it is empty.
func listed(p ast.Path) ast.Path {
	if p == nil {
		return ast.Path{}
	}
	return p
}

// item2022 is a part, or null where it failed.
type item2022 struct {
	Label  string          `json:"label,omitempty"`
	Path   ast.Path        `json:"path"`
	Data   json.RawMessage `json:"data"`
	Errors gqlerror.List   `json:"errors,omitempty"`
}

func items2022(list []*exec.Delivery, more bool) any {
	out := struct {
		Incremental []item2022 `json:"incremental,omitempty"`
		HasNext     bool       `json:"hasNext"`
	}{HasNext: more}
	for _, d := range list {
		out.Incremental = append(out.Incremental, item2022{d.Label, listed(d.Path), d.Data, d.Errors})
	}
	return out
}

// itemV02 is what a part adds to one object.
type itemV02 struct {
	ID      string          `json:"id"`
	SubPath ast.Path        `json:"subPath,omitempty"`
	Data    json.RawMessage `json:"data"`
	Errors  gqlerror.List   `json:"errors,omitempty"`
}

// completed ends a part; with errors it failed.
type completed struct {
	ID     string        `json:"id"`
	Errors gqlerror.List `json:"errors,omitempty"`
}

func itemsV02(list []*exec.Delivery, more bool) any {
	out := struct {
		Pending     []pending   `json:"pending,omitempty"`
		Incremental []itemV02   `json:"incremental,omitempty"`
		Completed   []completed `json:"completed,omitempty"`
		HasNext     bool        `json:"hasNext"`
	}{HasNext: more}
	for _, d := range list {
		out.Pending = append(out.Pending, announce(d.Next)...)
		end := completed{ID: strconv.Itoa(d.ID)}
		switch {
		case d.Data == nil:
			end.Errors = d.Errors
		case len(d.Items) == 0 && len(d.Errors) > 0:
			out.Incremental = append(out.Incremental, itemV02{ID: end.ID, Data: json.RawMessage("{}"), Errors: d.Errors})
		}
		for i, add := range d.Items {
			it := itemV02{ID: end.ID, SubPath: add.Path, Data: add.Data}
			if i == 0 {
				it.Errors = d.Errors
			}
			out.Incremental = append(out.Incremental, it)
		}
		out.Completed = append(out.Completed, end)
	}
	return out
}

// checkLabels refuses labels of @defer that are not written in the document, or not unique in it.
//
// GraphQL, draft of incremental delivery, "Defer And Stream Directive Labels Are Unique".
func checkLabels(doc *ast.QueryDocument) *Failure {
	var errs gqlerror.List
	seen := map[string]bool{}
	check := func(list ast.DirectiveList) {
		d := list.ForName("defer")
		if d == nil {
			return
		}
		label := d.Arguments.ForName("label")
		switch {
		case label == nil || label.Value.Kind == ast.NullValue:
		case label.Value.Kind == ast.Variable:
			errs = append(errs, gqlerror.ErrorPosf(d.Position, "the label of @defer must not be a variable"))
		case seen[label.Value.Raw]:
			errs = append(errs, gqlerror.ErrorPosf(d.Position, "the label of @defer must be unique in the document: %q is not", label.Value.Raw))
		default:
			seen[label.Value.Raw] = true
		}
	}
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				check(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				check(s.Directives)
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		walk(f.SelectionSet)
	}
	if len(errs) > 0 {
		return coded(errs, CodeValidation)
	}
	return nil
}
