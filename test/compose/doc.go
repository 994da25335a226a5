// Package differential tests the composer against two others, npm @apollo/composition and
// @theguild/federation-composition, on our own test data and on generated sets of subgraphs.
//
// Apollo's composer is the reference: the verdict, the codes of errors and hints, the facts of the supergraph and the
// API schema must be its own, except where deviations.yml says why they are not. The other one's agreement is only
// reported. The composers run in one Node process (node/worker.mjs) that Worker starts, asks and restarts.
package differential
