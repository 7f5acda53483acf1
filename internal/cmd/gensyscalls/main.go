// Gensyscalls writes the tables of package syscalls.
//
//	gensyscalls                           from data/*.tsv to syscalls/*.go
//	gensyscalls -linux DIR -older DIR     after reading data/*.tsv anew
//
// DIR are unpacked sources of Linux: the newest release, and 6.18, the last that
// had the 31-bit ABI of s390. The files in data are from Debian's packages:
//
//	numbers.tsv, signatures.tsv    linux-source-7.3 7.3.4-1~bpo13+1, and for s390
//	                               the original source of linux 6.18.15-1~bpo13+1
//	widths.tsv                     by hand, read in the same sources
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("C", ".", "the root of the module")
	newest := flag.String("linux", "", "read the facts from this source `tree` first")
	older := flag.String("older", "", "and those of ABIs that it no longer has from this `tree`")
	flag.Parse()
	if (*newest == "") != (*older == "") {
		fail(fmt.Errorf("-linux and -older go together"))
	}

	data := filepath.Join(*root, "internal/cmd/gensyscalls/data")
	if *newest != "" {
		undeclared, err := extract(data, *newest, *older)
		if err != nil {
			fail(fmt.Errorf("read the source of Linux: %w", err))
		}
		for _, u := range undeclared {
			fmt.Fprintln(os.Stderr, "no declaration found:", u)
		}
	}
	if err := generate(data, filepath.Join(*root, "syscalls")); err != nil {
		fail(fmt.Errorf("generate package syscalls: %w", err))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gensyscalls:", err)
	os.Exit(1)
}
