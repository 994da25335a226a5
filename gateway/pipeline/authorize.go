package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

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
	key    askKey
	whole  *operation.Operation
	needs  []auth.Requirement        // distinct
	rules  []string                  // policies that needs name, sorted
	of     map[*operation.Item][]int // indices into needs, all of which an item needs; items that need nothing are not in it
	weight int                       // in bytes, with its document
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
// the field in each of the runtime types that are meant. `__typename` requires nothing, since what may not be read says so
// at the field that leads to it; neither does introspection.
func required(sg *supergraph.Supergraph, it *operation.Item) []auth.Requirement {
	if strings.HasPrefix(it.Field.Name, "__") || it.Field.Type == nil {
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

// denial is a field that is denied.
type denial struct {
	path ast.Path // response names, without list positions
	plan.Denial
}

// reason is what a denied caller is told.
func (d denied) reason() plan.Denial {
	if d.code == CodeForbidden {
		return plan.Denial{Code: d.code, Message: "the caller may not read this"}
	}
	return plan.Denial{Code: d.code, Message: "a valid token is required"}
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
				out = append(out, denial{at, d.reason()})
			} else if it.Selection != nil {
				walk(it.Selection, at)
			}
		}
	}
	walk(a.whole.Root, nil)
	return out
}

// reject refuses an operation for what of it is denied.
func reject(list []denial) *Failure {
	f := &Failure{Status: http.StatusForbidden}
	for _, d := range list {
		if d.Code == CodeUnauthenticated {
			f.Status = http.StatusUnauthorized
		}
		f.Errors = append(f.Errors, &gqlerror.Error{Message: d.Message + ": " + d.path.String(), Extensions: map[string]any{"code": d.Code}})
	}
	return f
}
