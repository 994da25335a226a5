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
	s.fatal = nil
	for _, check := range rules {
		if check(s, report); s.fatal != nil {
			return s.finish(spec.Errors{s.fatal})
		}
	}
	return s.finish(errs)
}

// stop reports an error that makes all other findings about the subgraph doubtful: it alone is reported.
func (s *Subgraph) stop(pos *ast.Position, code spec.Code, format string, args ...any) {
	if s.fatal == nil {
		s.fatal = spec.Errorf(code, format, args...).At(s.Name, pos)
	}
}
