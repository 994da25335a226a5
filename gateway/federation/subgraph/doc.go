// Package subgraph builds the schema of one subgraph from its SDL: parsing, links, completion with the definitions
// that may be left out, GraphQL validation, federation validation, and the upgrade of Federation 1 schemas.
//
// Load is the first stage of composition, Upgrade the second, Validate the third. All are pure and report every
// problem they find; they never panic, whatever the input.
package subgraph
