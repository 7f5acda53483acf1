package calls_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func guarded(t *testing.T, text string) string {
	t.Helper()
	c, err := calls.Parse(amd64, text)
	if err != nil {
		t.Fatal(err)
	}
	var only []string
	for _, g := range calls.Guarded(c) {
		only = append(only, g.Only)
	}
	return strings.Join(only, " ")
}

func TestAReasonThatBelongsToAConstantNeedsIt(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"another family", "socket(AF_INET, SOCK_STREAM, 0)", ""},
		{"the family", "socket(AF_ALG, SOCK_SEQPACKET, 0)", "AF_ALG"},
		{"any family", "socket", "AF_ALG AF_VSOCK AF_PACKET"},
		{"a flag among others", "clone(CLONE_NEWUSER|CLONE_VM|SIGCHLD)", "CLONE_NEWUSER"},
		{"no such flag", "clone(CLONE_VM|SIGCHLD)", ""},
		{"the whole call", "bpf(BPF_PROG_LOAD)", ""},
	} {
		if got := guarded(t, c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	c, _ := calls.Parse(amd64, "bpf(BPF_PROG_LOAD)")
	g := calls.Guarded(c)
	if len(g) != 1 || g[0].Gates[0].String() != "CAP_BPF" {
		t.Errorf("bpf: %+v", g)
	}
}

func TestReasonsAreClausesWithNumbersOfCVEs(t *testing.T) {
	cve := regexp.MustCompile(`^CVE-\d{4}-\d{4,}$`)
	for call := range syscalls.Calls() {
		for _, a := range seccomp.Archs() {
			if _, ok := call.Nr(a); !ok {
				continue
			}
			c, err := calls.Parse(a, call.String())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range calls.Guarded(c) {
				if g.What == "" || strings.HasSuffix(g.What, ".") {
					t.Errorf("%s: %q is no clause", call, g.What)
				}
				for _, id := range g.CVEs {
					if !cve.MatchString(id) {
						t.Errorf("%s: %s is no CVE", call, id)
					}
				}
			}
		}
	}
}

func TestEveryCallOfDockersDocumentationHasAReason(t *testing.T) {
	for _, name := range strings.Fields(`acct add_key bpf clock_adjtime clock_settime create_module delete_module
		finit_module get_kernel_syms get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl
		lookup_dcookie mbind mount move_pages nfsservctl open_by_handle_at perf_event_open pivot_root
		process_vm_readv process_vm_writev ptrace query_module quotactl reboot request_key set_mempolicy setns
		settimeofday swapon swapoff sysfs _sysctl umount2 unshare uselib userfaultfd ustat`) {
		if c, err := calls.Parse(amd64, name); err != nil || len(calls.Guarded(c)) == 0 {
			t.Errorf("%s has no reason (%v)", name, err)
		}
	}
}

func TestOtherDoorsLeadToTheSameAct(t *testing.T) {
	names := func(call string) string {
		c, ok := syscalls.Lookup(call)
		if !ok {
			t.Fatal(call)
		}
		var names []string
		for _, d := range calls.Doors(c) {
			names = append(names, d.Call.String())
		}
		return strings.Join(names, " ")
	}
	for call, want := range map[string]string{
		"socket": "io_uring_setup",
		"openat": "open openat2 creat open_by_handle_at io_uring_setup",
		"clone":  "clone3 fork vfork unshare setns",
		"getpid": "",
	} {
		if got := names(call); got != want {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}
