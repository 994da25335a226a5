package pipeline

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// literalRule refuses literals that gqlparser's rule about values lets pass: an object for a scalar or an enum, and an
// Int beyond 32 bits.
//
// GraphQL spec, "Values of Correct Type" (#sec-Values-of-Correct-Type).
var literalRule = core.Rule{
	Name: "LiteralsOfCorrectType",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Definition == nil || v.ExpectedType == nil {
				return
			}
			var wrong bool
			switch {
			case v.Kind == ast.ObjectValue:
				wrong = v.Definition.Kind == ast.Enum || v.Definition.OneOf("Int", "Float", "String", "Boolean", "ID")
			case v.Kind == ast.IntValue && v.Definition.Name == "Int":
				_, err := strconv.ParseInt(v.Raw, 10, 32)
				wrong = err != nil
			}
			if wrong {
				addError(core.Message("the value is no %s", v.Definition.Name), core.At(v.Position))
			}
		})
	},
}
