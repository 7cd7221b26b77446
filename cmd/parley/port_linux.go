package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// portOwner names the process that listens on the port of an address; empty if
// that can't be told, because it is another user's.
func portOwner(address string) string {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	port, err := net.LookupPort("tcp", text)
	if err != nil {
		return ""
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listenInode(table, port); inode != "" {
			return socketOwner("socket:[" + inode + "]")
		}
	}
	return ""
}

const tcpListen = "0A" // the state in /proc/net/tcp

// listenInode finds the socket that listens on a port: proc(5).
func listenInode(table string, port int) string {
	text, err := os.ReadFile(table)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 9 && f[3] == tcpListen && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			return f[9]
		}
	}
	return ""
}

// socketOwner is the name and ID of the process that has a socket open.
func socketOwner(socket string) string {
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		if target, err := os.Readlink(file); err != nil || target != socket {
			continue
		}
		pid := strings.Split(file, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if n, cerr := strconv.Atoi(pid); err == nil && cerr == nil {
			return fmt.Sprintf("%s (process %d)", plain(strings.TrimSpace(string(name))), n)
		}
	}
	return ""
}
