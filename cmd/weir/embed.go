package main

import _ "embed"

// The small static programs that weir carries; make builds them before it.
var (
	//go:embed embed/weir-init
	weirInit []byte
	//go:embed embed/weir-prober
	weirProber []byte
)
