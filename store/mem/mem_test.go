package mem_test

import (
	"testing"

	"go.uber.org/goleak"

	"parley/store"
	"parley/store/mem"
	"parley/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return mem.New() })
}
