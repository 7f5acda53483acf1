package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/seccomp"
)

// TestMain makes the test the worker that a judge starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == libseccomp.WorkerArg {
		if err := libseccomp.Serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func judged(t *testing.T, syscalls string) Result {
	t.Helper()
	j := &judge{host: plain.NewHost(), programs: &programs{made: make(map[string]made)}, worker: libseccomp.Worker{Limit: 10 * time.Second}}
	defer j.worker.Close()
	c := facts(t.Name(), []byte(`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [`+syscalls+`]}`),
		seccomp.ArchX86_64, kernels[len(kernels)-1], 0)
	r := j.judge(&c)
	if r.Trouble != nil {
		t.Fatal(r.Trouble)
	}
	if n := r.Counts[Defect] + r.Counts[Unexplained]; n > 0 {
		t.Errorf("%d calls have no explanation: %v", n, r.Examples)
	}
	return r
}

func TestWhereLibseccompKeepsToItsModelThereIsNoDifference(t *testing.T) {
	r := judged(t, `{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}`)
	if len(r.Counts) != 1 || r.Counts[Equal] == 0 {
		t.Errorf("got %v", r.Counts)
	}
}

func TestRulesThatOverlapAreAConflict(t *testing.T) {
	r := judged(t, `
		{"names": ["getpid"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_GE"}]},
		{"names": ["getpid"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_GE"}]}`)
	for class := range r.Counts {
		if class != Equal && !strings.Contains(string(class), "conflict") {
			t.Errorf("%d calls of class %q: %s", r.Counts[class], class, r.Examples[class])
		}
	}
}

func TestSmallestSetOfRespectsComesFirst(t *testing.T) {
	if views[0] != plain.Conflict || views[len(views)-1] != plain.Libseccomp {
		t.Errorf("%v", views)
	}
}

func TestTheFirstOfEachClassIsKept(t *testing.T) {
	r := Result{Counts: make(map[Class]int), Examples: make(map[Class]string)}
	r.count(Defect, func() string { return "the first" })
	r.count(Defect, func() string { return "the second" })
	if r.Counts[Defect] != 2 || r.Examples[Defect] != "the first" {
		t.Errorf("%v %v", r.Counts, r.Examples)
	}
}
