package main

// An abi is one column of values: architectures whose headers say the same.
// Byte order does not change constants.
type abi struct {
	name   string   // the column's, as in gensyscalls
	archs  []string // constants of package seccomp
	dir    string   // under arch/, whose headers count
	cflags []string // what the headers ask about the compiler
}

var abis = [...]abi{
	{"x86", []string{"ArchX86"}, "x86", []string{"-m32", "-D__i386__"}},
	{"x86_64", []string{"ArchX86_64"}, "x86", []string{"-m64", "-D__x86_64__"}},
	{"x32", []string{"ArchX32"}, "x86", []string{"-mx32", "-D__x86_64__"}},
	{"arm", []string{"ArchARM"}, "arm", []string{"-m32", "-D__arm__", "-D__ARM_EABI__"}},
	{"aarch64", []string{"ArchAARCH64"}, "arm64", []string{"-m64", "-D__aarch64__"}},
	{"loongarch64", []string{"ArchLOONGARCH64"}, "loongarch", []string{"-m64", "-D__loongarch64"}},
	{"mips", []string{"ArchMIPS", "ArchMIPSEL"}, "mips", []string{"-m32", "-D__mips__", "-D_MIPS_SIM=1", "-D_MIPS_SZLONG=32", "-D__MIPSEL__"}},
	{"mips64", []string{"ArchMIPS64", "ArchMIPSEL64"}, "mips", []string{"-m64", "-D__mips__", "-D_MIPS_SIM=3", "-D_MIPS_SZLONG=64", "-D__MIPSEL__"}},
	{"mips64n32", []string{"ArchMIPS64N32", "ArchMIPSEL64N32"}, "mips", []string{"-mx32", "-D__mips__", "-D_MIPS_SIM=2", "-D_MIPS_SZLONG=32", "-D__MIPSEL__"}},
	{"ppc", []string{"ArchPPC"}, "powerpc", []string{"-m32", "-D__powerpc__"}},
	{"ppc64", []string{"ArchPPC64", "ArchPPC64LE"}, "powerpc", []string{"-m64", "-D__powerpc__", "-D__powerpc64__"}},
	{"riscv64", []string{"ArchRISCV64"}, "riscv", []string{"-m64", "-D__riscv", "-D__riscv_xlen=64"}},
	{"s390", []string{"ArchS390"}, "s390", []string{"-m32", "-D__s390__"}},
	{"s390x", []string{"ArchS390X"}, "s390", []string{"-m64", "-D__s390__", "-D__s390x__"}},
}
