package server

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Transcripts over a socket wait most of the time: more of them than cores
	// can do so at once.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	// The runtime closes folders that a test left open, on a goroutine of its own.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.runFinalizers"))
}
