package compile_test

import (
	"math/rand/v2"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// returns are the outcomes of random rules.
var returns = []seccomp.Return{
	seccomp.ActAllow.Return(), seccomp.ReturnErrno(1), seccomp.ReturnErrno(38),
	seccomp.ActKillProcess.Return(), seccomp.ActLog.Return(), seccomp.ActNotify.Return(),
}

// values are what random conditions compare with: small numbers, edges of words,
// and numbers that share bits.
var values = []uint64{
	0, 1, 2, 3, 7, 8, 0x10, 0xff, 0xffff, 0x10000, 0x20000, 0x20008, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	1 << 32, 1<<32 + 1, 1<<32 + 8, 0xff << 32, 5<<32 + 5, 1 << 63, 1<<64 - 1, 1<<64 - 2, 0xffffffff00000000, 0x00ff00ff00ff00ff,
}

// randomPolicy makes a policy with rows, lists of rules and conditions of every
// form. Few values and few lists make for overlaps.
func randomPolicy(r *rand.Rand) *policy.Policy {
	p := &policy.Policy{Native: seccomp.ArchX86_64, Foreign: policy.Rule{Return: seccomp.ActKillThread.Return(), Why: policy.WhyForeign}}
	if r.IntN(4) == 0 {
		p.Native = seccomp.ArchS390X // big endian
	}
	lists := make([][]policy.Rule, 1+r.IntN(8)+r.IntN(2)*r.IntN(60))
	for i := range lists {
		lists[i] = randomList(r)
	}
	audits := []seccomp.AuditArch{p.Native.Audit()}
	for range r.IntN(3) {
		audits = append(audits, seccomp.AuditArch(r.Uint32()), seccomp.ArchX86.Audit())
	}
	slices.Sort(audits)
	var first []policy.Row
	for _, a := range slices.Compact(audits) {
		abi := policy.ABI{Audit: a, Rows: randomRows(r, lists)}
		if first != nil && r.IntN(2) == 0 { // much like the one before
			abi.Rows = slices.Clone(first)
			for range r.IntN(5) {
				abi.Rows[r.IntN(len(abi.Rows))].Rules = lists[r.IntN(len(lists))]
			}
		}
		first = abi.Rows
		p.ABIs = append(p.ABIs, abi)
	}
	return p
}

// randomRows covers all numbers. Some are like x32: with a second half that
// repeats the first under bit 30, except here and there.
func randomRows(r *rand.Rand, lists [][]policy.Rule) []policy.Row {
	var rows []policy.Row
	next := uint64(0)
	add := func(last uint64, rules []policy.Rule) {
		row := policy.Row{First: seccomp.Nr(next), Last: seccomp.Nr(last), Arch: seccomp.ArchX86_64, Named: uint64(last) == next, Rules: rules}
		rows = append(rows, row)
		next = last + 1
	}
	count := r.IntN(60)
	if r.IntN(20) == 0 { // more than a conditional jump passes over
		count *= 20
	}
	for range count {
		add(next+uint64(r.IntN(6)*r.IntN(2)), lists[r.IntN(len(lists))])
	}
	if r.IntN(2) == 0 {
		below := slices.Clone(rows)
		add(1<<30-1, lists[0])
		for _, row := range below {
			rules := row.Rules
			if r.IntN(5) == 0 {
				rules = lists[r.IntN(len(lists))]
			}
			add(1<<30+uint64(row.Last), rules)
		}
		if r.IntN(2) == 0 {
			add(1<<31-1, lists[0])
		}
		if r.IntN(2) == 0 {
			add(1<<32-2, lists[r.IntN(len(lists))])
		}
	}
	add(1<<32-1, lists[0])
	return rows
}

func randomList(r *rand.Rand) []policy.Rule {
	var list []policy.Rule
	args := 1 + r.IntN(3)
	bits := [6]uint8{}
	for i := range bits {
		bits[i] = []uint8{16, 32, 64}[r.IntN(3)]
	}
	count := r.IntN(8)
	if r.IntN(50) == 0 {
		count *= 10
	}
	for range count {
		rule := policy.Rule{Return: returns[r.IntN(len(returns))]}
		for range 1 + r.IntN(3) {
			c := policy.Cond{Arg: uint8(r.IntN(args)), Op: seccomp.Ops[r.IntN(len(seccomp.Ops))], Value: values[r.IntN(len(values))]}
			if r.IntN(2) == 0 {
				c.Value = uint64(r.IntN(16))
			}
			c.Bits = bits[c.Arg]
			if c.Op == seccomp.OpMaskedEqual {
				c.ValueTwo = values[r.IntN(len(values))]
			}
			rule.Conds = append(rule.Conds, c)
		}
		list = append(list, rule)
	}
	return append(list, policy.Rule{Return: returns[r.IntN(len(returns))], Why: policy.WhyDefault})
}

// inputs returns calls that come close to every edge of a policy: numbers around
// the ends of rows, and arguments at, below and above the values of conditions.
func inputs(r *rand.Rand, p *policy.Policy) []seccomp.Data {
	var all []seccomp.Data
	for i := range p.ABIs {
		abi := &p.ABIs[i]
		for j := range abi.Rows {
			row := &abi.Rows[j]
			for _, nr := range []seccomp.Nr{row.First - 1, row.First, row.Last, row.First ^ 1<<30} {
				all = append(all, seccomp.Data{Nr: nr, Arch: abi.Audit, Args: randomArgs(r, row.Rules)})
			}
			for range 4 * len(row.Rules) {
				all = append(all, seccomp.Data{Nr: row.First, Arch: abi.Audit, Args: randomArgs(r, row.Rules)})
			}
		}
		all = append(all, seccomp.Data{Nr: 1, Arch: abi.Audit + 1}, seccomp.Data{Nr: 1, Arch: abi.Audit - 1})
	}
	return all
}

// randomArgs returns arguments near the values of one rule, with some noise in
// the bits that may not count.
func randomArgs(r *rand.Rand, rules []policy.Rule) (args [6]uint64) {
	rule := &rules[r.IntN(len(rules))]
	for _, c := range rule.Conds {
		v := c.Value
		if c.Op == seccomp.OpMaskedEqual {
			v = c.ValueTwo&c.Value | r.Uint64()&^c.Value
		}
		switch r.IntN(6) {
		case 0:
			v++
		case 1:
			v--
		case 2:
			v ^= 1 << r.IntN(64)
		case 3:
			v |= r.Uint64() << 32
		}
		args[c.Arg] = v
	}
	for i := range args {
		if r.IntN(8) == 0 {
			args[i] = values[r.IntN(len(values))]
		}
	}
	return args
}
