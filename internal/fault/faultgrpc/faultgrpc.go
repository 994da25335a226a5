// Package faultgrpc maps faults to gRPC statuses and back.
package faultgrpc

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"medicore.dev/medicore/internal/fault"
)

var toGRPC = map[fault.Code]codes.Code{
	fault.Invalid:         codes.InvalidArgument,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Forbidden:       codes.PermissionDenied,
	fault.NotFound:        codes.NotFound,
	fault.Conflict:        codes.FailedPrecondition,
	fault.Unavailable:     codes.Unavailable,
	fault.Internal:        codes.Internal,
}

// Status returns err as a gRPC status error. The text of an error that is no fault does not reach the caller.
func Status(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if !errors.As(err, &known) {
		return status.Error(codes.Internal, "internal error")
	}
	return status.Error(toGRPC[known.Code], known.Message)
}

// Fault returns a gRPC call's error as a fault: what may succeed later is Unavailable.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	for code, g := range toGRPC {
		if g == s.Code() {
			return &fault.Error{Code: code, Message: s.Message(), Err: err}
		}
	}
	return &fault.Error{Code: fault.Unavailable, Message: "the called service did not answer", Err: err}
}
