// Package proto holds the platform's protobuf messages and services: wire contracts, so names and numbers stay.
package proto

// buf comes from npm: npm ci --prefix test/node installs it.
//go:generate ../test/node/node_modules/.bin/buf generate
