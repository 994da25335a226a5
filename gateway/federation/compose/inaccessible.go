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
				c.fail([]string{name}, spec.CodeQueryRootTypeInaccessible, "the query root type %q is @inaccessible; hide its fields instead", name)
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

// fail reports an error in the elements of those coordinates.
func (c *apiCheck) fail(coordinates []string, code spec.Code, format string, args ...any) {
	e := c.errorf(code, format, args...)
	for _, at := range coordinates {
		e.AtAll(c.placesOf(at))
	}
}

// hiddenType reports whether the type is @inaccessible.
func (c *apiCheck) hiddenType(name string) bool {
	t := c.types[name]
	return t != nil && c.hidden(t.Directives)
}

// checkReference reports a visible element of a type that clients cannot see, since it is @inaccessible or belongs to a
// specification that the supergraph links.
func (c *apiCheck) checkReference(typeName, at string) {
	var e *spec.Error
	switch {
	case c.hiddenType(typeName):
		e = c.errorf(spec.CodeReferencedInaccessible, "type %q is @inaccessible but the type of the visible %q; hide that too", typeName, at)
	case c.isFeatureName(typeName) || strings.HasPrefix(typeName, "link__"):
		e = spec.Errorf(spec.CodeReferencedInaccessible, "type %q belongs to a linked specification but is the type of the visible %q", typeName, at)
		c.late = append(c.late, e)
	default:
		return
	}
	e.AtAll(c.placesOf(typeName)).AtAll(c.placesOf(at))
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
		c.fail([]string{t.Name}, spec.CodeOnlyInaccessibleChildren, "type %q is visible but everything in it is @inaccessible; hide it too", t.Name)
	}
}

func (c *apiCheck) checkField(t *mergedType, f *ast.FieldDefinition) {
	at := t.Name + "." + f.Name
	if c.hidden(f.Directives) {
		if t.Kind == ast.InputObject && isRequired(f.Type, f.DefaultValue) {
			c.fail([]string{at}, spec.CodeRequiredInaccessible, "input field %q is @inaccessible but required; make it optional", at)
		}
		return
	}
	c.checkReference(f.Type.Name(), at)
	for _, a := range f.Arguments {
		argument := at + "(" + a.Name + ":)"
		switch {
		case !c.hidden(a.Directives):
			c.checkReference(a.Type.Name(), argument)
		case isRequired(a.Type, a.DefaultValue):
			c.fail([]string{argument}, spec.CodeRequiredInaccessible, "argument %q is @inaccessible but required; make it optional", argument)
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
		at, of := t.Name+"."+f.Name, i.Name+"."+f.Name
		if c.hidden(own.Directives) {
			c.fail([]string{at, of}, spec.CodeImplementedByInaccessible, "field %q is @inaccessible but implements the visible %q; hide both", at, of)
			continue
		}
		for _, a := range f.Arguments {
			ownArgument := own.Arguments.ForName(a.Name)
			if ownArgument == nil {
				continue
			}
			ownAt, ofAt := at+"("+a.Name+":)", of+"("+a.Name+":)"
			shown, ownShown := !c.hidden(a.Directives), !c.hidden(ownArgument.Directives)
			switch {
			case shown && !ownShown && !isRequired(ownArgument.Type, ownArgument.DefaultValue):
				c.fail([]string{ownAt, ofAt}, spec.CodeImplementedByInaccessible, "argument %q is @inaccessible but implements the visible %q; hide both", ownAt, ofAt)
			case !shown && ownShown && isRequired(ownArgument.Type, ownArgument.DefaultValue):
				c.fail([]string{ofAt, ownAt}, spec.CodeRequiredInaccessible, "argument %q is @inaccessible but its implementation %q is required; make that optional", ofAt, ownAt)
			}
		}
	}
}

// checkDefaults reports visible default values that use hidden elements.
func (c *apiCheck) checkDefaults(t *mergedType) {
	if c.hidden(t.Directives) {
		return
	}
	check := func(at string, v *ast.Value, typ *ast.Type) {
		if v != nil && c.usesHidden(v, typ) {
			c.fail([]string{at}, spec.CodeDefaultValueUsesInaccessible, "the default value of %q uses an @inaccessible element; hide it too, or give it another", at)
		}
	}
	for _, f := range t.Fields {
		if c.hidden(f.Directives) {
			continue
		}
		check(t.Name+"."+f.Name, f.DefaultValue, f.Type)
		for _, a := range f.Arguments {
			if !c.hidden(a.Directives) {
				check(t.Name+"."+f.Name+"("+a.Name+":)", a.DefaultValue, a.Type)
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
		ofSchemas := len(executable(d)) < len(d.Locations) || c.isComposedName(d.Name)
		for _, a := range d.Arguments {
			at := "@" + d.Name + "(" + a.Name + ":)"
			switch {
			case !c.hidden(a.Directives):
			case ofSchemas:
				c.fail([]string{at}, spec.CodeDisallowedInaccessible, "argument %q cannot be @inaccessible: only those of directives that are for operations alone, and not composed, can", at)
			case isRequired(a.Type, a.DefaultValue):
				c.fail([]string{at}, spec.CodeRequiredInaccessible, "argument %q is @inaccessible but required; make it optional", at)
			}
			if !c.hidden(a.Directives) && a.DefaultValue != nil && c.usesHidden(a.DefaultValue, a.Type) {
				c.fail([]string{at}, spec.CodeDefaultValueUsesInaccessible, "the default value of %q uses an @inaccessible element; hide it too, or give it another", at)
			}
			if !c.hidden(a.Directives) {
				c.checkReference(a.Type.Name(), at)
			}
		}
	}
}
