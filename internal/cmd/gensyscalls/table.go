package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An entry is a row of a kernel's table.
type entry struct {
	nr    int
	name  string
	point string // the function, such as compat_sys_openat
}

// notImplemented is the entry point of a number whose call is gone or belongs
// to another configuration: it returns ENOSYS whatever the arguments.
const notImplemented = "sys_ni_syscall"

// placeholder matches the names of numbers that never had a call.
var placeholder = regexp.MustCompile(`^(reserved|unused)\d+$`)

// read returns the entries of the ABI.
func (a *abi) read(tree string) ([]entry, error) {
	text, err := os.ReadFile(filepath.Join(tree, a.table.file))
	if err != nil {
		return nil, err
	}
	var entries []entry
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.HasPrefix(f[0], "#") || placeholder.MatchString(f[2]) ||
			len(a.table.kinds) > 0 && !slices.Contains(a.table.kinds, f[1]) {
			continue
		}
		nr, err := strconv.ParseUint(f[0], 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", a.table.file, strings.TrimSpace(line), err)
		}
		e := entry{int(nr), f[2], notImplemented}
		for _, column := range []int{a.table.entry, 3} {
			if column < len(f) && f[column] != "-" {
				e.point = f[column]
				break
			}
		}
		entries = append(entries, e)
	}
	if a.private == "" {
		return entries, nil
	}
	private, err := readPrivate(filepath.Join(tree, a.private))
	return append(entries, private...), err
}

// The calls of arm that arch/arm/kernel/traps.c (arm_syscall) answers before the
// table is asked, and their base in the EABI, __ARM_NR_BASE.
var armPrivate = regexp.MustCompile(`(?m)^#define __ARM_NR_(\w+)\s+\(__ARM_NR_BASE\+(\d)\)$`)

const armBase = 0xf0000

func readPrivate(file string) ([]entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, m := range armPrivate.FindAllStringSubmatch(string(text), -1) {
		entries = append(entries, entry{armBase + int(m[2][0]-'0'), m[1], notImplemented})
	}
	return entries, nil
}

var makefileVersion = regexp.MustCompile(`(?m)^VERSION = (\d+)\nPATCHLEVEL = (\d+)\nSUBLEVEL = (\d+)$`)

// release reads "7.3.4" from the tree's Makefile.
func release(tree string) (string, error) {
	text, err := os.ReadFile(filepath.Join(tree, "Makefile"))
	if err != nil {
		return "", err
	}
	m := makefileVersion.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s: the Makefile names no version; is it the source of Linux?", tree)
	}
	return fmt.Sprintf("%s.%s.%s", m[1], m[2], m[3]), nil
}
