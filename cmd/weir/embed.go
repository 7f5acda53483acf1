package main

import (
	_ "embed"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/sys"
)

// The static programs that weir carries; make builds them before it.
var (
	//go:embed embed/weir-init
	weirInit []byte
	//go:embed embed/weir-prober
	weirProber []byte
	//go:embed embed/weir-images
	weirImages []byte
)

// initProgram is weir-init for a container. Its megabyte and a half is not kept in
// memory while that runs.
func initProgram() *container.Init {
	return container.NewInit(weirInit, func() { sys.Unload(weirInit) })
}
