package syscalls

import "testing"

func TestSuggest(t *testing.T) {
	for _, c := range []struct{ why, name, want string }{
		{"a letter missing", "opnat", "openat"},
		{"two letters swapped", "raed", "read"},
		{"a letter too many", "execvee", "execve"},
		{"two slips in a long name", "clock_getimeoday", ""},
		{"two slips in a long name", "prosess_vm_radv", "process_vm_readv"},
		{"a function of the C library", "wait", "wait4"},
		{"a function of the C library", "fstatat", "newfstatat"},
		{"a function of the C library", "execvp", "execve"},
		{"the macro's name", "__NR_openat", "openat"},
		{"the macro's name in capitals", "SYS_OPENAT", "openat"},
		{"space around it", " openat", "openat"},
		{"a name that exists", "openat", ""},
		{"nothing like it", "frobnicate", ""},
		{"too short to guess", "xx", ""},
		{"empty", "", ""},
	} {
		got, ok := Suggest(c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Suggest(%q) = %q, %v; want %q (%s)", c.name, got, ok, c.want, c.why)
		}
	}
}

func TestTheLibrarysFunctionsAreNoCallsAndLeadToCalls(t *testing.T) {
	for _, l := range library {
		if _, ok := Lookup(l.function); ok {
			t.Errorf("%s is a system call itself", l.function)
		}
		if _, ok := Lookup(l.call); !ok {
			t.Errorf("%s leads to %s, which is no system call", l.function, l.call)
		}
	}
}
