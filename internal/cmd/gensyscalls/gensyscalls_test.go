package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePackageIsWhatItsDataGives(t *testing.T) {
	out := t.TempDir()
	if err := generate("data", out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tables.go", "hash.go"} {
		want, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../../syscalls", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("syscalls/%s is out of date: go generate ./syscalls", name)
		}
	}
}

// tree writes files of a Linux source tree.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadTable(t *testing.T) {
	dir := tree(t, map[string]string{"x.tbl": `
# a comment
0	common	read		sys_read
1	common	exit		sys_exit	-	noreturn
2	32	open		sys_open	compat_sys_open
2	64	open		sys_open64
3	common	unused3		sys_ni_syscall
4	common	security
`, "unistd.h": `
#define __ARM_NR_BASE			(__NR_SYSCALL_BASE+0x0f0000)
#define __ARM_NR_breakpoint		(__ARM_NR_BASE+1)
`})
	a := abi{table: table{"x.tbl", []string{"common", "32"}, 4}, private: "unistd.h"}
	got, err := a.read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{0, "read", "sys_read"},
		{1, "exit", "sys_exit"},
		{2, "open", "compat_sys_open"},
		{4, "security", notImplemented},
		{0xf0001, "breakpoint", notImplemented},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestReadDeclarations(t *testing.T) {
	dir := tree(t, map[string]string{
		"fs/open.c": `
SYSCALL_DEFINE3(open, const char __user *, filename, int, flags, umode_t, mode)
{
}
COMPAT_SYSCALL_DEFINE2(truncate64, const char __user *, pathname,
		       compat_arg_u64_dual(length))
{
}
SYSCALL_DEFINE0(sync)
{
}
`,
		"kernel/fork.c": `
#ifdef __ARCH_WANT_SYS_CLONE
#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE2(clone, unsigned long, clone_flags, unsigned long, newsp)
#elif defined(CONFIG_CLONE_BACKWARDS2)
SYSCALL_DEFINE2(clone, unsigned long, newsp, unsigned long, clone_flags)
#else
SYSCALL_DEFINE2(clone, unsigned long, clone_flags, int __user *, parent_tidptr)
#endif
{
}
#endif
`,
		"mm/mmap.c":                     "SYSCALL_DEFINE1(mmap, unsigned long, addr)\n{\n}\n",
		"mm/nommu.c":                    "SYSCALL_DEFINE1(munmap, unsigned long, addr)\n{\n}\n",
		"arch/s390/kernel/syscall.c":    "SYSCALL_DEFINE1(mmap, struct mmap_arg_struct __user *, arg)\n{\n}\n",
		"arch/mips/kernel/linux32.c":    "asmlinkage ssize_t sys32_readahead(int fd, u32 pad0)\n{\n}\n",
		"arch/powerpc/kernel/ppc32.c":   "PPC32_SYSCALL_DEFINE4(ppc_readahead,\n\t\t       int, fd, u32, r4)\n{\n}\n",
		"tools/testing/selftests/foo.c": "SYSCALL_DEFINE1(chdir, int, bogus)\n{\n}\n",
	})
	decls, err := readDeclarations(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why, point, dir, config string
		want                    string // "-": none
	}{
		{"parameters on one line", "sys_open", "x86", "", "const char *filename, int flags, umode_t mode"},
		{"64 bits in two registers", "compat_sys_truncate64", "x86", "", "const char *pathname, u32 length_lo, u32 length_hi"},
		{"no parameters", "sys_sync", "x86", "", ""},
		{"a compat call is not the native one", "sys_truncate64", "x86", "", "-"},
		{"the configuration chooses: first branch", "sys_clone", "arm64", "CONFIG_CLONE_BACKWARDS", "unsigned long clone_flags, unsigned long newsp"},
		{"the configuration chooses: second branch", "sys_clone", "s390", "CONFIG_CLONE_BACKWARDS2", "unsigned long newsp, unsigned long clone_flags"},
		{"the configuration chooses: else", "sys_clone", "x86", "", "unsigned long clone_flags, int *parent_tidptr"},
		{"a wrapper in assembler", "__sys_clone", "mips", "CONFIG_CLONE_BACKWARDS", "unsigned long clone_flags, unsigned long newsp"},
		{"the architecture's own", "sys_mmap", "s390", "", "struct mmap_arg_struct *arg"},
		{"the common one elsewhere", "sys_mmap", "x86", "", "unsigned long addr"},
		{"no kernel without MMU", "sys_munmap", "x86", "", "-"},
		{"a plain function", "sys32_readahead", "mips", "", "int fd, u32 pad0"},
		{"powerpc's macro", "compat_sys_ppc_readahead", "powerpc", "", "int fd, u32 r4"},
		{"nothing of the tests", "sys_chdir", "x86", "", "-"},
	} {
		a := abi{dirs: []string{c.dir}, config: []string{c.config}}
		d, ok := decls.find(c.point, a)
		if ok != (c.want != "-") || ok && d.params != c.want {
			t.Errorf("%s: %s: got %q, %v; want %q", c.why, c.point, d.params, ok, c.want)
		}
	}
}

func TestAnOverrideThatChangesNothingIsAnError(t *testing.T) {
	signatures := [][]string{{"clone", "x86_64", "sys_clone", "unsigned long flags", "kernel/fork.c"}}
	for _, c := range []struct{ why, parameter, abis, want string }{
		{"the parameter is there", "flags", "*", ""},
		{"the parameter has another name", "clone_flags", "*", "no such parameter"},
		{"the ABI has no such declaration", "flags", "s390x", "no such parameter"},
	} {
		tables := &tables{
			calls:      []call{{name: "clone", sig: make([]int, len(abis))}},
			signatures: make([]typed, 1),
		}
		err := tables.readSignatures(signatures, [][]string{{"clone", c.abis, c.parameter, "32", "kernel/fork.c"}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
	}
}

func TestATypeOfUnknownWidthIsAnError(t *testing.T) {
	if _, err := bits("some_t x"); err == nil {
		t.Error("some_t has a width")
	}
	for param, want := range map[string]int{"const char *name": word, "const clockid_t which": 32, "umode_t mode": 16, "unsigned long x": word} {
		if got, err := bits(param); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", param, got, err, want)
		}
	}
}
