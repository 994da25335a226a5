package subgraph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
	"medicore.dev/medicore/gateway/federation/spec"
)

// upgrader turns one Federation 1 schema into a Federation 2 one. It changes s, a fresh copy, and looks at the other
// subgraphs as they were written.
type upgrader struct {
	s      *Subgraph
	before *Subgraph // s as it was written
	others []*Subgraph
	errs   spec.Errors
	keyed  []string // interfaces that had a @key
}

// passes of the upgrade, in order: each relies on those before. What is external, used and provided is settled when the
// late ones begin: that they drop a field does not change what it stood for.
var passes = []func(*upgrader){
	(*upgrader).checkBases,
	(*upgrader).quoteFieldSets,
	(*upgrader).dropTypeExternals,
	(*upgrader).ownKeyFields,
	(*upgrader).pruneFieldSets,
	(*upgrader).defineExtensions,
	(*upgrader).dropInterfaceDirectives,
}

var latePasses = []func(*upgrader){
	(*upgrader).dropUnusedExternals,
	(*upgrader).addShareable,
	(*upgrader).dropRepeatedTags,
}

// Upgrade returns the subgraphs with every Federation 1 schema turned into a Federation 2 one that means the same. Those
// are checked then, as schemas of Federation 2 are when they are loaded.
func Upgrade(subs []*Subgraph) ([]*Subgraph, spec.Errors) {
	out := make([]*Subgraph, len(subs))
	var errs spec.Errors
	for i, s := range subs {
		out[i] = s
		if s.Fed2 {
			continue
		}
		fresh, problems := Load(s.Source)
		if fresh == nil {
			errs = append(errs, problems...)
			continue
		}
		u := &upgrader{s: fresh, before: s, others: slices.DeleteFunc(slices.Clone(subs), func(o *Subgraph) bool { return o == s })}
		if u.errs = fresh.upgradeErrors; len(u.errs) == 0 {
			for _, pass := range passes {
				pass(u)
				u.s.facts = nil
			}
			for _, pass := range latePasses {
				pass(u)
			}
			fresh.sharing = fresh.computeFacts()
		}
		u.checkInterfaceObjects()
		fresh.Fed2, fresh.Version = true, spec.UpgradeVersion
		if len(u.errs) == 0 {
			errs = append(errs, fresh.Validate()...)
		}
		errs = append(errs, fresh.finish(u.errs)...)
		out[i] = fresh
	}
	return out, errs
}

func (u *upgrader) errorf(pos *ast.Position, code spec.Code, format string, args ...any) {
	u.errs = append(u.errs, spec.Errorf(code, format, args...).At(u.s.Name, pos))
}

// isFed1Extension reports whether Federation 1 takes the type as an extension of one in another subgraph.
func (s *Subgraph) isFed1Extension(t *Type) bool {
	return (t.Kind == ast.Object || t.Kind == ast.Interface) && (t.Extended() || s.Has(t.Directives, "extends"))
}

func (u *upgrader) checkBases() {
	for _, t := range u.s.Types {
		if !u.s.isFed1Extension(t) || u.s.IsRoot(t.Name) {
			continue
		}
		if !slices.ContainsFunc(u.others, func(o *Subgraph) bool {
			other := o.Type(t.Name)
			return other != nil && !other.Extended() && (o.Fed2 || !o.isFed1Extension(other))
		}) {
			u.errorf(t.Position, spec.CodeExtensionWithNoBase, "type %q is an extension, but no other subgraph defines it; define it in one of them", t.Name)
		}
	}
}

// quoteFieldSets turns `fields: ["a", "b"]` and `fields: id` into strings.
func (u *upgrader) quoteFieldSets() {
	u.s.EachApplied(func(list ast.DirectiveList) {
		for _, d := range list {
			switch u.s.SpecName(d.Name) {
			case "key", "requires", "provides":
			default:
				continue
			}
			text, ok := FieldsText(d)
			if a := d.Arguments.ForName("fields"); ok && a.Value.Kind != ast.StringValue {
				a.Value = &ast.Value{Kind: ast.StringValue, Raw: text, Position: a.Value.Position}
			}
		}
	})
}

// remove takes the directive applications for which drop is true from a list.
func remove(list *ast.DirectiveList, drop func(*ast.Directive) bool) {
	*list = slices.DeleteFunc(slices.Clone(*list), drop)
}

func (u *upgrader) removeNamed(list *ast.DirectiveList, names ...string) {
	remove(list, func(d *ast.Directive) bool { return slices.Contains(names, u.s.SpecName(d.Name)) })
}

// removeFromType takes the named directives from a type and all its parts.
func (u *upgrader) removeFromType(t *Type, names ...string) {
	u.removeNamed(&t.Directives, names...)
	for i := range t.Parts {
		u.removeNamed(&t.Parts[i].Directives, names...)
	}
}

func (u *upgrader) dropTypeExternals() {
	for _, t := range u.s.Types {
		switch t.Kind {
		case ast.Object:
			u.removeFromType(t, "external")
		case ast.Interface:
			for _, f := range t.Fields {
				u.removeNamed(&f.Directives, "external")
			}
		}
	}
}

// ownKeyFields removes @external from the key fields of extensions: the subgraph does have them.
func (u *upgrader) ownKeyFields() {
	for _, t := range u.s.Types {
		if !u.s.isFed1Extension(t) {
			continue
		}
		var sets []fieldset.Set
		for _, key := range u.s.All(t.Directives, "key") {
			sets = append(sets, u.s.Fields(key))
		}
		if len(sets) == 0 {
			for _, o := range u.others {
				if other := o.Type(t.Name); other != nil {
					if key := o.First(other.Directives, "key"); key != nil {
						sets = append(sets, u.s.Fields(key))
					}
				}
			}
		}
		for _, set := range sets {
			for _, sel := range set {
				if f := t.Fields.ForName(sel.Field); f != nil {
					u.removeNamed(&f.Directives, "external")
				}
			}
		}
	}
}

// pruneFieldSets removes from @requires and @provides what is not external: Federation 1 ignored it.
func (u *upgrader) pruneFieldSets() {
	for _, t := range u.s.Types {
		for _, f := range t.Fields {
			remove(&f.Directives, func(d *ast.Directive) bool {
				parent := t.Definition
				switch u.s.SpecName(d.Name) {
				case "requires":
				case "provides":
					parent = u.s.Lookup(f.Type.Name())
				default:
					return false
				}
				set := u.s.Fields(d)
				if set == nil || parent == nil || u.isInvalid(set, parent) {
					return false // an error that is reported once the schema is upgraded
				}
				pruned := u.prune(set, parent)
				if len(pruned) == 0 {
					return true
				}
				d.Arguments.ForName("fields").Value.Raw = pruned.String()
				return false
			})
		}
	}
}

func (u *upgrader) isInvalid(set fieldset.Set, parent *ast.Definition) bool {
	problems := set.Check(parent, u.s.Lookup, fieldset.Rules{Arguments: true, Abstract: true, Disjoint: true})
	return slices.ContainsFunc(problems, func(p *fieldset.Problem) bool { return p.Kind == fieldset.Invalid })
}

func (u *upgrader) prune(set fieldset.Set, parent *ast.Definition) fieldset.Set {
	var out fieldset.Set
	for _, sel := range set {
		kept := *sel
		if sel.Field == "" {
			condition := parent
			if sel.On != "" {
				condition = u.s.Lookup(sel.On)
			}
			if condition != nil {
				kept.Sub = u.prune(sel.Sub, condition)
			}
			if len(kept.Sub) > 0 {
				out = append(out, &kept)
			}
			continue
		}
		f := fieldset.Field(parent, sel.Field)
		switch {
		case f == nil, u.s.Has(f.Directives, "external"), u.s.implementedExternally(parent, sel.Field):
			out = append(out, &kept)
		case len(sel.Sub) > 0:
			if result := u.s.Lookup(f.Type.Name()); result != nil {
				kept.Sub = u.prune(sel.Sub, result)
			}
			if len(kept.Sub) > 0 {
				out = append(out, &kept)
			}
		}
	}
	return out
}

func (u *upgrader) defineExtensions() {
	for _, t := range u.s.Types {
		if !u.s.isFed1Extension(t) {
			continue
		}
		for i := range t.Parts {
			t.Parts[i].Extension = false
		}
	}
}

func (u *upgrader) dropInterfaceDirectives() {
	for _, t := range u.s.Types {
		if t.Kind == ast.Interface {
			if u.s.Has(t.Directives, "key") {
				u.keyed = append(u.keyed, t.Name)
			}
			u.removeFromType(t, "key")
		}
		for _, f := range t.Fields {
			if t.Kind == ast.Interface {
				u.removeNamed(&f.Directives, "requires", "provides")
			}
			if result := u.s.Lookup(f.Type.Name()); result == nil || !result.IsCompositeType() {
				u.removeNamed(&f.Directives, "provides")
			}
		}
	}
}

// dropUnusedExternals removes external fields that nothing uses, and types that have no other.
func (u *upgrader) dropUnusedExternals() {
	referenced := map[string]bool{} // also by what is dropped
	for _, t := range u.s.Types {
		referenced[t.Name] = u.s.isReferenced(t.Name)
	}
	for _, t := range slices.Clone(u.s.Types) {
		if t.Kind != ast.Object && t.Kind != ast.Interface || len(t.Fields) == 0 {
			continue
		}
		unused := func(f *ast.FieldDefinition) bool { return u.s.IsExternal(f) && !u.s.IsUsed(f) }
		t.Fields = slices.DeleteFunc(slices.Clone(t.Fields), unused)
		for i := range t.Parts {
			t.Parts[i].Fields = slices.DeleteFunc(slices.Clone(t.Parts[i].Fields), unused)
		}
		if len(t.Fields) > 0 {
			continue
		}
		if referenced[t.Name] || u.s.IsRoot(t.Name) || u.s.Has(t.Directives, "key") { // an entity is a member of _Entity
			u.errorf(t.Position, spec.CodeTypeWithOnlyUnusedExternal, "type %q has only external fields that nothing uses; take out the type, or give it a field", t.Name)
			continue
		}
		delete(u.s.byName, t.Name)
		u.s.Types = slices.DeleteFunc(u.s.Types, func(o *Type) bool { return o == t })
	}
}

func (s *Subgraph) isReferenced(name string) bool {
	for _, t := range s.Types {
		if slices.Contains(t.Types, name) || slices.Contains(t.Interfaces, name) {
			return true
		}
		for _, f := range t.Fields {
			if f.Type.Name() == name {
				return true
			}
		}
	}
	return false
}

// addShareable marks what Federation 1 let several subgraphs resolve without saying so.
func (u *upgrader) addShareable() {
	if _, ok := u.s.specNames["shareable"]; !ok {
		u.s.specNames["shareable"] = "shareable"
	}
	for _, t := range u.s.Types {
		if t.Kind != ast.Object || t.Name == u.s.Roots[ast.Subscription] {
			continue
		}
		mark := func(list *ast.DirectiveList, pos *ast.Position) {
			if !u.s.Has(*list, "shareable") {
				*list = append(slices.Clone(*list), &ast.Directive{Name: "shareable", Position: pos})
			}
		}
		if !u.s.Has(t.Directives, "key") && !u.s.IsRoot(t.Name) {
			if slices.ContainsFunc(u.others, func(o *Subgraph) bool {
				other := o.Type(t.Name)
				return other != nil && (other.Kind == ast.Object || other.Kind == ast.Interface)
			}) {
				mark(&t.Directives, t.Position)
				for i := range t.Parts { // an extension of the definition is not covered
					if !t.Parts[i].Extension {
						mark(&t.Parts[i].Directives, t.Position)
					}
				}
			}
			continue
		}
		for _, f := range t.Fields {
			if !u.wasShareable(t.Name, f.Name) && u.resolvedElsewhere(t.Name, f.Name) {
				mark(&f.Directives, f.Position)
			}
		}
	}
}

// wasShareable reports whether the field could be resolved elsewhere too before the upgrade, as part of a key or since it is
// external and provided.
func (u *upgrader) wasShareable(typeName, field string) bool {
	t := u.before.Type(typeName)
	if t == nil {
		return false
	}
	f := t.Fields.ForName(field)
	return f != nil && u.before.IsShareable(t, f)
}

// resolvedElsewhere reports whether another subgraph has the field itself or provides it.
func (u *upgrader) resolvedElsewhere(typeName, field string) bool {
	return slices.ContainsFunc(u.others, func(o *Subgraph) bool {
		t := o.Type(typeName)
		if t == nil {
			return false
		}
		f := t.Fields.ForName(field)
		return f != nil && !o.IsFullyExternal(f)
	})
}

// dropRepeatedTags removes a @tag from an external field whose owner has the same.
func (u *upgrader) dropRepeatedTags() {
	for _, t := range u.s.Types {
		for _, f := range t.Fields {
			if !u.s.IsExternal(f) {
				continue
			}
			remove(&f.Directives, func(d *ast.Directive) bool {
				return u.s.SpecName(d.Name) == "tag" && u.taggedElsewhere(t.Name, f.Name, d)
			})
		}
	}
}

func (u *upgrader) taggedElsewhere(typeName, field string, tag *ast.Directive) bool {
	name, _ := StringArgument(tag, "name")
	return slices.ContainsFunc(u.others, func(o *Subgraph) bool {
		t := o.Type(typeName)
		if t == nil {
			return false
		}
		f := t.Fields.ForName(field)
		return f != nil && !o.IsExternal(f) && slices.ContainsFunc(o.All(f.Directives, "tag"), func(d *ast.Directive) bool {
			other, _ := StringArgument(d, "name")
			return other == name
		})
	})
}

// checkInterfaceObjects reports interface objects of other subgraphs for an interface that has a @key here: it does
// not mean in Federation 1 what @interfaceObject needs.
func (u *upgrader) checkInterfaceObjects() {
	for _, name := range u.keyed {
		for _, o := range u.others {
			if t := o.Type(name); t != nil && o.Fed2 && o.IsInterfaceObject(t) {
				u.errorf(nil, spec.CodeInterfaceObjectUsage,
					"interface %q is an interface object in subgraph %q, so its @key must be that of a Federation 2 schema", name, o.Name)
				e := u.errs[len(u.errs)-1].At(o.Name, t.Position)
				if own := u.s.Type(name); own != nil {
					e.At(u.s.Name, own.Position)
				}
			}
		}
	}
}
