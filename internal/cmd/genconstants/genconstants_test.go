package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheTablesAreWhatTheDataSays(t *testing.T) {
	sets, err := readSets("data/sets.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, err := readValues("data/values.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(sets, known)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../../calls/tables.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("calls/tables.go is not what the data says: run go generate ./calls")
	}
	text, err := os.ReadFile("data/values.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, known.tsv()) {
		t.Error("data/values.tsv does not read back as it is written")
	}
}

func TestAPatternChoosesABIs(t *testing.T) {
	for pattern, want := range map[string]int{"": len(abis), "s390*": 2, "!s390*": len(abis) - 2, "mips*": 3, "x86": 1} {
		n := 0
		for _, in := range matching(pattern) {
			if in {
				n++
			}
		}
		if n != want {
			t.Errorf("%q chooses %d ABIs, want %d", pattern, n, want)
		}
	}
}
