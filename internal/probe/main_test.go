package probe

import (
	"context"
	"flag"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/kerneltest"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// native is the architecture of this machine.
func native(t *testing.T) seccomp.Arch {
	t.Helper()
	a, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		t.Skipf("%s is not supported", runtime.GOARCH)
	}
	return a
}

// elf builds a program and returns its file.
func elf(t *testing.T, pkg string) []byte {
	t.Helper()
	b, err := os.ReadFile(kerneltest.Build(t, pkg))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// unconfined returns a launch without a filter.
func unconfined(t *testing.T, caps seccomp.Caps) *Launch {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.Feature(kernel.KeySyscall))
	return &Launch{
		Spec:   container.Spec{Init: container.NewInit(elf(t, "github.com/weir-dev/weir/cmd/weir-init"), nil), Caps: caps},
		Prober: elf(t, "github.com/weir-dev/weir/cmd/weir-prober"),
	}
}

// under returns a launch under a profile.
func under(t *testing.T, p *profile.Profile, caps seccomp.Caps) *Launch {
	t.Helper()
	l := unconfined(t, caps)
	l.Filter = compiled(t, p, caps)
	return l
}

func compiled(t *testing.T, p *profile.Profile, caps seccomp.Caps) *Filter {
	t.Helper()
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		t.Fatal(err)
	}
	version, err := seccomp.ParseKernelVersion(unix.ByteSliceToString(uts.Release[:]))
	if err != nil {
		t.Fatal(err)
	}
	facts := seccomp.Facts{Arch: native(t), Kernel: version, Caps: caps}
	c, err := weir.Compile(p, facts, weir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Filter{Compiled: c, Profile: p, Facts: facts}
}

func parse(t *testing.T, src string) *profile.Profile {
	t.Helper()
	p, err := profile.Parse("test.json", []byte(src), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run returns the rows of a launch, by name, and their order.
func run(t *testing.T, l *Launch) []Row {
	t.Helper()
	rows, err := Run(context.Background(), l)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(table) {
		t.Fatalf("%d rows, want %d", len(rows), len(table))
	}
	return rows
}

// kernelAnswers reads testdata/kernel.txt.
func kernelAnswers(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/kernel.txt")
	if err != nil {
		t.Fatal(err)
	}
	answers := make(map[string][]string)
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] != "#" {
			answers[fields[0]] = fields[1:]
		}
	}
	return answers
}

func grantable(t *testing.T) seccomp.Caps {
	t.Helper()
	caps, err := container.Grantable()
	if err != nil {
		t.Fatal(err)
	}
	return caps
}
