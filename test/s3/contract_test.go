package s3

import (
	"testing"

	"parley/media"
	"parley/media/mediatest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	g := shared(t)
	mediatest.Run(t, func(t *testing.T) media.Store { return g.store(t, g.options()) })
}
