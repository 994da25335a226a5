// Package generate makes random sets of subgraphs that compose, and breaks them.
//
// Base makes a set that is valid by construction; Mutate applies one of the Operators, each of which aims at one rule of
// composition. Both depend on nothing but the random source. Sets are plain data: Shrink takes them apart again.
package generate
