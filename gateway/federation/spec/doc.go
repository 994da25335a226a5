// Package spec knows the specifications that federated schemas link: their names, versions and definitions, how @link
// gives their elements names in a schema, and the codes under which composition reports errors.
//
// It is data and pure functions; it never does I/O.
package spec
