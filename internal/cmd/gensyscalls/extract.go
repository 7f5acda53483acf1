package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// extract reads the kernel's tables and declarations from an unpacked source
// tree and writes data/numbers.tsv and data/signatures.tsv. The ABIs that have
// left the kernel are read from an older tree.
func extract(dir, newest, older string) error {
	numbers := map[string]map[string]uint32{} // name, abi
	signatures := map[signature][]string{}    // abis
	for _, tree := range []string{newest, older} {
		decls, err := readDeclarations(tree)
		if err != nil {
			return err
		}
		for _, a := range abis {
			if a.gone != (tree == older) {
				continue
			}
			rows, err := a.read(tree)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if numbers[r.name] == nil {
					numbers[r.name] = map[string]uint32{}
				}
				numbers[r.name][a.name] = r.nr
				if r.entry == notImplemented {
					continue
				}
				if d, ok := decls.find(r.entry, a); ok {
					s := signature{r.name, r.entry, d.params, d.file}
					signatures[s] = append(signatures[s], a.name)
				} else {
					fmt.Fprintf(os.Stderr, "%s: %s: no declaration of %s found\n", a.name, r.name, r.entry)
				}
			}
		}
	}

	source := "from the Linux source tree " + release(newest) + "; s390 from " + release(older) + ", the last with its 31-bit ABI"
	var b strings.Builder
	b.WriteString("# System call numbers, without an ABI's base, " + source + ".\n")
	for _, a := range abis {
		fmt.Fprintf(&b, "# %s: %s", a.name, a.table.file)
		if len(a.table.kinds) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(a.table.kinds, ", "))
		}
		b.WriteByte('\n')
	}
	b.WriteString("name")
	for _, a := range abis {
		b.WriteString("\t" + a.name)
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		b.WriteString(name)
		for _, a := range abis {
			if nr, ok := numbers[name][a.name]; ok {
				fmt.Fprintf(&b, "\t%d", nr)
			} else {
				b.WriteString("\t-")
			}
		}
		b.WriteByte('\n')
	}
	if err := os.WriteFile(filepath.Join(dir, "numbers.tsv"), []byte(b.String()), 0o644); err != nil {
		return err
	}

	b.Reset()
	b.WriteString("# Parameters of the entry points, as declared, " + source + ".\n")
	b.WriteString("name\tabis\tentry\tparameters\tfile\n")
	sorted := slices.SortedFunc(maps.Keys(signatures), func(x, y signature) int {
		return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.entry, y.entry),
			strings.Compare(x.file, y.file), strings.Compare(x.params, y.params))
	})
	for _, s := range sorted {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", s.name, strings.Join(signatures[s], ","), s.entry, s.params, s.file)
	}
	return os.WriteFile(filepath.Join(dir, "signatures.tsv"), []byte(b.String()), 0o644)
}

// A signature is what one entry point takes.
type signature struct {
	name, entry, params, file string
}

// notImplemented is the entry point of a number whose call is gone or belongs
// to another configuration: it returns ENOSYS whatever the arguments.
const notImplemented = "sys_ni_syscall"

// A row is a line of a table.
type row struct {
	nr          uint32
	name, entry string
}

// read returns the rows of the ABI.
func (a *abi) read(tree string) ([]row, error) {
	text, err := os.ReadFile(filepath.Join(tree, a.table.file))
	if err != nil {
		return nil, err
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[0], "#") || len(a.table.kinds) > 0 && !slices.Contains(a.table.kinds, f[1]) {
			continue
		}
		nr, err := strconv.ParseUint(f[0], 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", a.table.file, strings.TrimSpace(line), err)
		}
		if placeholder.MatchString(f[2]) {
			continue
		}
		r := row{nr: uint32(nr), name: f[2], entry: notImplemented}
		for _, column := range []int{a.table.entry, 3} {
			if column < len(f) && f[column] != "-" {
				r.entry = f[column]
				break
			}
		}
		rows = append(rows, r)
	}
	if a.private == "" {
		return rows, nil
	}
	text, err = os.ReadFile(filepath.Join(tree, a.private))
	if err != nil {
		return nil, err
	}
	for _, m := range armPrivate.FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, row{nr: armBase + uint32(m[2][0]-'0'), name: m[1], entry: notImplemented})
	}
	return rows, nil
}

// placeholder matches the names of numbers that never had a call.
var placeholder = regexp.MustCompile(`^(reserved|unused)\d+$`)

// The calls that arch/arm/kernel/traps.c answers before the table is asked, and
// their base in the EABI, __ARM_NR_BASE.
var armPrivate = regexp.MustCompile(`(?m)^#define __ARM_NR_(\w+)\s+\(__ARM_NR_BASE\+(\d)\)$`)

const armBase = 0xf0000

var makefileVersion = regexp.MustCompile(`(?m)^VERSION = (\d+)\nPATCHLEVEL = (\d+)\nSUBLEVEL = (\d+)$`)

// release reads "7.3.4" from the tree's Makefile.
func release(tree string) string {
	text, err := os.ReadFile(filepath.Join(tree, "Makefile"))
	if err != nil {
		return "unknown"
	}
	m := makefileVersion.FindSubmatch(text)
	if m == nil {
		return "unknown"
	}
	return fmt.Sprintf("%s.%s.%s", m[1], m[2], m[3])
}
