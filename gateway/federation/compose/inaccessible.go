package compose

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// checkAPI checks that what clients see, the supergraph without machinery and @inaccessible elements, is a valid
// schema.
func (m *merger) checkAPI() {
	c := &apiCheck{merger: m}
	for _, name := range m.order {
		t := m.types[name]
		c.checkDefaults(t)
		if c.hidden(t.Directives) {
			if t.Name == "Query" {
				c.fail(t, spec.CodeQueryRootTypeInaccessible, "the query root type %q is @inaccessible", name)
			}
			continue
		}
		c.checkChildren(t)
		for _, f := range t.Fields {
			c.checkField(t, f)
		}
		for _, name := range t.Interfaces {
			if i := m.types[name]; i != nil && !c.hidden(i.Directives) {
				c.checkImplementation(t, i)
			}
		}
	}
	c.checkDirectives()
	if len(c.errs) == 0 {
		c.errs = c.late
	}
}

type apiCheck struct {
	*merger
	late Errors // found once what is @inaccessible is removed
}

func (c *apiCheck) hidden(list ast.DirectiveList) bool {
	name := c.names["inaccessible"]
	return name != "" && list.ForName(name) != nil
}

func (c *apiCheck) fail(t *mergedType, code spec.Code, format string, args ...any) {
	e := c.errorf(code, format, args...)
	c.locateTypes(e, t.sources)
}

// failField reports an error in a field of t, or in an argument of it.
func (c *apiCheck) failField(t *mergedType, field string, code spec.Code, format string, args ...any) {
	e := c.errorf(code, format, args...)
	if f := c.fields[t.Name+"."+field]; f != nil {
		c.locateFields(e, f.sources)
	}
}

// hiddenType reports whether the type is @inaccessible.
func (c *apiCheck) hiddenType(name string) bool {
	t := c.types[name]
	return t != nil && c.hidden(t.Directives)
}

// checkReference reports a visible element of a type that clients cannot see, since it is @inaccessible or belongs to a
// specification that the supergraph links.
func (c *apiCheck) checkReference(typeName, at string, sources []*ast.FieldDefinition) {
	var e *spec.Error
	switch {
	case c.hiddenType(typeName):
		e = c.errorf(spec.CodeReferencedInaccessible, "type %q is @inaccessible but the type of the visible %q", typeName, at)
	case c.isFeatureName(typeName) || strings.HasPrefix(typeName, "link__"):
		e = spec.Errorf(spec.CodeReferencedInaccessible, "type %q belongs to a linked specification but is the type of the visible %q", typeName, at)
		c.late = append(c.late, e)
	default:
		return
	}
	c.locateFields(e, sources)
}

func (c *apiCheck) checkChildren(t *mergedType) {
	all, visible := 0, 0
	count := func(hidden bool) {
		if all++; !hidden {
			visible++
		}
	}
	for _, f := range t.Fields {
		count(c.hidden(f.Directives))
	}
	for _, v := range t.EnumValues {
		count(c.hidden(v.Directives))
	}
	for _, member := range t.Types {
		count(c.hiddenType(member))
	}
	if all > 0 && visible == 0 {
		c.fail(t, spec.CodeOnlyInaccessibleChildren, "type %q is visible but everything in it is @inaccessible", t.Name)
	}
}

func (c *apiCheck) checkField(t *mergedType, f *ast.FieldDefinition) {
	at := t.Name + "." + f.Name
	if c.hidden(f.Directives) {
		if t.Kind == ast.InputObject && isRequired(f.Type, f.DefaultValue) {
			c.failField(t, f.Name, spec.CodeRequiredInaccessible, "input field %q is @inaccessible but required", at)
		}
		return
	}
	var sources []*ast.FieldDefinition
	if merged := c.fields[at]; merged != nil {
		sources = merged.sources
	}
	c.checkReference(f.Type.Name(), at, sources)
	for _, a := range f.Arguments {
		switch {
		case !c.hidden(a.Directives):
			c.checkReference(a.Type.Name(), at+"("+a.Name+":)", sources)
		case isRequired(a.Type, a.DefaultValue):
			c.failField(t, f.Name, spec.CodeRequiredInaccessible, "argument \"%s(%s:)\" is @inaccessible but required", at, a.Name)
		}
	}
}

// checkImplementation compares what is hidden in an implementation with what its interface shows.
func (c *apiCheck) checkImplementation(t, i *mergedType) {
	for _, f := range i.Fields {
		own := t.Fields.ForName(f.Name)
		if own == nil || c.hidden(f.Directives) {
			continue
		}
		at := t.Name + "." + f.Name
		if c.hidden(own.Directives) {
			c.failField(t, f.Name, spec.CodeImplementedByInaccessible, "field %q is @inaccessible but implements the visible \"%s.%s\"", at, i.Name, f.Name)
			continue
		}
		for _, a := range f.Arguments {
			ownArgument := own.Arguments.ForName(a.Name)
			if ownArgument == nil {
				continue
			}
			shown, ownShown := !c.hidden(a.Directives), !c.hidden(ownArgument.Directives)
			switch {
			case shown && !ownShown && !isRequired(ownArgument.Type, ownArgument.DefaultValue):
				c.failField(t, f.Name, spec.CodeImplementedByInaccessible, "argument \"%s(%s:)\" is @inaccessible but implements a visible one of %q", at, a.Name, i.Name)
			case !shown && ownShown && isRequired(ownArgument.Type, ownArgument.DefaultValue):
				c.failField(t, f.Name, spec.CodeRequiredInaccessible, "argument \"%s.%s(%s:)\" is @inaccessible but its implementation in %q is required", i.Name, f.Name, a.Name, t.Name)
			}
		}
	}
}

// checkDefaults reports visible default values that use hidden elements.
func (c *apiCheck) checkDefaults(t *mergedType) {
	if c.hidden(t.Directives) {
		return
	}
	check := func(field, at string, v *ast.Value, typ *ast.Type) {
		if v != nil && c.usesHidden(v, typ) {
			c.failField(t, field, spec.CodeDefaultValueUsesInaccessible, "the default value of %q uses an @inaccessible element", at)
		}
	}
	for _, f := range t.Fields {
		if c.hidden(f.Directives) {
			continue
		}
		check(f.Name, t.Name+"."+f.Name, f.DefaultValue, f.Type)
		for _, a := range f.Arguments {
			if !c.hidden(a.Directives) {
				check(f.Name, t.Name+"."+f.Name+"("+a.Name+":)", a.DefaultValue, a.Type)
			}
		}
	}
}

func (c *apiCheck) usesHidden(v *ast.Value, typ *ast.Type) bool {
	if v.Kind == ast.ListValue {
		item := typ
		if typ.Elem != nil {
			item = typ.Elem
		}
		return slices.ContainsFunc(v.Children, func(e *ast.ChildValue) bool { return c.usesHidden(e.Value, item) })
	}
	t := c.types[typ.Name()]
	if t == nil || c.hidden(t.Directives) { // a hidden type is reported itself
		return false
	}
	switch v.Kind {
	case ast.EnumValue:
		value := t.EnumValues.ForName(v.Raw)
		return value != nil && c.hidden(value.Directives)
	case ast.ObjectValue:
		return slices.ContainsFunc(v.Children, func(e *ast.ChildValue) bool {
			f := t.Fields.ForName(e.Name)
			return f != nil && (c.hidden(f.Directives) || c.usesHidden(e.Value, f.Type))
		})
	}
	return false
}

// checkDirectives checks the arguments of the directives that clients may use, and of composed ones.
func (c *apiCheck) checkDirectives() {
	for _, d := range c.directives {
		typeSystem := len(executable(d)) < len(d.Locations)
		for _, a := range d.Arguments {
			switch {
			case !c.hidden(a.Directives):
			case typeSystem:
				c.errorf(spec.CodeDisallowedInaccessible, "argument \"@%s(%s:)\" of a type system directive cannot be @inaccessible", d.Name, a.Name)
			case isRequired(a.Type, a.DefaultValue):
				c.errorf(spec.CodeRequiredInaccessible, "argument \"@%s(%s:)\" is @inaccessible but required", d.Name, a.Name)
			}
			if !c.hidden(a.Directives) && a.DefaultValue != nil && c.usesHidden(a.DefaultValue, a.Type) {
				c.errorf(spec.CodeDefaultValueUsesInaccessible, "the default value of \"@%s(%s:)\" uses an @inaccessible element", d.Name, a.Name)
			}
			if !c.hidden(a.Directives) {
				c.checkReference(a.Type.Name(), "@"+d.Name+"("+a.Name+":)", nil)
			}
		}
	}
}
