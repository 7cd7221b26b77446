//go:build !unix

package main

import "io/fs"

// foreignOwner is not known here.
func foreignOwner(fs.FileInfo) (name string, foreign bool) { return "", false }
