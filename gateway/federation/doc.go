// Package federation is the engine of the gateway: it composes subgraphs into a supergraph, plans operations against
// it and executes the plans. Its packages are pure functions from data to data; package exec reaches the world through
// one interface, Fetcher. Each stage can be printed:
//
//	subgraph SDL ─ subgraph ─▶ checked schemas ─ compose ─▶ supergraph SDL, hints
//	supergraph SDL ─ supergraph ─▶ model, API schema ─ querygraph ─▶ query graph
//	operation ─ operation ─▶ normalised operation ─ plan ─▶ query plan ─ exec ─▶ response
//
// Composition runs these stages, in this order. Each is a barrier: the first one that finds errors reports all of its
// own, and no later stage runs.
//
//  1. subgraph.Load, for each subgraph: parse, resolve links (spec), complete the definitions that may be left out,
//     validate as GraphQL, rename the root types.
//  2. Subgraph.Validate: the federation rules, one function each (rule_*.go).
//  3. subgraph.Upgrade: Federation 1 schemas become Federation 2 schemas, which are then validated too.
//  4. compose, merge: types, fields, arguments, enums, directives, with the join directives that tell where each comes from.
//  5. compose, checks of the whole: interfaces, requirements, authorisation, GraphQL validity of the result.
//  6. compose, checks of the API schema: what @inaccessible leaves must be valid.
//  7. Satisfiability: every operation that the API schema allows can be answered. It works on the query graph and
//     follows the others.
//
// No package here reads files, the network, the clock or the environment, or logs.
package federation
