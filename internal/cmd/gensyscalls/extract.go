package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kernel is what the source trees say.
type kernel struct {
	releases   []string
	numbers    map[string]map[string]int // by name and ABI
	signatures map[signature][]string    // the ABIs
	undeclared []string                  // entry points in assembler or of no architecture here
}

// A signature is what one entry point of a call takes.
type signature struct {
	name, point, params, file string
}

// extract reads the kernel's tables and declarations from unpacked source trees
// and writes numbers.tsv and signatures.tsv. The ABIs that have left the kernel
// are read from the older tree. It returns the entry points without declaration.
func extract(dir, newest, older string) (undeclared []string, err error) {
	k := kernel{numbers: map[string]map[string]int{}, signatures: map[signature][]string{}}
	for _, tree := range []string{newest, older} {
		if err := k.read(tree, tree == older); err != nil {
			return nil, err
		}
	}
	source := fmt.Sprintf("from the source of Linux %s; s390 from %s, the last with its 31-bit ABI.\n", k.releases[0], k.releases[1])
	if err := os.WriteFile(filepath.Join(dir, "numbers.tsv"), k.numbersTSV(source), 0o644); err != nil {
		return nil, err
	}
	return k.undeclared, os.WriteFile(filepath.Join(dir, "signatures.tsv"), k.signaturesTSV(source), 0o644)
}

// read adds the ABIs of one tree.
func (k *kernel) read(tree string, gone bool) error {
	r, err := release(tree)
	if err != nil {
		return err
	}
	k.releases = append(k.releases, r)
	decls, err := readDeclarations(tree)
	if err != nil {
		return err
	}
	for _, a := range abis {
		if a.gone != gone {
			continue
		}
		entries, err := a.read(tree)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if k.numbers[e.name] == nil {
				k.numbers[e.name] = map[string]int{}
			}
			k.numbers[e.name][a.name] = e.nr
			if e.point == notImplemented {
				continue
			}
			d, ok := decls.find(e.point, a)
			if !ok {
				k.undeclared = append(k.undeclared, fmt.Sprintf("%s on %s: %s", e.name, a.name, e.point))
				continue
			}
			s := signature{e.name, e.point, d.params, d.file}
			k.signatures[s] = append(k.signatures[s], a.name)
		}
	}
	return nil
}

// numbersTSV is a line for each name, a column for each ABI.
func (k *kernel) numbersTSV(source string) []byte {
	var b strings.Builder
	b.WriteString("# System call numbers, without an ABI's base, " + source)
	for _, a := range abis {
		b.WriteString("# " + a.name + ": " + a.table.file)
		if len(a.table.kinds) > 0 {
			b.WriteString(" (" + strings.Join(a.table.kinds, ", ") + ")")
		}
		if a.private != "" {
			b.WriteString(" and " + a.private)
		}
		b.WriteByte('\n')
	}
	b.WriteString("name")
	for _, a := range abis {
		b.WriteString("\t" + a.name)
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(k.numbers)) {
		b.WriteString(name)
		for _, a := range abis {
			if nr, ok := k.numbers[name][a.name]; ok {
				fmt.Fprintf(&b, "\t%d", nr)
			} else {
				b.WriteString("\t-")
			}
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// signaturesTSV is a line for each entry point of a call.
func (k *kernel) signaturesTSV(source string) []byte {
	var b strings.Builder
	b.WriteString("# Parameters of the entry points, as declared, " + source)
	b.WriteString("name\tabis\tentry\tparameters\tfile\n")
	sorted := slices.SortedFunc(maps.Keys(k.signatures), func(x, y signature) int {
		return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.point, y.point),
			cmp.Compare(x.file, y.file), cmp.Compare(x.params, y.params))
	})
	for _, s := range sorted {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", s.name, strings.Join(k.signatures[s], ","), s.point, s.params, s.file)
	}
	return []byte(b.String())
}
