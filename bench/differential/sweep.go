package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// sweeps are the default profile on x86_64 with x86 and x32, as Docker has it,
// under every number and many first arguments, whether a rule is about them or
// not: for six values of arch more than 40 million calls.
func sweeps() []Case {
	var cases []Case
	for _, audit := range []seccomp.AuditArch{
		seccomp.ArchX86_64.Audit(), seccomp.ArchX86.Audit(), seccomp.ArchARM.Audit(), seccomp.ArchAARCH64.Audit(), 0, 0xffffffff,
	} {
		c := facts("docker-sweep", []byte(profile.DefaultSource()), seccomp.ArchX86_64, kernels[len(kernels)-1], seccomp.DefaultCaps)
		c.Name += fmt.Sprintf("/arch=%#x", uint32(audit))
		c.Sweep = func(f func(*seccomp.Data)) {
			for _, nr := range sweptNumbers() {
				for _, value := range sweptValues() {
					f(&seccomp.Data{Nr: nr, Arch: audit, Args: [6]uint64{value}})
				}
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// sweptNumbers are 7,700 numbers: those of all tables and what lies around the
// bits that mean something.
func sweptNumbers() []seccomp.Nr {
	var list []seccomp.Nr
	for _, from := range []struct{ first, count seccomp.Nr }{
		{0, 3000}, {1 << 30, 3000}, {1<<31 - 500, 1000}, {3<<30 - 100, 200}, {1<<32 - 500, 500},
	} {
		for nr := range from.count {
			list = append(list, from.first+nr)
		}
	}
	return list
}

// sweptValues are the small values, single bits and their complements, what the
// profile compares with, that in other widths, and some at random.
func sweptValues() []uint64 {
	var list []uint64
	for v := range uint64(520) {
		list = append(list, v)
	}
	for bit := range 64 {
		list = append(list, 1<<bit, ^uint64(1<<bit), 1<<bit-1)
	}
	for _, v := range []uint64{0x8, 0x20000, 0x20008, 0xffffffff, 0x7e020000, 0x10000011, 0x28, 38} {
		list = append(list, v-1, v, v+1, v|1<<32, v|0xffffffff<<32, v|1<<63, v^1<<31)
	}
	r := rand.New(rand.NewPCG(1, 950))
	for range 200 {
		list = append(list, r.Uint64()>>r.UintN(64))
	}
	slices.Sort(list)
	return slices.Compact(list)
}
