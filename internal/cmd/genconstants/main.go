// Genconstants writes the tables of constants of package calls.
//
//	genconstants                from data/sets.txt and data/values.tsv to calls/tables.go
//	genconstants -linux DIR     after reading data/values.tsv anew
//
// DIR is an unpacked source of Linux, whose headers for user space are read by
// cc, once for each ABI. cc is gcc for x86_64: no cross compiler is needed, because
// nothing is asked but what the headers say for the size of its types.
//
//	data/sets.txt      by hand: which constants there are and which arguments take them
//	data/values.tsv    from Debian's linux-source-6.12 6.12.117-1~deb12u1
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("C", ".", "the root of the module")
	linux := flag.String("linux", "", "read the values from this source `tree` first")
	flag.Parse()
	if err := run(*root, *linux); err != nil {
		fmt.Fprintln(os.Stderr, "genconstants:", err)
		os.Exit(1)
	}
}

func run(root, linux string) error {
	data := filepath.Join(root, "internal/cmd/genconstants/data")
	sets, err := readSets(filepath.Join(data, "sets.txt"))
	if err != nil {
		return err
	}
	tsv := filepath.Join(data, "values.tsv")
	if linux != "" {
		read, err := extract(linux, sets)
		if err != nil {
			return err
		}
		if err := os.WriteFile(tsv, read.tsv(), 0o644); err != nil {
			return err
		}
	}
	known, err := readValues(tsv)
	if err != nil {
		return err
	}
	text, err := generate(sets, known)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "calls/tables.go"), text, 0o644)
}
