package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/gateway/authn"
	"medicore.dev/medicore/gateway/federation/auth"
	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// asked is an operation with its conditions decided, and what reading it requires.
type asked struct {
	whole *operation.Operation
	needs []auth.Requirement        // distinct
	rules []string                  // policies that needs name, sorted
	of    map[*operation.Item][]int // indices into needs, all of which an item needs; items that need nothing are not in it
}

func newAsked(sg *supergraph.Supergraph, whole *operation.Operation) *asked {
	a := &asked{whole: whole, of: map[*operation.Item][]int{}}
	index := map[string]int{}
	var walk func(s *operation.Selection)
	walk = func(s *operation.Selection) {
		for _, it := range s.Items {
			for _, r := range required(sg, it) {
				if r.None() {
					continue
				}
				key := fmt.Sprintf("%t %q %q", r.Authenticated, r.Scopes, r.Policies)
				i, ok := index[key]
				if !ok {
					i = len(a.needs)
					index[key], a.needs = i, append(a.needs, r)
				}
				if !slices.Contains(a.of[it], i) {
					a.of[it] = append(a.of[it], i)
				}
			}
			if it.Selection != nil {
				walk(it.Selection)
			}
		}
	}
	walk(whole.Root)
	for _, r := range a.needs {
		a.rules = append(a.rules, slices.Concat(r.Policies...)...)
	}
	slices.Sort(a.rules)
	a.rules = slices.Compact(a.rules)
	return a
}

// required is what reading the item requires: what the field, the type that declares it, and the type it yields do, and
// the field in each of the runtime types that are meant. `__typename` requires nothing: what may not be read says so at
// the field that leads to it.
func required(sg *supergraph.Supergraph, it *operation.Item) []auth.Requirement {
	if it.TypeName() || it.Field.Type == nil {
		return nil
	}
	all := []auth.Requirement{sg.FieldAuth(it.Parent, it.Field.Name), sg.TypeAuth(it.Parent), sg.TypeAuth(it.Field.Type.Name())}
	for _, t := range it.Types {
		all = append(all, sg.FieldAuth(t, it.Field.Name), sg.TypeAuth(t))
	}
	return all
}

// Policies decides the policies (@policy) that an operation depends on, once for each request. One that it does not tell of
// is not met; with an error the request is not executed.
type Policies func(ctx context.Context, policies []string) (map[string]bool, error)

// rights are what a request may read by.
type rights struct {
	caller   authn.Caller
	policies map[string]bool
}

func (p *Pipeline) rights(ctx context.Context, a *asked) (rights, *Failure) {
	out := rights{caller: authn.FromContext(ctx)}
	if len(a.rules) == 0 || p.opt.Policies == nil {
		return out, nil
	}
	var err error
	if out.policies, err = p.opt.Policies(ctx, slices.Clone(a.rules)); err != nil {
		f := fail(http.StatusServiceUnavailable, CodePolicies, "whether the caller may read this could not be decided, try again in a moment")
		f.Errors[0].Err = err
		return out, f
	}
	return out, nil
}

// meets reports whether they do for what is required.
func (r rights) meets(q auth.Requirement) bool {
	policy := func(name string) bool { return r.policies[name] }
	return (r.caller.Authenticated() || !q.Authenticated) && (len(q.Scopes) == 0 || q.Scopes.Met(r.caller.Has)) && (len(q.Policies) == 0 || q.Policies.Met(policy))
}

// denied says which requirements of an operation a caller does not meet.
type denied struct {
	any  bool
	key  string // one byte for each requirement
	code string // UNAUTHENTICATED for nobody, else FORBIDDEN
}

func (a *asked) denied(by rights) denied {
	d := denied{code: CodeForbidden}
	if !by.caller.Authenticated() {
		d.code = CodeUnauthenticated
	}
	key := make([]byte, len(a.needs), len(a.needs)+1)
	for i, r := range a.needs {
		key[i] = '1'
		if !by.meets(r) {
			key[i], d.any = '0', true
		}
	}
	d.key = string(append(key, d.code[0]))
	return d
}

func (a *asked) denies(d denied, it *operation.Item) bool {
	return slices.ContainsFunc(a.of[it], func(i int) bool { return d.key[i] == '0' })
}

// denial is a field that is answered by null and an error.
type denial struct {
	path ast.Path // response names, without list positions
	code string
}

// denials lists the outermost fields that are denied, in the order of the operation.
func (a *asked) denials(d denied) []denial {
	if !d.any {
		return nil
	}
	var out []denial
	var walk func(s *operation.Selection, path ast.Path)
	walk = func(s *operation.Selection, path ast.Path) {
		for _, it := range s.Items {
			at := append(slices.Clip(path), ast.PathName(it.Name))
			if a.denies(d, it) {
				out = append(out, denial{at, d.code})
			} else if it.Selection != nil {
				walk(it.Selection, at)
			}
		}
	}
	walk(a.whole.Root, nil)
	return out
}

func (d denial) err() *gqlerror.Error {
	what := "a valid token is required"
	if d.code == CodeForbidden {
		what = "the caller may not read this"
	}
	return &gqlerror.Error{Message: what, Path: d.path, Extensions: map[string]any{"code": d.code}}
}

// reject refuses an operation for what of it is denied.
func reject(list []denial) *Failure {
	f := &Failure{Status: http.StatusForbidden}
	for _, d := range list {
		if d.code == CodeUnauthenticated {
			f.Status = http.StatusUnauthorized
		}
		e := d.err()
		e.Path = nil // nothing was executed
		e.Message += ": " + d.path.String()
		f.Errors = append(f.Errors, e)
	}
	return f
}

// without returns the operation less what is denied. A selection that loses everything keeps `__typename`, so that its
// object is still asked for.
func (a *asked) without(d denied) *operation.Operation {
	var keep func(s *operation.Selection) *operation.Selection
	keep = func(s *operation.Selection) *operation.Selection {
		out := &operation.Selection{Type: s.Type}
		for _, it := range s.Items {
			if a.denies(d, it) {
				continue
			}
			c := *it
			if c.Selection != nil {
				c.Selection = keep(c.Selection)
			}
			out.Items = append(out.Items, &c)
		}
		if len(out.Items) == 0 {
			name := "__typename"
			def := &ast.FieldDefinition{Name: name, Type: ast.NonNullNamedType("String", nil)}
			out.Items = []*operation.Item{{Name: name, Field: def, Parent: s.Type, Source: &ast.Field{Alias: name, Name: name, Definition: def}}}
		}
		return out
	}
	op := *a.whole
	op.Root = keep(a.whole.Root)
	op.Hash += d.key
	return &op
}

// restore makes the plan of a reduced operation answer null where the whole asks for more.
func restore(p *plan.Plan, whole *operation.Selection) {
	r := &restorer{missing: plan.Key(len(p.Keys)), done: map[restored]*plan.Shape{}}
	p.Keys = append(p.Keys, "_denied") // a slot that nothing is ever stored in
	p.Data = r.shape(p.Data, whole)
}

type restored struct {
	shape *plan.Shape
	set   *operation.Selection
}

type restorer struct {
	missing plan.Key
	done    map[restored]*plan.Shape
}

func (r *restorer) shape(s *plan.Shape, set *operation.Selection) *plan.Shape {
	key := restored{s, set}
	if have := r.done[key]; have != nil {
		return have
	}
	out := &plan.Shape{Type: s.Type}
	r.done[key] = out
	for _, c := range s.Classes {
		for _, t := range c.Types { // a class may be finer than before: one for each type
			out.Classes = append(out.Classes, plan.ShapeClass{Types: []string{t}, Fields: r.fields(c.Fields, set, t)})
		}
	}
	if s.Unknown != nil {
		out.Unknown = &plan.ShapeClass{Fields: r.fields(s.Unknown.Fields, set, "")}
	}
	out.Index()
	return out
}

func (r *restorer) fields(have []plan.ShapeField, set *operation.Selection, runtimeType string) []plan.ShapeField {
	var out []plan.ShapeField
	for _, it := range set.Items {
		if !it.Applies(runtimeType) {
			continue
		}
		i := slices.IndexFunc(have, func(f plan.ShapeField) bool { return f.Name == it.Name })
		if i < 0 {
			out = append(out, plan.ShapeField{Name: it.Name, Field: it.Field.Name, Parent: it.Parent, Key: r.missing, Type: it.Field.Type})
			continue
		}
		f := have[i]
		if f.Shape != nil && it.Selection != nil {
			f.Shape = r.shape(f.Shape, it.Selection)
		}
		out = append(out, f)
	}
	return out
}
