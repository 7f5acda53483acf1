package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// giveBack removes the layers of an image that the disk had no room for. After any other failure they stay for
// the next try.
func giveBack(cause error) {
	if !errors.Is(cause, unix.ENOSPC) && !errors.Is(cause, unix.EDQUOT) {
		return
	}
	// What goes wrong here is told by `weir prune`, which is what the message about the cause says to do.
	if store, err := openStore(); err == nil {
		_ = store.DropLayers()
	}
}
