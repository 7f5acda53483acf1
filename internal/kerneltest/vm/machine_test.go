package vm

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A machine is a kernel of Debian's and the machine that it is booted in.
type machine struct {
	arch    string // as Go and Debian call it
	other   string // what else its processor runs, of 32 bits, as Go calls it
	qemu    []string
	console string // the serial port, as the kernel calls it
}

var machines = []machine{
	{"amd64", "386", []string{"qemu-system-x86_64", "-cpu", "max"}, "ttyS0"},
	{"arm64", "arm", []string{"qemu-system-aarch64", "-cpu", "max,pauth-impdef=on", "-machine", "virt"}, "ttyAMA0"},
}

// file is what scripts/kernels has fetched for the machine: vmlinuz, busybox or overlay.ko.
func (m machine) file(name string) string {
	dir := os.Getenv("WEIR_TEST_KERNELS")
	if dir == "" {
		dir = "/var/cache/weir-test-kernels"
	}
	return filepath.Join(dir, m.arch, name)
}

// boot boots a disk, and returns what came over the serial port until the machine was powered off. A kernel that
// panics ends it, one that hangs is ended.
func (m machine) boot(t *testing.T, disk string) string {
	t.Helper()
	// This is there to end what hangs; no machine should be that slow. Of the kernel's messages the console has the
	// last before it dies alone, so that none is in the midst of a test's output.
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	serial := filepath.Join(t.TempDir(), "console")
	t.Logf("tail -f %s shows what it does", serial)
	args := append(m.qemu[1:len(m.qemu):len(m.qemu)],
		"-accel", m.accelerator(),
		"-smp", "2", "-m", "1G", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "file:"+serial,
		"-kernel", m.file("vmlinuz"),
		"-append", "console="+m.console+" root=/dev/nvme0n1 rw init=/init quiet loglevel=1 panic=-1",
		"-drive", "file="+disk+",if=none,id=disk,format=raw,cache=unsafe", "-device", "nvme,drive=disk,serial=1",
	)
	out, err := exec.CommandContext(ctx, m.qemu[0], args...).CombinedOutput()
	b, rerr := os.ReadFile(serial)
	console := strings.ReplaceAll(string(b), "\r\n", "\n")
	if err := errors.Join(err, rerr); err != nil {
		t.Errorf("%s: %v\n%s\n%s", m.qemu[0], err, out, tail(console))
	}
	return console
}

// accelerator is kvm for amd64 where the processor virtualises, which /dev/kvm alone does not say. Elsewhere the
// processor is emulated.
func (m machine) accelerator() string {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	virtualises := regexp.MustCompile(`(?m)^flags\s.*\b(vmx|svm)\b`).Match(cpuinfo)
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return "tcg"
	}
	kvm.Close()
	if m.arch == "amd64" && virtualises {
		return "kvm"
	}
	return "tcg"
}

// tail is the end of what a console showed.
func tail(console string) string { return console[max(0, len(console)-3000):] }
