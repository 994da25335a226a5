// Package faultgql answers GraphQL callers: the one place that turns a fault into a GraphQL error with a code extension.
package faultgql

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"medicore.dev/medicore/internal/fault"
)

// Presenter returns gqlgen's error presenter. The message of a fault.Error reaches the caller, as does its code and,
// with fault.Invalid, its fields; the text of any other error is logged and answered by a fixed sentence.
func Presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var known *fault.Error
		var own *gqlerror.Error
		isOwn := errors.As(err, &own)
		if !errors.As(err, &known) {
			if isOwn && own.Err == nil { // gqlgen's own: bad input
				if own.Extensions == nil {
					own.Extensions = map[string]any{}
				}
				if own.Extensions["code"] == nil {
					own.Extensions["code"] = string(fault.Invalid)
				}
				if own.Path == nil {
					own.Path = graphql.GetPath(ctx)
				}
				return own
			}
			if graphql.GetPath(ctx).String() == "_entities" { // the domain's errors are faults all: this one is the generated code's
				known = fault.New(fault.Invalid, "a representation needs the __typename of an entity and its key")
			} else if ctx.Err() != nil || errors.Is(err, context.Canceled) { // the caller has gone: nobody's fault
				known = fault.New(fault.Unavailable, "the request was given up")
			} else {
				log.LogAttrs(ctx, slog.LevelError, "resolver failed", slog.String("path", graphql.GetPath(ctx).String()), slog.String("error", err.Error()))
				known = fault.New(fault.Internal, "internal error")
			}
		} else if known.Err != nil {
			log.LogAttrs(ctx, slog.LevelWarn, "request refused", slog.String("path", graphql.GetPath(ctx).String()), slog.String("code", string(known.Code)), slog.String("error", known.Err.Error()))
		}
		out := &gqlerror.Error{Message: known.Message, Path: graphql.GetPath(ctx), Extensions: map[string]any{"code": string(known.Code)}}
		if isOwn {
			out.Locations = own.Locations
		}
		if len(known.Fields) > 0 {
			out.Extensions["fields"] = known.Fields
		}
		return out
	}
}
