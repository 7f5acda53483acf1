package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// tsv writes one constant a line: its name, the value that most ABIs have, and
// the ABIs that have another, or none (-).
func (v values) tsv() []byte {
	var b bytes.Buffer
	b.WriteString("name\tvalue\telsewhere\n")
	for _, name := range slices.Sorted(maps.Keys(v)) {
		row := v[name]
		common := usual(row)
		fmt.Fprintf(&b, "%s\t%s\t", name, text(&common))
		space := ""
		for i := range abis {
			if row[i] == nil || *row[i] != common {
				fmt.Fprintf(&b, "%s%s=%s", space, abis[i].name, text(row[i]))
				space = " "
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// usual returns the value that most ABIs have, the first of them among equals.
func usual(row [len(abis)]*int64) int64 {
	count := map[int64]int{}
	for _, v := range row {
		if v != nil {
			count[*v]++
		}
	}
	most, best := int64(0), 0
	for _, v := range row {
		if v != nil && count[*v] > best {
			most, best = *v, count[*v]
		}
	}
	return most
}

func text(v *int64) string {
	switch {
	case v == nil:
		return "-"
	case *v < 0:
		return strconv.FormatInt(*v, 10)
	}
	return fmt.Sprintf("%#x", *v)
}

func readValues(file string) (values, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	v := values{}
	lines := strings.Split(strings.TrimSuffix(string(src), "\n"), "\n")
	for i, line := range lines[1:] {
		columns := strings.Split(line, "\t")
		if len(columns) != 3 {
			return nil, fmt.Errorf("%s:%d: %d columns, not 3", file, i+2, len(columns))
		}
		row, err := readRow(columns[1], strings.Fields(columns[2]))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+2, err)
		}
		v[columns[0]] = row
	}
	return v, nil
}

func readRow(common string, elsewhere []string) (row [len(abis)]*int64, err error) {
	n, err := strconv.ParseInt(common, 0, 64)
	if err != nil {
		return row, err
	}
	for i := range row {
		row[i] = &n
	}
	for _, word := range elsewhere {
		name, number, _ := strings.Cut(word, "=")
		i := slices.IndexFunc(abis[:], func(a abi) bool { return a.name == name })
		if i < 0 {
			return row, fmt.Errorf("no ABI %q", name)
		}
		if number == "-" {
			row[i] = nil
			continue
		}
		m, err := strconv.ParseInt(number, 0, 64)
		if err != nil {
			return row, err
		}
		row[i] = &m
	}
	return row, nil
}
