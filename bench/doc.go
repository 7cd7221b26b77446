// Package bench measures a chat server which speaks the protocol of this one, next to a bare
// in-memory hub on the same machine, so that a figure can be quoted as a ratio to what the machine
// allows. It is what `parley bench` runs: the whole table of README.md against a server of its own,
// or a single scenario against any server.
//
// It knows the wire from outside, as a client does, and nothing of the server's code: it imports no
// package of this module.
package bench
