//go:build !no_console

// Package admin embeds the built web pages: the administrators' console and GraphiQL.
package admin

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Console holds the console's built files (index.html at its root); GraphiQL the explorer's. "make web" builds both.
var (
	Console  = mustSub("dist/console")
	GraphiQL = mustSub("dist/graphiql")
)

func mustSub(dir string) fs.FS {
	sub, err := fs.Sub(dist, dir)
	if err != nil {
		panic(err) // dir is a constant and valid
	}
	return sub
}
