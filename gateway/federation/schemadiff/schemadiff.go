// Package schemadiff lists what changed between two API schemas, and whom each change can hurt.
package schemadiff

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Severity says what a change does to existing clients.
type Severity string

// The severities, worst first.
const (
	Breaking  Severity = "BREAKING"  // an operation that was valid can be refused, or answered in another shape
	Dangerous Severity = "DANGEROUS" // every operation stays valid, but a client can meet what it does not expect
	Safe      Severity = "SAFE"      // no client can notice without asking for it
)

// Change is one difference. Kind carries the name that graphql-js gives it where graphql-js knows it.
type Change struct {
	Severity   Severity `json:"severity"`
	Kind       string   `json:"kind"`
	Coordinate string   `json:"coordinate"` // schema coordinate: Type, Type.field, Type.field(arg:), @directive(arg:)
	Message    string   `json:"message"`
}

// Compare lists the changes from one schema to the next: worst first, then by coordinate, kind and message.
func Compare(from, to *ast.Schema) []Change {
	d := &differ{}
	d.types(from, to)
	d.directives(from, to)
	rank := map[Severity]int{Breaking: 0, Dangerous: 1, Safe: 2}
	slices.SortFunc(d.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.Coordinate, b.Coordinate),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) add(s Severity, kind, coordinate, message string) {
	d.changes = append(d.changes, Change{s, kind, coordinate, message})
}

func (d *differ) types(from, to *ast.Schema) {
	for name, was := range from.Types {
		is := to.Types[name]
		switch {
		case was.BuiltIn:
		case is == nil:
			d.add(Breaking, "TYPE_REMOVED", name, "The type was removed.")
		case was.Kind != is.Kind:
			d.add(Breaking, "TYPE_CHANGED_KIND", name, "The type changed from "+string(was.Kind)+" to "+string(is.Kind)+".")
		default:
			d.definition(was, is)
		}
	}
	for name, is := range to.Types {
		if !is.BuiltIn && from.Types[name] == nil {
			d.add(Safe, "TYPE_ADDED", name, "The type was added.")
		}
	}
}

func (d *differ) definition(was, is *ast.Definition) {
	d.description(was.Name, was.Description, is.Description)
	removed, added := names(was.Types, is.Types)
	for _, n := range removed {
		d.add(Breaking, "TYPE_REMOVED_FROM_UNION", was.Name, n+" was removed from the union.")
	}
	for _, n := range added {
		d.add(Dangerous, "TYPE_ADDED_TO_UNION", was.Name, n+" was added to the union.")
	}
	removed, added = names(was.Interfaces, is.Interfaces)
	for _, n := range removed {
		d.add(Breaking, "IMPLEMENTED_INTERFACE_REMOVED", was.Name, "The type no longer implements "+n+".")
	}
	for _, n := range added {
		d.add(Dangerous, "IMPLEMENTED_INTERFACE_ADDED", was.Name, "The type now implements "+n+".")
	}
	d.values(was, is)
	d.fields(was, is)
}

func (d *differ) values(was, is *ast.Definition) {
	for _, v := range was.EnumValues {
		at := was.Name + "." + v.Name
		if now := is.EnumValues.ForName(v.Name); now == nil {
			d.add(Breaking, "VALUE_REMOVED_FROM_ENUM", at, "The value was removed.")
		} else {
			d.description(at, v.Description, now.Description)
			d.deprecation(at, v.Directives, now.Directives)
		}
	}
	for _, v := range is.EnumValues {
		if was.EnumValues.ForName(v.Name) == nil {
			d.add(Dangerous, "VALUE_ADDED_TO_ENUM", was.Name+"."+v.Name, "The value was added.")
		}
	}
}

func (d *differ) description(at, was, is string) {
	if was != is {
		d.add(Safe, "DESCRIPTION_CHANGED", at, "The description changed.")
	}
}

func (d *differ) deprecation(at string, was, is ast.DirectiveList) {
	before, after := was.ForName("deprecated"), is.ForName("deprecated")
	switch {
	case before == nil && after != nil:
		d.add(Safe, "DEPRECATION_ADDED", at, "It is now deprecated.")
	case before != nil && after == nil:
		d.add(Safe, "DEPRECATION_REMOVED", at, "It is no longer deprecated.")
	}
}

// names tells what left the list and what joined it.
func names(was, is []string) (removed, added []string) {
	for _, n := range was {
		if !slices.Contains(is, n) {
			removed = append(removed, n)
		}
	}
	for _, n := range is {
		if !slices.Contains(was, n) {
			added = append(added, n)
		}
	}
	return removed, added
}
