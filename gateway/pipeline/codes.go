package pipeline

import (
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that the gateway itself gives errors in extensions.code. docs/errors.md explains them.
const (
	CodeParse           = "GRAPHQL_PARSE_FAILED"      // the document is not GraphQL
	CodeValidation      = "GRAPHQL_VALIDATION_FAILED" // the document does not fit the schema
	CodeBadInput        = "BAD_USER_INPUT"            // the variables, or arguments that bound lists, do not fit the operation
	CodeOperation       = "OPERATION_RESOLUTION_FAILURE"
	CodeLimit           = "LIMIT_EXCEEDED"         // beyond a limit of size, depth, number or cost
	CodePlan            = "PLAN_FAILED"            // no plan can answer the operation
	CodeTooComplex      = "PLAN_TOO_COMPLEX"       // planning would take too much
	CodeIntrospection   = "INTROSPECTION_DISABLED" // __schema and __type are off
	CodeUnauthenticated = "UNAUTHENTICATED"
	CodeForbidden       = "FORBIDDEN"
	CodePolicies        = "POLICIES_UNDECIDED"     // the host could not decide the policies
	CodeNotReady        = "SUPERGRAPH_NOT_READY"   // no supergraph has been composed yet
	CodeSubscriptions   = "TOO_MANY_SUBSCRIPTIONS" // more than may be open at a time
	CodeTooSlow         = "SUBSCRIPTION_TOO_SLOW"  // a client does not take events as fast as they come
	CodeInternal        = "INTERNAL"
)

func fail(status int, code, format string, args ...any) *Failure {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return &Failure{Errors: gqlerror.List{err}, Status: status}
}

// coded gives all errors of a list the code and takes away what is not for clients.
func coded(list gqlerror.List, code string) *Failure {
	for _, e := range list {
		if e.Extensions == nil {
			e.Extensions = map[string]any{}
		}
		delete(e.Extensions, "file")
		e.Extensions["code"] = code
		e.Rule = ""
	}
	return &Failure{Errors: list, Status: http.StatusBadRequest}
}
