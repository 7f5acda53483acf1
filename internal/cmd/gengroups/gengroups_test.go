package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheTableIsWhatTheDataSays(t *testing.T) {
	data, err := os.ReadFile("data/groups.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(string(data))
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../../syscalls/grouptable.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("syscalls/grouptable.go is not what the data says: run go generate ./syscalls")
	}
}

func TestAGroupInAGroupIsItsCalls(t *testing.T) {
	groups, err := read("# a comment\n@outer\n\tread\n\t@inner\n@inner\n\twrite\n\tosf_mount\n")
	if err != nil {
		t.Fatal(err)
	}
	got, err := expand(groups, "@outer", nil)
	if want := []string{"read", "write"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("@outer: %v, %v; want %v: osf_mount is Alpha's", got, err, want)
	}
}

func TestBadDataIsRefused(t *testing.T) {
	for name, data := range map[string]string{
		"a group that contains itself":     "@a\n\t@b\n@b\n\t@a\n",
		"a group that is nowhere":          "@a\n\t@b\n",
		"a group that is there twice":      "@a\n\tread\n@a\n\twrite\n",
		"a call before the first group":    "\tread\n",
		"something that is neither of two": "@a\n\tread\nwrite\n",
	} {
		if text, err := generate(data); err == nil {
			t.Errorf("%s: no error, but\n%s", name, text)
		} else if strings.Contains(err.Error(), "grouptable") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
