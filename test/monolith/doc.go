// Package monolith tests that a federated execution equals executing the operation on one schema that has all the data.
//
// Package generate makes up a merged schema, data (package world) and consistent subgraphs for it; package operations makes
// up operations. Engine composes the subgraphs with our own composer, plans and executes each operation against servers in
// process (package server), and Oracle has graphql-js execute it on the merged schema (node/worker.mjs). Data and error
// paths must be equal, and the servers must have seen no request that a real subgraph would have refused. A share of the
// operations is answered once more with parts deferred; all parts together must be the same answer.
package monolith
