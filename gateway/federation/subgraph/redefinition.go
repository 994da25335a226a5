package subgraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/fieldset"
)

// redefinition says what makes a schema's own definition of a known directive incompatible with the specified one;
// "" when nothing does. It may have fewer locations, leave out repeatable and optional arguments, make an argument
// non-null, and give it a built-in scalar in the place of a custom one.
func redefinition(own, want *ast.DirectiveDefinition) string {
	for _, l := range own.Locations {
		if !slices.Contains(want.Locations, l) {
			return fmt.Sprintf("it cannot be applied on %s", l)
		}
	}
	if own.IsRepeatable && !want.IsRepeatable {
		return "it is not repeatable"
	}
	for _, a := range own.Arguments {
		specified := want.Arguments.ForName(a.Name)
		if specified == nil {
			return fmt.Sprintf("it has no argument %q", a.Name)
		}
		if !acceptableType(a.Type, specified.Type) {
			return fmt.Sprintf("the type of %q must be %s", a.Name, specified.Type)
		}
		if a.Type.NonNull {
			continue
		}
		if !fieldset.SameValue(a.DefaultValue, specified.DefaultValue) {
			return fmt.Sprintf("the default value of %q must be %s", a.Name, specified.DefaultValue)
		}
	}
	for _, a := range want.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil && own.Arguments.ForName(a.Name) == nil {
			return fmt.Sprintf("the argument %q is missing", a.Name)
		}
	}
	return ""
}

func acceptableType(own, want *ast.Type) bool {
	if want.NonNull && !own.NonNull || want.Elem != nil && own.Elem == nil {
		return false
	}
	if want.Elem != nil {
		return acceptableType(own.Elem, want.Elem)
	}
	if own.Elem == nil && own.NamedType == want.NamedType {
		return true
	}
	custom := !IsBuiltInScalar(want.NamedType) && !strings.HasSuffix(want.NamedType, "Purpose") // link__Purpose is an enum
	return custom && (own.Elem != nil || IsBuiltInScalar(own.NamedType))
}

// IsBuiltInScalar reports whether GraphQL itself defines the scalar.
func IsBuiltInScalar(name string) bool {
	switch name {
	case "Int", "Float", "String", "Boolean", "ID":
		return true
	}
	return false
}
