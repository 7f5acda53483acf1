// Package libseccomp drives the C library of that name, for what compares weir
// with it. It describes a filter as a plain value, because the library never
// returns on some: [Worker] builds it in another process, with a time limit.
package libseccomp

/*
#cgo pkg-config: libseccomp
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <seccomp.h>

static int program_file(void) { return memfd_create("program", MFD_CLOEXEC); }
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"unsafe"

	"github.com/weir-dev/weir/seccomp"
)

// A Filter is what a container engine hands to libseccomp: its rules in the
// order in which it adds them.
type Filter struct {
	Default seccomp.Return
	Native  seccomp.Arch   // stands in for the host's architecture
	Archs   []seccomp.Arch // the others
	Tree    bool           // SCMP_FLTATR_CTL_OPTIMIZE 2, a binary tree over the numbers
	Rules   []Rule
}

// A Rule allows, or denies, one call if all its conditions hold.
type Rule struct {
	Name   string
	Return seccomp.Return
	Conds  []Cond
}

// A Cond compares one argument.
type Cond struct {
	Arg             uint8
	Op              seccomp.Op
	Value, ValueTwo uint64
}

// A Refusal is an error of libseccomp's.
type Refusal struct {
	Doing string
	Errno syscall.Errno
}

func (e *Refusal) Error() string { return e.Doing + ": " + e.Errno.Error() }

// token returns libseccomp's name for an architecture: the AUDIT_ARCH value,
// but for x32, which has none of its own (seccomp.h, SCMP_ARCH_X32).
func token(a seccomp.Arch) C.uint32_t {
	if a == seccomp.ArchX32 {
		return C.SCMP_ARCH_X32
	}
	return C.uint32_t(a.Audit())
}

var compares = map[seccomp.Op]uint32{
	seccomp.OpNotEqual:     C.SCMP_CMP_NE,
	seccomp.OpLessThan:     C.SCMP_CMP_LT,
	seccomp.OpLessEqual:    C.SCMP_CMP_LE,
	seccomp.OpEqualTo:      C.SCMP_CMP_EQ,
	seccomp.OpGreaterEqual: C.SCMP_CMP_GE,
	seccomp.OpGreaterThan:  C.SCMP_CMP_GT,
	seccomp.OpMaskedEqual:  C.SCMP_CMP_MASKED_EQ,
}

// Version returns the version of the library that is linked, such as "2.5.4".
func Version() string {
	v := C.seccomp_version()
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.micro)
}

// Resolve returns the number of a call on an architecture, negative for a call
// that exists on others alone. It is false for a name that the library lacks.
func Resolve(name string, a seccomp.Arch) (int32, bool) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	nr := C.seccomp_syscall_resolve_name_arch(token(a), c)
	return int32(nr), nr != C.__NR_SCMP_ERROR
}

// At returns the name of a number on an architecture. It knows calls that
// [Resolve] answers with a stand-in for socketcall or ipc.
func At(a seccomp.Arch, nr seccomp.Nr) (string, bool) {
	c := C.seccomp_syscall_resolve_num_arch(token(a), C.int(nr))
	if c == nil {
		return "", false
	}
	defer C.free(unsafe.Pointer(c))
	return C.GoString(c), true
}

// Taken returns the call that a rule becomes a rule of: the library turns its
// name into a number of the host's, and that into a name again.
func Taken(name string) (string, bool) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	nr := C.seccomp_syscall_resolve_name(c)
	if nr == C.__NR_SCMP_ERROR {
		return "", false
	}
	taken := C.seccomp_syscall_resolve_num_arch(C.seccomp_arch_native(), nr)
	if taken == nil {
		return "", false
	}
	defer C.free(unsafe.Pointer(taken))
	return C.GoString(taken), true
}

// Build returns the program of a filter, as the library exports it, in this
// process: for filters that the library is known to finish.
func Build(f *Filter) ([]byte, error) { return build(f, false) }

// build makes a filter and hands it to an export function of the library, whose
// output it returns. The error is a *[Refusal] where the library refuses. It may
// never return: a [Worker] calls it in its process.
func build(f *Filter, pseudo bool) ([]byte, error) {
	ctx := C.seccomp_init(C.uint32_t(f.Default))
	if ctx == nil {
		return nil, &Refusal{"seccomp_init", syscall.EINVAL}
	}
	defer C.seccomp_release(ctx)
	if err := setArchs(ctx, f); err != nil {
		return nil, err
	}
	if f.Tree {
		if rc := C.seccomp_attr_set(ctx, C.SCMP_FLTATR_CTL_OPTIMIZE, 2); rc != 0 {
			return nil, refusal("setting the optimization", rc)
		}
	}
	if rc := C.seccomp_attr_set(ctx, C.SCMP_FLTATR_CTL_NNP, 0); rc != 0 {
		return nil, refusal("clearing no_new_privs", rc)
	}
	for i := range f.Rules {
		if err := add(ctx, &f.Rules[i]); err != nil {
			return nil, err
		}
	}
	return export(ctx, pseudo)
}

// setArchs replaces the host's architecture, with which the library starts. With
// none left, it takes those of either byte order.
func setArchs(ctx C.scmp_filter_ctx, f *Filter) error {
	if host := C.seccomp_arch_native(); token(f.Native) != host {
		if rc := C.seccomp_arch_remove(ctx, host); rc != 0 {
			return refusal("removing the host's architecture", rc)
		}
	}
	for _, a := range append([]seccomp.Arch{f.Native}, f.Archs...) {
		if rc := C.seccomp_arch_add(ctx, token(a)); rc != 0 && rc != -C.EEXIST {
			return refusal("adding "+a.Name(), rc)
		}
	}
	return nil
}

// add adds one rule, if the library knows the name.
func add(ctx C.scmp_filter_ctx, r *Rule) error {
	name := C.CString(r.Name)
	defer C.free(unsafe.Pointer(name))
	nr := C.seccomp_syscall_resolve_name(name)
	if nr == C.__NR_SCMP_ERROR {
		return nil
	}
	var args [6]C.struct_scmp_arg_cmp
	for i, c := range r.Conds {
		args[i].arg = C.uint(c.Arg)
		args[i].op = compares[c.Op]
		args[i].datum_a = C.scmp_datum_t(c.Value)
		args[i].datum_b = C.scmp_datum_t(c.ValueTwo)
	}
	if rc := C.seccomp_rule_add_array(ctx, C.uint32_t(r.Return), nr, C.uint(len(r.Conds)), &args[0]); rc != 0 {
		return refusal("adding a rule of "+r.Name, rc)
	}
	return nil
}

// export reads what the library writes back through a file in memory.
func export(ctx C.scmp_filter_ctx, pseudo bool) ([]byte, error) {
	fd, err := C.program_file()
	if fd < 0 {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "program")
	defer file.Close()
	write := func() C.int { return C.seccomp_export_bpf(ctx, C.int(fd)) }
	if pseudo {
		write = func() C.int { return C.seccomp_export_pfc(ctx, C.int(fd)) }
	}
	if rc := write(); rc != 0 {
		return nil, refusal("exporting the program", rc)
	}
	return io.ReadAll(io.NewSectionReader(file, 0, 1<<30))
}

func refusal(doing string, rc C.int) error {
	return &Refusal{doing, syscall.Errno(-rc)}
}
