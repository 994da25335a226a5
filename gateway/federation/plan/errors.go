package plan

import "errors"

// ErrTooComplex is wrapped by the error about an operation whose planning would take too much work. Its code for
// clients is PLAN_TOO_COMPLEX.
var ErrTooComplex = errors.New("PLAN_TOO_COMPLEX: the operation is too complex to plan")

// ErrUnsatisfiable is wrapped by the error about an operation that asks for a field which no plan can fetch.
var ErrUnsatisfiable = errors.New("the operation cannot be answered")
