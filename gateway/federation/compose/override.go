package compose

import (
	"regexp"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
	"medicore.dev/medicore/gateway/federation/subgraph"
)

// override is what the @override applications to a field mean for one subgraph.
type override struct {
	unused bool   // another subgraph overrides the field here, and nothing here needs it
	used   bool   // another subgraph overrides the field here, but field sets or interfaces use it
	label  string // progressive: on both sides
}

// overrides works out, for each subgraph, what the @override applications to the field mean.
func (m *merger) overrides(f *mergedField) []override {
	var result []override
	for i, src := range f.sources {
		if src == nil {
			continue
		}
		if d := m.subs[i].First(src.Directives, "override"); d != nil {
			if result == nil {
				result = make([]override, len(m.subs))
			}
			m.applyOverride(f, i, d, result)
		}
	}
	if result == nil {
		return m.none
	}
	return result
}

func (m *merger) applyOverride(f *mergedField, i int, d *ast.Directive, result []override) {
	s, at := m.subs[i], f.coordinate()
	fail := func(code spec.Code, format string, args ...any) *spec.Error {
		return m.errorf(code, "["+s.Name+"] "+format, args...).At(s.Name, d.Position)
	}
	if f.parent.Kind == ast.Interface {
		if s.IsInterfaceObject(f.parent.sources[i]) {
			fail(spec.CodeOverrideCollision, "@override cannot be applied to %q: its type is an interface object; resolve the field in one subgraph", at)
		} else {
			fail(spec.CodeOverrideOnInterface, "@override cannot be applied to the interface field %q; apply it to those that implement it", at)
		}
		return
	}
	from, _ := subgraph.StringArgument(d, "from")
	source := -1
	for j, other := range m.subs {
		if other.Name == from {
			source = j
		}
	}
	switch {
	case source < 0:
		m.hint(HintFromSubgraphUnknown, at, "%q is overridden from subgraph %q, which does not exist", at, from).at(s.Name, d.Position)
		return
	case source == i:
		fail(spec.CodeOverrideFromSelf, "%q is overridden from its own subgraph; name the subgraph that resolved it before", at)
		return
	}
	overridden := f.sources[source]
	if overridden == nil {
		if len(m.standIns(f, source)) > 0 {
			e := fail(spec.CodeOverrideCollision, "%q cannot be overridden from %q, which has it through an interface object; take it out there", at, from)
			for _, r := range m.standIns(f, source) {
				e.At(from, r.Position)
			}
		} else {
			m.hint(HintOverrideRemovable, at, "%q is overridden from %q, which does not have it; the directive can be removed", at, from).at(s.Name, d.Position)
		}
		return
	}
	other := m.subs[source]
	if other.Has(overridden.Directives, "override") {
		fail(spec.CodeOverrideSourceHasOverride, "%q is overridden from %q, which overrides it too; take out one @override", at, from).At(from, overridden.Position)
		return
	}
	if s.IsExternal(f.sources[i]) {
		fail(spec.CodeOverrideCollision, "%q has both @override and @external; only a field that is resolved here can be overridden", at)
		return
	}
	for _, name := range []string{"requires", "provides"} {
		if other.Has(overridden.Directives, name) {
			fail(spec.CodeOverrideCollision, "%q cannot be overridden from %q, where it has @%s; take that out first", at, from, name).At(from, overridden.Position)
			return
		}
	}
	label, _ := subgraph.StringArgument(d, "label")
	if label != "" && !validLabel(label) {
		fail(spec.CodeOverrideLabelInvalid, "label %q of @override on %q must be a name or percent(n) with n from 0 to 100", label, at)
	}
	switch {
	case other.IsExternal(overridden):
		m.hint(HintOverrideRemovable, at, "%q is overridden from %q, where it is external; the directive can be removed", at, from).at(s.Name, d.Position)
	case other.IsUsed(overridden):
		result[source].used = true
	default:
		result[source].unused = true
	}
	if label == "" {
		if !other.IsExternal(overridden) {
			m.hint(HintOverriddenRemovable, at, "%q is overridden by %q; subgraph %q can do without it", at, s.Name, from).at(from, overridden.Position)
		}
		return
	}
	result[i].label, result[source].label = label, label
	m.hint(HintOverrideMigration, at, "%q is being moved from %q to %q", at, from, s.Name).at(s.Name, d.Position)
}

var (
	namedLabel   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_\-:./]*$`)
	percentLabel = regexp.MustCompile(`^percent\((\d{1,2}(\.\d{1,8})?|100)\)$`)
)

func validLabel(label string) bool {
	return namedLabel.MatchString(label) || percentLabel.MatchString(label)
}
