// Package fieldset reads, checks, compares and prints field sets: the selections in the `fields:` argument of @key,
// @requires and @provides, and in the selection of @fromContext.
//
// It is pure; text of any kind gives a set or an error, never a panic.
package fieldset
