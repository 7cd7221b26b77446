// Package webclient is what a browser gets at "/". It knows nothing of the
// server behind it.
package webclient

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files are the pages that are built in.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}
