// Gensyscalls writes the tables of package syscalls.
//
//	go run ./internal/cmd/gensyscalls              from data/*.tsv to syscalls/*.go
//	go run ./internal/cmd/gensyscalls -linux DIR -older DIR
//
// With -linux it first reads the facts again from unpacked Linux source trees:
// DIR is the newest release, and -older the last that still had the 31-bit ABI
// of s390, 6.18.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("C", ".", "the root of the module")
	linux := flag.String("linux", "", "read the facts from this source tree first")
	older := flag.String("older", "", "and those of ABIs that it no longer has from this one")
	flag.Parse()

	data := filepath.Join(*root, "internal/cmd/gensyscalls/data")
	if *linux != "" {
		if err := extract(data, *linux, *older); err != nil {
			fail("read the Linux source", err)
		}
	}
	if err := generate(data, filepath.Join(*root, "syscalls")); err != nil {
		fail("generate package syscalls", err)
	}
}

func fail(doing string, err error) {
	fmt.Fprintf(os.Stderr, "gensyscalls: %s: %v\n", doing, err)
	os.Exit(1)
}
