//go:build linux

package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
)

// serverConf is the configuration of a server which is measured: nothing is required of accounts,
// and groups may be as large as the table needs them.
const serverConf = `{
	// Written by "parley bench" for the server that it measures.
	"max_subscriber_count": 11000
}
`

// newHome makes a folder for the data, the configuration and the log of a server of the generator's
// own, and says how to start the program there. If its data is not to last, it is removed before
// each start.
func newHome(program, dir, key string, lasts bool) (*subject, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the server: %w", err)
	}
	conf := filepath.Join(dir, "tinode.conf")
	if err := os.WriteFile(conf, []byte(serverConf), 0o600); err != nil {
		return nil, fmt.Errorf("configuration of the server: %w", err)
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	p := &process{
		argv: []string{program, "--data", data, "--listen", addr, "--config", conf},
		dir:  dir, log: filepath.Join(dir, "server.log"),
	}
	if !lasts {
		p.wipe = []string{data}
	}
	return &subject{url: "ws://" + addr + "/v0/channels", key: key, proc: p, pool: &pool{}}, nil
}

// freeAddress finds a port of 127.0.0.1 below those which the kernel gives to outgoing connections,
// so that none of the generator's own takes it while the server is down.
func freeAddress() (string, error) {
	const lowest, fewest, tries = 10_000, 100, 100
	high := 32_768
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(b), &high) // else the usual bound will do
	}
	if high < lowest+fewest {
		high = 65_536 // they may be all, and then there is no better choice
	}
	for range tries {
		addr := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(high-lowest))
		if ln, err := net.Listen("tcp", addr); err == nil {
			return addr, ln.Close()
		}
	}
	return "", errors.New("no free port found")
}
