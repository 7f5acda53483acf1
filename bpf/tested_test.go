package bpf_test

import (
	"slices"
	"testing"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

func TestTheNumbersThatAWordIsComparedWith(t *testing.T) {
	prog, err := bpf.Assemble(`
		ld [arch]
		jeq #7, 4, 2
		jeq #3, 4, 3
		jeq #7, 4, 9
		tax
		ld [nr]
		jeq #5, 9, 7
		jeq #1, 9, 8
		and #1
		jeq #0, 10, 11
		ret allow
		ld [arch]
		jgt #8, 13, 13
		ret errno 1`, seccomp.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	if got := prog.Tested(seccomp.OffsetArch); !slices.Equal(got, []uint32{3, 7}) {
		t.Errorf("the architecture: %v", got)
	}
	if got := prog.Tested(seccomp.OffsetNr); !slices.Equal(got, []uint32{1, 5}) {
		t.Errorf("the number: %v", got)
	}
}
