//go:build linux

package kerneltest

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/seccomp"
)

// A Need is what a test cannot do without.
type Need func() lack

// A lack is why a test cannot run, "" if it can.
type lack struct {
	why    string
	kernel bool // the test cannot run at all: this kernel truly has it not, and no machine's setup could change that
}

// Require ends a test whose needs are not met. With WEIR_TEST_MUST_RUN=1 in the
// environment that is a failure, so that no test is skipped unnoticed where all
// should run, except if the running kernel itself has no such feature. Otherwise
// the test is skipped. Both say why.
func Require(t testing.TB, needs ...Need) {
	t.Helper()
	for _, need := range needs {
		switch l := need(); {
		case l.why == "":
		case l.kernel || os.Getenv("WEIR_TEST_MUST_RUN") != "1":
			t.Skip(l.why)
		default:
			t.Fatalf("%s, and WEIR_TEST_MUST_RUN=1 demands that this test runs", l.why)
		}
	}
}

// Has reports whether a need is met, for who cannot end a test. What Require would
// let a test fail for is an error.
func Has(need Need) (bool, error) {
	l := need()
	if l.why != "" && !l.kernel && os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		return false, errors.New(l.why)
	}
	return l.why == "", nil
}

// Root needs user 0 with CAP_SYS_ADMIN.
func Root() lack {
	if os.Getenv(plainEnv) != "" {
		return lack{"this test is root's, and was run as root before", true}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return lack{why: err.Error()}
	}
	_, rest, _ := strings.Cut(string(status), "\nCapEff:\t")
	hex, _, _ := strings.Cut(rest, "\n")
	effective, err := strconv.ParseUint(hex, 16, 64)
	sysAdmin, _ := seccomp.ParseCap("CAP_SYS_ADMIN")
	if os.Geteuid() != 0 || err != nil || !seccomp.Caps(effective).Has(sysAdmin) {
		return lack{why: "the test needs root with CAP_SYS_ADMIN"}
	}
	return lack{}
}

// Feature needs something that kernel.Probe finds in this kernel.
func Feature(k kernel.Key) Need {
	return func() lack {
		support := probe()
		switch support.Has(k) {
		case kernel.Yes:
			return lack{}
		case kernel.No:
			return lack{"this kernel has no " + string(k), true}
		}
		return lack{why: "it is unknown whether this kernel has " + string(k)}
	}
}

// ABI needs an architecture that programs can use on this kernel.
func ABI(a seccomp.Arch) Need {
	key := kernel.KeyArch(a)
	return func() lack {
		if !slices.ContainsFunc(probe().Features, func(f kernel.Feature) bool { return f.Key == key }) {
			return lack{"processors of this kind have no " + a.String(), true}
		}
		return Feature(key)()
	}
}

// Tool needs a program in PATH.
func Tool(name string) Need {
	return func() lack {
		if _, err := exec.LookPath(name); err != nil {
			return lack{why: err.Error()}
		}
		return lack{}
	}
}

// File needs a file, which a script of this repository makes.
func File(path, script string) Need {
	return func() lack {
		if _, err := os.Stat(path); err != nil {
			return lack{why: err.Error() + " (" + script + " makes it)"}
		}
		return lack{}
	}
}

var probe = sync.OnceValue(kernel.Probe)
