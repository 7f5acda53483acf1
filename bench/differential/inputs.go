package main

import (
	"math/rand/v2"
	"slices"

	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// The limits of what is tried for one number of one profile.
const (
	maxEdges  = 240 // values of one argument
	maxMixed  = 120 // combinations of edges of several arguments
	maxRandom = 8   // values that no rule is about
)

// borders are the numbers at which something changes without a rule: the ends,
// x32's bit, the signs.
var borders = []seccomp.Nr{
	0, 1, 3999, 4000, 4999, 5000, 5999, 6000, 0x3fffffff, 0x40000000, 0x40000001, 0x400003ff, 0x7fffffff,
	0x80000000, 0x80000001, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff,
}

// inputs calls f with the inputs at which a profile can change its answer.
func inputs(r *plain.Rules, pol *policy.Policy, rng *rand.Rand, f func(*seccomp.Data)) {
	for _, audit := range audits(r) {
		for _, nr := range numbers(r, audit) {
			conds := conditions(pol, r, audit, nr)
			arguments(conds, rng, func(args [6]uint64) {
				f(&seccomp.Data{Nr: nr, Arch: audit, IP: rng.Uint64(), Args: args})
			})
		}
	}
}

// audits returns the architectures of a filter, and some that are not.
func audits(r *plain.Rules) []seccomp.AuditArch {
	list := []seccomp.AuditArch{0, 0xffffffff, seccomp.ArchX86_64.Audit(), seccomp.ArchX86.Audit(), seccomp.ArchS390X.Audit()}
	for _, a := range r.Archs {
		list = append(list, a.Audit())
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// numbers returns every number that a rule names, by either table, what is
// called through others, the boundaries, all their neighbours, and the borders.
// It leaves out libseccomp's stand-ins for what it reaches through socketcall and
// ipc, -101 and on, which its programs compare with too.
func numbers(r *plain.Rules, audit seccomp.AuditArch) []seccomp.Nr {
	list := slices.Clone(borders)
	for _, a := range r.Archs {
		if a.Audit() != audit {
			continue
		}
		around := append(r.Numbers(a), r.Last(a, 0), r.Last(a, plain.Libseccomp))
		for _, nr := range around {
			list = append(list, nr-1, nr, nr+1)
			if a == seccomp.ArchX86_64 || a == seccomp.ArchX32 {
				list = append(list, nr^1<<30)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// conditions returns the conditions that anyone evaluates for a number: those of
// the profile, as they are written, and those of weir's policy.
func conditions(pol *policy.Policy, r *plain.Rules, audit seccomp.AuditArch, nr seccomp.Nr) []plain.Cond {
	d := seccomp.Data{Nr: nr, Arch: audit}
	var conds []plain.Cond
	for _, candidate := range r.Candidates(&d) {
		rule := &r.Rules[candidate.Rule]
		conds = append(conds, rule.Conds...)
		if c, ok := syscalls.Lookup(rule.Name); ok {
			if _, arg0, ok := c.Multiplexed(candidate.Arch); ok {
				conds = append(conds, plain.Cond{Op: seccomp.OpEqualTo, Value: arg0})
			}
		}
	}
	if row, _ := pol.Eval(&d); row != nil {
		for _, rule := range row.Rules {
			for _, c := range rule.Conds {
				conds = append(conds, plain.Cond{Arg: c.Arg, Op: c.Op, Value: c.Value, ValueTwo: c.ValueTwo})
			}
		}
	}
	return conds
}

// arguments calls f with the edges of the conditions: each value of each
// argument beside values of the others, at random; and, always, zeros and ones.
func arguments(conds []plain.Cond, rng *rand.Rand, f func([6]uint64)) {
	f([6]uint64{})
	if len(conds) == 0 {
		return
	}
	const ones = ^uint64(0)
	f([6]uint64{ones, ones, ones, ones, ones, ones})
	var edges [6][]uint64
	for _, c := range conds {
		edges[c.Arg] = append(edges[c.Arg], edgesOf(c)...)
	}
	used := 0
	for i := range edges {
		if edges[i] == nil {
			continue
		}
		used++
		for range maxRandom {
			edges[i] = append(edges[i], rng.Uint64()>>rng.UintN(64))
		}
		slices.Sort(edges[i])
		edges[i] = slices.Compact(edges[i])
		if len(edges[i]) > maxEdges {
			rng.Shuffle(len(edges[i]), func(a, b int) { edges[i][a], edges[i][b] = edges[i][b], edges[i][a] })
			edges[i] = edges[i][:maxEdges]
		}
	}
	mixed := func() (args [6]uint64) {
		noise := rng.IntN(4) == 0 // in the arguments that no condition is about
		for i := range args {
			if len(edges[i]) > 0 {
				args[i] = edges[i][rng.IntN(len(edges[i]))]
			} else if noise {
				args[i] = rng.Uint64() >> rng.UintN(64)
			}
		}
		return args
	}
	for i := range edges {
		for _, v := range edges[i] {
			args := mixed()
			args[i] = v
			f(args)
		}
	}
	if used > 1 {
		for range maxMixed {
			f(mixed())
		}
	}
}

// edgesOf returns the values at which a condition may change its mind, in every
// width in which someone may compare.
func edgesOf(c plain.Cond) []uint64 {
	list := []uint64{0, c.Value - 1, c.Value, c.Value + 1, ^uint64(0)}
	if c.Op == seccomp.OpMaskedEqual {
		datum := c.Value & c.ValueTwo
		list = append(list, datum, datum|^c.Value, ^datum, c.ValueTwo)
		for bit := uint64(1); bit != 0; bit <<= 1 {
			if c.Value&bit != 0 {
				list = append(list, datum^bit)
			}
		}
	}
	for _, v := range slices.Clone(list) {
		list = append(list, v|1<<32, v|0xffffffff<<32, v&0xffffffff, uint64(int64(int32(v))), v|1<<63)
		list = append(list, v&0xffff, v&0xffff|1<<16, v^1<<31)
	}
	return list
}
