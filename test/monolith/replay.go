package monolith

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// Examine composes the case's subgraphs anew and answers its operation in both ways. The monolith's schema is the one
// that our engine says clients see. failure is "" when both agree; the error is about a case that says nothing.
func Examine(ctx context.Context, oracle *Oracle, c *Case) (failure string, want *Answer, err error) {
	engine, err := NewEngine(c.Subgraphs, c.World)
	if err != nil {
		return "", nil, err
	}
	c.Schema = SchemaText(engine.Supergraph.API())
	if err := oracle.Load(c.Schema, c.World); err != nil {
		return "", nil, err
	}
	text, err := c.whole()
	if err != nil {
		return "", nil, err
	}
	if want, err = oracle.Execute(text, c.Variables); err != nil {
		return "", nil, err
	}
	if c.deferred() {
		failure, _, err = engine.CompareDeferred(ctx, c, want)
		return failure, want, err
	}
	got, err := engine.Execute(ctx, c)
	if err != nil {
		return "", nil, err
	}
	return got.differences(want), want, nil
}

// Replay answers a recorded case's operation and compares with what the monolith answered when it was recorded.
func Replay(ctx context.Context, c *Case, want *Answer) error {
	engine, err := NewEngine(c.Subgraphs, c.World)
	if err != nil {
		return err
	}
	if c.deferred() {
		failure, _, err := engine.CompareDeferred(ctx, c, want)
		if failure != "" {
			err = errors.New(failure)
		}
		return err
	}
	got, err := engine.Execute(ctx, c)
	if err != nil {
		return err
	}
	if diff := got.differences(want); diff != "" {
		return fmt.Errorf("%s", diff)
	}
	return nil
}

// SchemaText prints a schema.
func SchemaText(s *ast.Schema) string {
	var b strings.Builder
	formatter.NewFormatter(&b).FormatSchema(s)
	return b.String()
}
