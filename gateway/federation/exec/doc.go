// Package exec carries out a query plan: it asks the subgraphs through a Fetcher, merges their answers and writes the
// response for the client.
//
// The way of one answer, a file each:
//
//	request   representations are built from what is merged so far, the request body is assembled   represent.go
//	          where arguments come from objects above, targets are separated and grouped by values  context.go
//	json      the body is parsed strictly into a tree of offsets; nothing is copied                  json.go
//	ingest    wire names become storage keys, runtime types and leaves are checked                   ingest.go
//	merge     entities are linked to their targets, objects that could diverge are copied on write   merge.go
//	project   the client's selection is written in its order, nulls bubble                           project.go
//
// All values of one request live in an arena of index-linked nodes without pointers (store.go) over the bytes the
// subgraphs sent. Merging happens on one goroutine, in the order of Fetch.ID within a level (schedule.go), so a
// response does not depend on the order in which answers arrive.
//
// The package does no I/O of its own, has no clock and logs nothing. Whatever a subgraph answers ends as data or as an
// error with a path, never as a panic and never as another entity's data.
package exec
