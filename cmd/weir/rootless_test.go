package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// The pages of testdata, and the tests that kill weir.
func TestPagesAgainAsPlainUsers(t *testing.T) {
	kerneltest.AgainAsPlainUsers(t, "^(TestScripts|TestAKilledWeirLeavesNothing|TestSIGKILLAtAnyMomentLeavesNothingBehind|"+
		"TestMegabytesPassThroughAPipeline|TestFullScreenProgramsWorkAsOnTheHost|TestWeirIsAJobOfTheShell)$")
}

// delegatedEnv tells the pages that this user may make cgroups below its own.
const delegatedEnv = "WEIR_TEST_DELEGATED"

// A plain user sets limits where the administrator has left a part of the tree of
// cgroups to users.
func TestLimitsAgainAsPlainUsersInADelegatedCgroup(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	move := func(dir string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, controller := range []string{"memory", "cpu", "pids"} {
		_, rest, found := strings.Cut(string(own), ":"+controller+":")
		if !found {
			t.Skipf("%s is not in a hierarchy of v1 alone, where this test can delegate", controller)
		}
		before, _, _ := strings.Cut(rest, "\n")
		before = filepath.Join("/sys/fs/cgroup", controller, before)
		dir := filepath.Join(before, fmt.Sprint("weir-delegated-", os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			move(before)
			if err := syscall.Rmdir(dir); err != nil {
				t.Errorf("rmdir %s: %v", dir, err)
			}
		})
		move(dir)
		for name, mode := range map[string]os.FileMode{"": 0o777, "cgroup.procs": 0o666} {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	kerneltest.AgainAsPlainUsers(t, "^TestScripts$/^limits$", delegatedEnv+"=1")
}
