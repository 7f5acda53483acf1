package syscalls

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestEveryCallIsFoundByItsNameAndByItsNumber(t *testing.T) {
	n := 0
	for c := range Calls() {
		n++
		if got, ok := Lookup(c.String()); !ok || got != c {
			t.Errorf("Lookup(%q) = %v, %v", c, got, ok)
		}
		for _, a := range seccomp.Archs() {
			nr, ok := c.Nr(a)
			if !ok {
				continue
			}
			if got, ok := At(a, nr); !ok || got != c {
				t.Errorf("At(%s, %d) = %q, %v; Nr of %q is that number", a.Name(), nr, got, ok, c)
			}
		}
	}
	if n != Count() {
		t.Errorf("Calls yields %d calls, Count says %d", n, Count())
	}
}

func TestTheCallsOfAnArchitectureAreInTheOrderOfTheirNumbers(t *testing.T) {
	for _, a := range seccomp.Archs() {
		on := On(a)
		if len(on) < 300 {
			t.Errorf("%s has %d calls; even the newest architecture has more than 300", a.Name(), len(on))
		}
		last := int64(-1)
		for _, c := range on {
			nr, ok := c.Nr(a)
			if !ok || int64(nr) <= last {
				t.Errorf("%s: %q has number %d, %v, after %d", a.Name(), c, nr, ok, last)
			}
			last = int64(nr)
		}
	}
}

func TestWhatIsNoCallIsNotFound(t *testing.T) {
	for _, name := range []string{"", "x", "ope", "opena", "openatt", "OPENAT", "openat ", "unused18", strings.Repeat("openat", 100)} {
		if c, ok := Lookup(name); ok {
			t.Errorf("Lookup(%q) = %q", name, c)
		}
	}
	if c, ok := At(seccomp.ArchX86_64, 0x40000000); ok {
		t.Errorf("x86_64 has %q at a number of x32", c)
	}
	if c, ok := At(seccomp.ArchX86_64, 0xffffffff); ok {
		t.Errorf("x86_64 has %q at -1", c)
	}
	if c, ok := At(0, 1); ok {
		t.Errorf("no architecture has %q", c)
	}
	for _, c := range []Call{0, count + 1, 0xffff} {
		if _, ok := c.Nr(seccomp.ArchX86_64); ok || c.String() != "" || c.Args(seccomp.ArchX86_64) != nil {
			t.Errorf("Call(%d) has a number, a name or arguments", c)
		}
	}
}

// Numbers that people know by heart, and those with a base of their own.
func TestNumbersAreTheKernels(t *testing.T) {
	for _, want := range []struct {
		name string
		arch seccomp.Arch
		nr   seccomp.Nr
	}{
		{"read", seccomp.ArchX86_64, 0},
		{"execve", seccomp.ArchX86_64, 59},
		{"execve", seccomp.ArchX86, 11},
		{"execve", seccomp.ArchX32, 0x40000000 + 520},
		{"execve", seccomp.ArchMIPS, 4011},
		{"execve", seccomp.ArchMIPSEL64, 5057},
		{"execve", seccomp.ArchMIPS64N32, 6057},
		{"execve", seccomp.ArchAARCH64, 221},
		{"execve", seccomp.ArchRISCV64, 221},
		{"execve", seccomp.ArchS390X, 11},
		{"clone3", seccomp.ArchPPC64LE, 435},
		{"umount", seccomp.ArchX86, 22},
		{"umount2", seccomp.ArchX86_64, 166},
		{"breakpoint", seccomp.ArchARM, 0xf0001},
		{"cacheflush", seccomp.ArchARM, 0xf0002},
		{"set_tls", seccomp.ArchARM, 0xf0005},
		{"arm_fadvise64_64", seccomp.ArchARM, 270},
		{"fadvise64_64", seccomp.ArchX86, 272},
		{"riscv_flush_icache", seccomp.ArchRISCV64, 259},
		{"s390_runtime_instr", seccomp.ArchS390, 342},
		{"uretprobe", seccomp.ArchX86_64, 335},
		// Calls that have left the kernel.
		{"lookup_dcookie", seccomp.ArchAARCH64, 18},
		{"_sysctl", seccomp.ArchX86_64, 156},
		{"create_module", seccomp.ArchX86, 127},
		{"tuxcall", seccomp.ArchX86_64, 184},
		{"epoll_ctl_old", seccomp.ArchX86_64, 214},
	} {
		c, ok := Lookup(want.name)
		if nr, on := c.Nr(want.arch); !ok || !on || nr != want.nr {
			t.Errorf("%s on %s: number %d, %v; want %d", want.name, want.arch.Name(), nr, on, want.nr)
		}
	}
	for _, none := range []struct {
		name string
		arch seccomp.Arch
	}{
		{"umount", seccomp.ArchX86_64},
		{"open", seccomp.ArchAARCH64},
		{"socketcall", seccomp.ArchARM},
		{"renameat", seccomp.ArchRISCV64},
	} {
		c, ok := Lookup(none.name)
		if nr, on := c.Nr(none.arch); !ok || on {
			t.Errorf("%s on %s: number %d; it has none", none.name, none.arch.Name(), nr)
		}
	}
}

// golang.org/x/sys/unix made its numbers from the kernel's headers, by another
// way. It does not have x32, n32 and s390.
func TestNumbersAreThoseOfTheGoProject(t *testing.T) {
	dir := moduleDir(t, "golang.org/x/sys")
	constant := regexp.MustCompile(`(?m)^\s+SYS_(\w+)\s+= (\d+)`)
	noCall := regexp.MustCompile(`^(syscall_mask|arch_specific_syscall|(unused|reserved)\d+)$`)
	compared := 0
	for _, a := range seccomp.Archs() {
		text, err := os.ReadFile(filepath.Join(dir, "unix", "zsysnum_linux_"+a.GOARCH()+".go"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(text), -1) {
			name := strings.ToLower(m[1])
			if noCall.MatchString(name) {
				continue
			}
			want, err := strconv.ParseUint(m[2], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			c, ok := Lookup(name)
			nr, on := c.Nr(a)
			if !ok || !on || uint64(nr) != want {
				t.Errorf("%s: %s is %d, %v; x/sys says %d", a.Name(), name, nr, on, want)
			}
			compared++
		}
	}
	if compared < 4000 {
		t.Errorf("compared %d numbers; x/sys has more than 4000", compared)
	}
}

func TestEveryNameOfDockersDefaultProfileIsKnown(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleDir(t, "github.com/moby/profiles/seccomp"), "default.json"))
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		Syscalls []struct{ Names []string }
	}
	if err := json.Unmarshal(text, &profile); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, rule := range profile.Syscalls {
		for _, name := range rule.Names {
			n++
			if _, ok := Lookup(name); !ok {
				t.Errorf("%s is unknown", name)
			}
		}
	}
	if n < 400 {
		t.Errorf("the profile has %d names; it is known to have more than 400", n)
	}
}

// moduleDir returns where the go command keeps the source of a module that this
// one requires.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	dir := strings.TrimSpace(string(out))
	if err == nil && dir != "" {
		return dir
	}
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		t.Fatalf("the source of %s is not at hand: go mod download: %v", module, err)
	}
	t.Skipf("the source of %s is not at hand: go mod download: %v", module, err)
	return ""
}

// As many names as Docker's default profile allows, each looked up once.
func BenchmarkResolve371NamesOnThreeArchitectures(b *testing.B) {
	var list []string
	for c := range Calls() {
		list = append(list, c.String())
	}
	list = list[:371]
	archs := []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32}
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		for _, name := range list {
			c, _ := Lookup(name)
			for _, a := range archs {
				if _, ok := c.Nr(a); ok {
					found++
				}
			}
		}
	}
	if found == 0 {
		b.Fatal("nothing was found")
	}
}
