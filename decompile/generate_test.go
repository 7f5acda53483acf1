package decompile_test

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// natives are kernels that random profiles are for, and beside what else runs on
// them.
var natives = []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchAARCH64, seccomp.ArchS390X, seccomp.ArchMIPS64, seccomp.ArchX86, seccomp.ArchPPC64LE}

var beside = map[seccomp.Arch][]seccomp.Arch{
	seccomp.ArchX86_64:  {seccomp.ArchX86, seccomp.ArchX32},
	seccomp.ArchAARCH64: {seccomp.ArchARM},
	seccomp.ArchS390X:   {seccomp.ArchS390},
	seccomp.ArchMIPS64:  {seccomp.ArchMIPS, seccomp.ArchMIPS64N32},
}

// values are what random conditions compare with: small numbers, edges of words,
// and numbers that share bits.
var values = []uint64{0, 1, 2, 3, 5, 8, 16, 38, 0xff, 0x10000, 0x20008, 0x7fffffff, 0x80000000, 0xffffffff,
	1 << 32, 1<<32 + 8, 5<<32 + 5, 1 << 63, 1<<64 - 1, 0xffffffff00000000}

// randomProfile makes a profile as a person might write it, and as nobody would.
func randomProfile(r *rand.Rand, native seccomp.Arch) *profile.Profile {
	returns := []seccomp.Return{seccomp.ActAllow.Return(), seccomp.ReturnErrno(1), seccomp.ReturnErrno(native.ENOSYS()),
		seccomp.ReturnErrno(0), seccomp.ActLog.Return(), seccomp.ActTrap.Return(), seccomp.ActTrace.With(7),
		seccomp.ActKillProcess.Return(), seccomp.ActKillThread.Return(), seccomp.ActNotify.Return()}
	p := &profile.Profile{File: "random", Default: returns[r.IntN(len(returns))]}
	for _, a := range beside[native] {
		if r.IntN(2) == 0 {
			p.Architectures = append(p.Architectures, profile.ArchRef{Arch: a})
		}
	}
	for range r.IntN(8) {
		rule := profile.Rule{Return: returns[r.IntN(len(returns))]}
		for range 1 + r.IntN(3)*r.IntN(40) {
			rule.Names = append(rule.Names, profile.Name{Text: randomCall(r, native).String()})
		}
		for range r.IntN(3) {
			a := profile.Arg{Index: uint8(r.IntN(3)), Op: seccomp.Ops[r.IntN(len(seccomp.Ops))], Value: values[r.IntN(len(values))]}
			if a.Op == seccomp.OpMaskedEqual {
				a.Value |= 1 << r.IntN(8)
				a.ValueTwo = a.Value & values[r.IntN(len(values))]
			}
			if !slices.ContainsFunc(rule.Args, func(b profile.Arg) bool { return a.Index == b.Index }) || r.IntN(4) == 0 {
				rule.Args = append(rule.Args, a)
			}
		}
		rule.Index = len(p.Rules)
		p.Rules = append(p.Rules, rule)
	}
	return p
}

// randomCall prefers calls that several rules are about.
func randomCall(r *rand.Rand, native seccomp.Arch) syscalls.Call {
	if r.IntN(3) == 0 {
		names := strings.Fields("socket clone personality mmap ioctl prctl socketcall ipc semop read chmod openat")
		c, _ := syscalls.Lookup(names[r.IntN(len(names))])
		return c
	}
	on := syscalls.On(native)
	return on[r.IntN(len(on))]
}

// text is for messages.
func text(p *profile.Profile) string { return string(p.Marshal()) }
