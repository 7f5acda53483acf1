package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A call is a name with what each ABI makes of it.
type call struct {
	name string
	nr   []int // by ABI, with its base; none where there is none
	sig  []int // by ABI, an index of the tables' signatures; 0 where it is unknown
}

const none = -1

// tables are what the generated file holds.
type tables struct {
	release    string
	calls      []call // sorted by name
	signatures []typed
}

// typed is a signature as the package needs it.
type typed struct {
	params string
	widths packed
}

// readTables reads the three files of data.
func readTables(dir string) (*tables, error) {
	t := &tables{signatures: make([]typed, 1)}
	text, err := os.ReadFile(filepath.Join(dir, "numbers.tsv"))
	if err != nil {
		return nil, err
	}
	t.release = releaseOf(string(text))
	lines := rows(string(text))
	for _, f := range lines[1:] {
		c := call{name: f[0], nr: make([]int, len(abis)), sig: make([]int, len(abis))}
		for i := range abis {
			c.nr[i] = none
			if f[1+i] != "-" {
				n, err := strconv.ParseUint(f[1+i], 10, 31)
				if err != nil {
					return nil, fmt.Errorf("numbers.tsv: %s: %w", f[0], err)
				}
				c.nr[i] = int(n) + abis[i].base
			}
		}
		t.calls = append(t.calls, c)
	}

	overrides, err := os.ReadFile(filepath.Join(dir, "widths.tsv"))
	if err != nil {
		return nil, err
	}
	signatures, err := os.ReadFile(filepath.Join(dir, "signatures.tsv"))
	if err != nil {
		return nil, err
	}
	return t, t.readSignatures(rows(string(signatures))[1:], rows(string(overrides))[1:])
}

// readSignatures gives each call its signatures. An override that changes
// nothing is an error: the kernel has changed under it.
func (t *tables) readSignatures(signatures, overrides [][]string) error {
	index := map[typed]int{}
	used := make([]bool, len(overrides))
	for _, f := range signatures {
		name, on, params := f[0], f[1], f[3]
		i, ok := slices.BinarySearchFunc(t.calls, name, func(c call, n string) int { return strings.Compare(c.name, n) })
		if !ok {
			return fmt.Errorf("signatures.tsv: %s is not in numbers.tsv", name)
		}
		for abi := range strings.SplitSeq(on, ",") {
			s := typed{params: params}
			for arg, param := range list(params) {
				n, err := bits(param)
				if err != nil {
					return fmt.Errorf("signatures.tsv: %s: %w", name, err)
				}
				for k, o := range overrides {
					if o[0] == name && (o[1] == "*" || slices.Contains(strings.Split(o[1], ","), abi)) && strings.HasSuffix(param, " "+o[2]) {
						if n, err = strconv.Atoi(o[3]); err != nil {
							return fmt.Errorf("widths.tsv: %s: %w", name, err)
						}
						used[k] = true
					}
				}
				s.widths.set(arg, n)
			}
			if index[s] == 0 {
				index[s] = len(t.signatures)
				t.signatures = append(t.signatures, s)
			}
			t.calls[i].sig[column(abi)] = index[s]
		}
	}
	if k := slices.Index(used, false); k >= 0 {
		return fmt.Errorf("widths.tsv: %s %s: no such parameter", overrides[k][0], overrides[k][2])
	}
	return nil
}

// list splits "int fd, char *buf" into its parameters.
func list(params string) []string {
	if params == "" {
		return nil
	}
	return strings.Split(params, ", ")
}

func column(name string) int {
	return slices.IndexFunc(abis, func(a abi) bool { return a.name == name })
}

// rows returns the fields of the lines that are no comments, the head first.
func rows(text string) [][]string {
	var all [][]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
	}
	return all
}

// releaseOf returns "7.3", the release that the first line names.
func releaseOf(text string) string {
	_, text, _ = strings.Cut(text, "source of Linux ")
	major, text, _ := strings.Cut(text, ".")
	minor, _, _ := strings.Cut(text, ".")
	return major + "." + minor
}
