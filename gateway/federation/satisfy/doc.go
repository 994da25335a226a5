// Package satisfy checks that every operation that clients can write over a supergraph can be answered by its subgraphs.
//
// It walks the API schema from its roots. At each step it holds the positions: the types in subgraphs (vertices) at which
// the object at hand may have been entered. From there other subgraphs are entered by their keys, if the keys can be had
// (solve.go). A field that none of these places resolves is reported with the shortest operation that asks for it
// (witness.go) and the reasons (reasons.go).
//
// The rules are those of the reference composer and stricter than what the planner can do: a field under a labelled
// override, for instance, never counts inside a key or a requirement. The package does no I/O; its findings depend on the
// supergraph alone.
package satisfy
