package main

// An abi is one set of numbers: a column of data/numbers.tsv. Byte order does
// not change numbers, so that the two of each MIPS ABI and ppc64 and ppc64le
// share one.
type abi struct {
	name   string   // the column's
	archs  []string // constants of package seccomp
	base   int      // what the kernel's table leaves out of the number
	dirs   []string // under arch/, where its own entry points are
	config []string // symbols of its Kconfig that choose between entry points

	// What a 64-bit kernel runs: its table, the kinds of rows in it that are
	// this ABI's, and the column of the entry point. A 32-bit ABI is described
	// by the compat entry points, because they spell out each register where
	// the native ones say loff_t and leave the split to the compiler.
	table table
	// The header with more numbers, of calls that are in no table.
	private string
	// The table is of the older tree: the ABI has left the kernel.
	gone bool
}

// A table is a file of rows "number kind name entry [compat entry]".
type table struct {
	file  string
	kinds []string // empty: all
	entry int      // column of the entry point, from 0; falls back to column 3
}

// The kinds are those that arch/*/kernel/Makefile.syscalls and
// arch/*/kernel/syscalls/Makefile hand to scripts/syscallhdr.sh.
var abis = []abi{
	{
		name: "x86", archs: []string{"ArchX86"}, dirs: []string{"x86"}, config: []string{"CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND3"},
		table: table{"arch/x86/entry/syscalls/syscall_32.tbl", []string{"i386"}, 4},
	},
	{
		name: "x86_64", archs: []string{"ArchX86_64"}, dirs: []string{"x86"},
		table: table{"arch/x86/entry/syscalls/syscall_64.tbl", []string{"common", "64"}, 3},
	},
	{
		name: "x32", archs: []string{"ArchX32"}, base: 0x40000000, dirs: []string{"x86"},
		table: table{"arch/x86/entry/syscalls/syscall_64.tbl", []string{"common", "x32"}, 3},
	},
	{
		name: "arm", archs: []string{"ArchARM"}, dirs: []string{"arm64", "arm"}, config: []string{"CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND3"},
		table:   table{"arch/arm64/tools/syscall_32.tbl", []string{"common"}, 4},
		private: "arch/arm/include/uapi/asm/unistd.h",
	},
	{
		name: "aarch64", archs: []string{"ArchAARCH64"}, dirs: []string{"arm64"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"scripts/syscall.tbl", []string{"common", "64", "renameat", "rlimit", "memfd_secret"}, 3},
	},
	{
		name: "loongarch64", archs: []string{"ArchLOONGARCH64"}, dirs: []string{"loongarch"},
		table: table{"scripts/syscall.tbl", []string{"common", "64", "memfd_secret"}, 3},
	},
	{
		name: "mips", archs: []string{"ArchMIPS", "ArchMIPSEL"}, base: 4000, dirs: []string{"mips"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"arch/mips/kernel/syscalls/syscall_o32.tbl", nil, 4},
	},
	{
		name: "mips64", archs: []string{"ArchMIPS64", "ArchMIPSEL64"}, base: 5000, dirs: []string{"mips"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"arch/mips/kernel/syscalls/syscall_n64.tbl", nil, 3},
	},
	{
		name: "mips64n32", archs: []string{"ArchMIPS64N32", "ArchMIPSEL64N32"}, base: 6000, dirs: []string{"mips"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"arch/mips/kernel/syscalls/syscall_n32.tbl", nil, 3},
	},
	{
		name: "ppc", archs: []string{"ArchPPC"}, dirs: []string{"powerpc"}, config: []string{"CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND"},
		table: table{"arch/powerpc/kernel/syscalls/syscall.tbl", []string{"common", "nospu", "32"}, 4},
	},
	{
		name: "ppc64", archs: []string{"ArchPPC64", "ArchPPC64LE"}, dirs: []string{"powerpc"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"arch/powerpc/kernel/syscalls/syscall.tbl", []string{"common", "nospu", "64"}, 3},
	},
	{
		name: "riscv64", archs: []string{"ArchRISCV64"}, dirs: []string{"riscv"}, config: []string{"CONFIG_CLONE_BACKWARDS"},
		table: table{"scripts/syscall.tbl", []string{"common", "64", "riscv", "rlimit", "memfd_secret"}, 3},
	},
	{
		name: "s390", archs: []string{"ArchS390"}, dirs: []string{"s390"}, config: []string{"CONFIG_CLONE_BACKWARDS2", "CONFIG_OLD_SIGSUSPEND3"},
		table: table{"arch/s390/kernel/syscalls/syscall.tbl", []string{"common", "32"}, 4}, gone: true,
	},
	{
		name: "s390x", archs: []string{"ArchS390X"}, dirs: []string{"s390"}, config: []string{"CONFIG_CLONE_BACKWARDS2", "CONFIG_OLD_SIGSUSPEND3"},
		table: table{"arch/s390/kernel/syscalls/syscall.tbl", []string{"common"}, 3},
	},
}
