package subgraph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/spec"
)

// A rule checks one thing about a subgraph and reports what is wrong.
type rule func(s *Subgraph, report reporter)

// reporter takes one error and the element it is about.
type reporter func(pos *ast.Position, code spec.Code, format string, args ...any)

// rules are the federation rules in the order in which their errors are found.
var rules = []rule{
	checkKeys,
	checkRequires,
	checkProvides,
	checkContexts,
	checkExternals,
	checkInterfaceKeys,
	checkInterfaceObjects,
	checkShareable,
	checkCost,
	checkListSize,
	checkAuthorisation,
}

// Validate checks the federation rules of a Federation 2 or upgraded schema.
func (s *Subgraph) Validate() spec.Errors {
	var errs spec.Errors
	report := func(pos *ast.Position, code spec.Code, format string, args ...any) {
		errs = append(errs, spec.Errorf(code, format, args...).At(s.Name, pos))
	}
	for _, check := range rules {
		check(s, report)
	}
	for _, e := range errs { // with these, what is external cannot be told, so the other findings may be wrong
		if e.Code == spec.CodeExternalCollision || e.Code == spec.CodeProvidesOnNonObjectField {
			return s.finish(spec.Errors{e})
		}
	}
	return s.finish(errs)
}
