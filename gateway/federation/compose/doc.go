// Package compose merges the schemas of subgraphs into a supergraph.
//
// Input: the SDL of each subgraph. Output: the supergraph SDL (join specification) with hints, or errors; never both.
// Compose is a pure function whose result does not depend on the order of the subgraphs. Its stages are barriers: the
// first stage that finds errors reports all of its own, and no later stage runs.
//
// testdata/cases.jsonl holds the outcomes of the reference composer, and test/compose/deviations.yml says where ours
// differ. testdata/codes and testdata/hints show every code by a case that raises it and one that does not. That every
// operation can be answered (satisfiability) is checked on the query graph, after these stages.
package compose
