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
	Coordinate string   `json:"coordinate"` // schema coordinate: Type, Type.field, Type.field(arg:), @directive, @directive(arg:); "" for the schema itself
	Message    string   `json:"message"`
}

// Compare lists the changes from one schema to the next: worst first, then by coordinate, kind and message.
func Compare(from, to *ast.Schema) []Change {
	d := &differ{from: from, to: to}
	d.schema()
	d.types()
	d.directives()
	rank := map[Severity]int{Breaking: 0, Dangerous: 1, Safe: 2}
	slices.SortFunc(d.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(a.Coordinate, b.Coordinate),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return d.changes
}

type differ struct {
	from, to *ast.Schema
	changes  []Change
}

func (d *differ) add(s Severity, kind, coordinate, message string) {
	d.changes = append(d.changes, Change{s, kind, coordinate, message})
}

// schema compares the root operation types.
func (d *differ) schema() {
	d.description("", d.from.Description, d.to.Description)
	for _, r := range []struct {
		kind    string
		was, is *ast.Definition
	}{
		{"SCHEMA_QUERY_TYPE", d.from.Query, d.to.Query},
		{"SCHEMA_MUTATION_TYPE", d.from.Mutation, d.to.Mutation},
		{"SCHEMA_SUBSCRIPTION_TYPE", d.from.Subscription, d.to.Subscription},
	} {
		switch {
		case r.was == nil && r.is == nil:
		case r.was == nil:
			d.add(Safe, r.kind+"_ADDED", r.is.Name, "It is now a root operation type.")
		case r.is == nil:
			d.add(Breaking, r.kind+"_REMOVED", r.was.Name, "It is no longer a root operation type.")
		case r.was.Name != r.is.Name:
			d.add(Breaking, r.kind+"_CHANGED", r.was.Name, "The root operation type is now "+r.is.Name+".")
		}
	}
}

func (d *differ) types() {
	for name, was := range d.from.Types {
		is := d.to.Types[name]
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
	for name, is := range d.to.Types {
		if !is.BuiltIn && d.from.Types[name] == nil {
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
	if argument(was.Directives, "specifiedBy", "url") != argument(is.Directives, "specifiedBy", "url") {
		d.add(Safe, "SPECIFIED_BY_URL_CHANGED", was.Name, "The URL of the scalar's specification changed.")
	}
	switch before, after := was.Directives.ForName("oneOf") != nil, is.Directives.ForName("oneOf") != nil; {
	case after && !before:
		d.add(Breaking, "ONE_OF_ADDED", was.Name, "Exactly one field must now be given.")
	case before && !after:
		d.add(Safe, "ONE_OF_REMOVED", was.Name, "More than one field may now be given.")
	}
	d.values(was, is)
	if was.Kind == ast.InputObject {
		d.inputFields(was, is)
	} else {
		d.fields(was, is)
	}
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
	case before == nil && after == nil:
	case before == nil:
		d.add(Safe, "DEPRECATION_ADDED", at, "It is now deprecated.")
	case after == nil:
		d.add(Safe, "DEPRECATION_REMOVED", at, "It is no longer deprecated.")
	case cmp.Or(argument(was, "deprecated", "reason"), noReason) != cmp.Or(argument(is, "deprecated", "reason"), noReason):
		d.add(Safe, "DEPRECATION_REASON_CHANGED", at, "The reason of the deprecation changed.")
	}
}

// noReason is the default of @deprecated(reason:).
const noReason = "No longer supported"

// argument returns the value of a directive's string argument, "" if it is not given.
func argument(list ast.DirectiveList, directive, name string) string {
	if d := list.ForName(directive); d != nil {
		if a := d.Arguments.ForName(name); a != nil && a.Value != nil {
			return a.Value.Raw
		}
	}
	return ""
}

// names tells what left the list and what joined it.
func names[T comparable](was, is []T) (removed, added []T) {
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
