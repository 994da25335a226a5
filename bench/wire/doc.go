// Package wire is a small HTTP/1.1 client for the benchmark: one write and as few reads as possible for a request over a
// connection that is kept. It knows servers on the same machine that keep to the standard, and nothing of redirects, TLS,
// proxies or compression.
package wire
