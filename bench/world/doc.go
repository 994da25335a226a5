// Package world holds the data that the benchmark's subgraphs serve, the operations that are sent over it, and a plain
// executor. A subgraph executes its part of the data with it; the whole, executed with it over the API schema, is the
// answer that every gateway has to give.
//
// The data is made up from numbers and never changes: a mutation answers what it would have made. So each request has one
// right answer.
package world
