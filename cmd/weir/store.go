package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
)

// openStore opens the caller's image store.
func openStore() (*image.Store, error) {
	dir, err := image.DefaultDir()
	if err != nil {
		return nil, err
	}
	return image.Open(dir)
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
