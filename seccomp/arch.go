package seccomp

import (
	"fmt"
	"strings"
)

// An Arch is an ABI: a set of system call numbers and the width of their
// arguments. Several may be open to one process; x86_64 and x32 even share
// their AUDIT_ARCH value.
type Arch uint8

const (
	ArchX86 Arch = iota + 1
	ArchX86_64
	ArchX32
	ArchARM
	ArchAARCH64
	ArchLOONGARCH64
	ArchMIPS
	ArchMIPS64
	ArchMIPS64N32
	ArchMIPSEL
	ArchMIPSEL64
	ArchMIPSEL64N32
	ArchPPC
	ArchPPC64
	ArchPPC64LE
	ArchRISCV64
	ArchS390
	ArchS390X
)

// AuditArch is the AUDIT_ARCH_* value that the kernel shows a filter in
// seccomp_data.arch: the ELF machine, a bit for 64-bit, a bit for little endian
// (include/uapi/linux/audit.h).
type AuditArch uint32

const (
	auditLE     AuditArch = 0x40000000
	audit64     AuditArch = 0x80000000
	auditMIPS32 AuditArch = 0x20000000 // the n32 convention of MIPS64
)

// x32Bit marks the numbers of x32, __X32_SYSCALL_BIT.
const x32Bit Nr = 0x40000000

// The columns: the name behind SCMP_ARCH_; the one that people type and that
// `uname -m` or moby's condition "arches" uses; Go's; and the kernel's value.
var archs = [...]struct {
	scmp  string
	name  string
	goos  string
	audit AuditArch
	wide  bool // arguments are 64 bits
}{
	ArchX86:         {"X86", "x86", "386", auditLE | 3, false},
	ArchX86_64:      {"X86_64", "x86_64", "amd64", audit64 | auditLE | 62, true},
	ArchX32:         {"X32", "x32", "", audit64 | auditLE | 62, false},
	ArchARM:         {"ARM", "arm", "arm", auditLE | 40, false},
	ArchAARCH64:     {"AARCH64", "aarch64", "arm64", audit64 | auditLE | 183, true},
	ArchLOONGARCH64: {"LOONGARCH64", "loongarch64", "loong64", audit64 | auditLE | 258, true},
	ArchMIPS:        {"MIPS", "mips", "mips", 8, false},
	ArchMIPS64:      {"MIPS64", "mips64", "mips64", audit64 | 8, true},
	ArchMIPS64N32:   {"MIPS64N32", "mips64n32", "mips64p32", audit64 | auditMIPS32 | 8, false},
	ArchMIPSEL:      {"MIPSEL", "mipsel", "mipsle", auditLE | 8, false},
	ArchMIPSEL64:    {"MIPSEL64", "mipsel64", "mips64le", audit64 | auditLE | 8, true},
	ArchMIPSEL64N32: {"MIPSEL64N32", "mipsel64n32", "mips64p32le", audit64 | auditMIPS32 | auditLE | 8, false},
	ArchPPC:         {"PPC", "ppc", "ppc", 20, false},
	ArchPPC64:       {"PPC64", "ppc64", "ppc64", audit64 | 21, true},
	ArchPPC64LE:     {"PPC64LE", "ppc64le", "ppc64le", audit64 | auditLE | 21, true},
	ArchRISCV64:     {"RISCV64", "riscv64", "riscv64", audit64 | auditLE | 243, true},
	ArchS390:        {"S390", "s390", "s390", 22, false},
	ArchS390X:       {"S390X", "s390x", "s390x", audit64 | 22, true},
}

// Archs lists every architecture, in the order of the constants.
func Archs() []Arch {
	all := make([]Arch, 0, len(archs)-1)
	for a := ArchX86; int(a) < len(archs); a++ {
		all = append(all, a)
	}
	return all
}

// String returns the name in a profile, such as SCMP_ARCH_X86_64.
func (a Arch) String() string {
	if !a.Valid() {
		return fmt.Sprintf("Arch(%d)", uint8(a))
	}
	return "SCMP_ARCH_" + archs[a].scmp
}

// Name returns the short name: x86_64, aarch64, mipsel64n32.
func (a Arch) Name() string {
	if !a.Valid() {
		return a.String()
	}
	return archs[a].name
}

// Valid reports whether a is one of the constants.
func (a Arch) Valid() bool { return a != 0 && int(a) < len(archs) }

// ParseArch reads the name in a profile, SCMP_ARCH_X86_64. Case counts.
func ParseArch(s string) (Arch, bool) {
	if s, ok := strings.CutPrefix(s, "SCMP_ARCH_"); ok {
		for a := ArchX86; a.Valid(); a++ {
			if archs[a].scmp == s {
				return a, true
			}
		}
	}
	return 0, false
}

// ArchNamed reads what people type: the short name, Go's name (amd64, arm64),
// or the name in a profile.
func ArchNamed(s string) (Arch, bool) {
	for a := ArchX86; a.Valid(); a++ {
		if s == archs[a].name || s != "" && s == archs[a].goos || s == a.String() {
			return a, true
		}
	}
	return 0, false
}

// Audit returns the value that the kernel shows a filter. x86_64 and x32 have
// the same.
func (a Arch) Audit() AuditArch {
	if !a.Valid() {
		return 0
	}
	return archs[a].audit
}

// ArgBits returns how many bits of a register an argument has: 32 or 64. It is
// 32 for x32 and n32, of whose arguments the low 32 bits are compared.
func (a Arch) ArgBits() int {
	if a.Valid() && archs[a].wide {
		return 64
	}
	return 32
}

// ByteOrder returns the order of the bytes in memory.
func (a Arch) ByteOrder() ByteOrder { return ByteOrder(a.Audit()&auditLE == 0) }

// GOARCH returns Go's name, empty for x32, which Go does not have.
func (a Arch) GOARCH() string {
	if !a.Valid() {
		return ""
	}
	return archs[a].goos
}

// MIPS reports whether a is one of the six MIPS ABIs, which have their own
// errno numbers.
func (a Arch) MIPS() bool { return a >= ArchMIPS && a <= ArchMIPSEL64N32 }

// ByteOrder is the order of the bytes of a word in memory. A filter reads the
// arguments of a call as 32-bit words, so it depends on it.
type ByteOrder bool

const (
	LittleEndian ByteOrder = false
	BigEndian    ByteOrder = true
)

// Nr is a system call number as the kernel shows it to a filter: with bit 30
// on x32, from 4000, 5000 or 6000 on MIPS.
type Nr uint32

// X32 reports whether bit 30 is set: to the kernel of x86_64, a call of x32.
func (n Nr) X32() bool { return n&x32Bit != 0 }
