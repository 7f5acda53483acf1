package main

import _ "embed"

// The static programs that weir carries; make builds them before it.
var (
	//go:embed embed/weir-init
	weirInit []byte
	//go:embed embed/weir-prober
	weirProber []byte
	//go:embed embed/weir-images
	weirImages []byte
)
