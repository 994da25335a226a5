//go:build no_console

package admin

import "io/fs"

// Console and GraphiQL are nil: this binary was built without the web pages.
var Console, GraphiQL fs.FS
