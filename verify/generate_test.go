package verify_test

import (
	"math/rand/v2"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// A shape limits what a random policy is made of.
type shape struct {
	abis  int  // how many at most
	rows  int  // in each
	rules int  // in each row
	conds int  // in each rule
	args  int  // the first so many are looked at
	masks bool // with masks and arguments of 16 bits
	wide  []uint64
}

// values is a small pool, so that conditions meet.
var values = []uint64{0, 1, 2, 3, 5, 8, 0xf, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
	1 << 32, 1<<32 + 1, 1<<32 + 5, 5 << 32, 1 << 63, 1<<64 - 1, 1<<64 - 2}

var returns = []seccomp.Return{seccomp.ActAllow.Return(), seccomp.ReturnErrno(1), seccomp.ReturnErrno(38),
	seccomp.ActKillThread.Return(), seccomp.ActNotify.Return()}

// randomPolicy makes a policy that is total, as Resolve's are.
func randomPolicy(r *rand.Rand, s shape) *policy.Policy {
	native := []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchAARCH64, seccomp.ArchS390X, seccomp.ArchMIPS}[r.IntN(4)]
	pol := &policy.Policy{Native: native, Foreign: policy.Rule{Return: returns[r.IntN(len(returns))]}}
	audits := []seccomp.AuditArch{native.Audit(), seccomp.ArchX86.Audit(), seccomp.ArchARM.Audit(), 0, 1<<32 - 1}
	audits = audits[:1+r.IntN(s.abis)]
	slices.Sort(audits)
	for _, audit := range slices.Compact(audits) {
		pol.ABIs = append(pol.ABIs, policy.ABI{Audit: audit, Rows: randomRows(r, s)})
	}
	return pol
}

func randomRows(r *rand.Rand, s shape) []policy.Row {
	ends := []uint32{1<<32 - 1}
	for range r.IntN(s.rows) {
		n := uint32(r.IntN(12))
		if r.IntN(4) == 0 {
			n |= 1 << 30
		}
		ends = append(ends, n)
	}
	slices.Sort(ends)
	var rows []policy.Row
	next := seccomp.Nr(0)
	for _, end := range slices.Compact(ends) {
		row := policy.Row{First: next, Last: seccomp.Nr(end), Rules: randomRules(r, s)}
		if len(rows) > 0 && r.IntN(4) == 0 {
			row.Rules = rows[r.IntN(len(rows))].Rules
		}
		rows = append(rows, row)
		next = row.Last + 1
	}
	return rows
}

func randomRules(r *rand.Rand, s shape) []policy.Rule {
	var rules []policy.Rule
	for range r.IntN(s.rules) {
		rule := policy.Rule{Return: returns[r.IntN(len(returns))]}
		for range 1 + r.IntN(s.conds) {
			rule.Conds = append(rule.Conds, randomCond(r, s))
		}
		rules = append(rules, rule)
	}
	return append(rules, policy.Rule{Return: returns[r.IntN(len(returns))]})
}

func randomCond(r *rand.Rand, s shape) policy.Cond {
	c := policy.Cond{Arg: uint8(r.IntN(s.args)), Bits: 64, Op: seccomp.Ops[r.IntN(len(seccomp.Ops)-1)]}
	if r.IntN(2) == 0 {
		c.Bits = 32
	}
	pool := values
	if s.wide != nil {
		pool = s.wide
	}
	c.Value = pool[r.IntN(len(pool))]
	if s.masks {
		if r.IntN(4) == 0 {
			c.Bits = 16
		}
		if r.IntN(3) == 0 {
			c.Op = seccomp.OpMaskedEqual
			c.ValueTwo = pool[r.IntN(len(pool))]
			if r.IntN(2) == 0 {
				c.ValueTwo &= c.Value
			}
		}
	}
	return c
}

// A label is a place of a reference program that is not known yet when jumps to
// it are written.
type label []int

// A reference is the plainest compiler that there is: every row of every ABI in
// order, every condition in full, every jump long.
type reference struct {
	prog bpf.Program
	pol  *policy.Policy
}

func (c *reference) emit(in ...bpf.Instruction) { c.prog = append(c.prog, in...) }

// branch continues if the comparison is true, and goes to no if it is not.
func (c *reference) branch(op bpf.Opcode, k uint32, no *label) {
	c.emit(bpf.JumpIf(op, k, 1, 0))
	c.jump(no)
}

// unless continues if the comparison is false, and goes to yes if it is not.
func (c *reference) unless(op bpf.Opcode, k uint32, yes *label) {
	c.emit(bpf.JumpIf(op, k, 0, 1))
	c.jump(yes)
}

func (c *reference) jump(to *label) {
	*to = append(*to, len(c.prog))
	c.emit(bpf.Jump(0))
}

func (c *reference) here(l *label) {
	for _, at := range *l {
		c.prog[at].K = uint32(len(c.prog) - at - 1)
	}
}

// compileNaively is a second opinion on what a policy means, in 3 instructions a
// comparison.
func compileNaively(pol *policy.Policy) bpf.Program {
	c := &reference{pol: pol}
	for _, abi := range pol.ABIs {
		var nextABI label
		c.emit(bpf.LoadAbs(seccomp.OffsetArch))
		c.branch(bpf.OpJeq, uint32(abi.Audit), &nextABI)
		for _, row := range abi.Rows {
			var nextRow label
			c.emit(bpf.LoadAbs(seccomp.OffsetNr))
			c.unless(bpf.OpJgt, uint32(row.Last), &nextRow)
			for _, rule := range row.Rules {
				var nextRule label
				for _, cond := range rule.Conds {
					c.cond(cond, &nextRule)
				}
				c.emit(bpf.Ret(rule.Return))
				c.here(&nextRule)
			}
			c.here(&nextRow)
		}
		c.here(&nextABI)
	}
	c.emit(bpf.Ret(pol.Foreign.Return))
	return c.prog
}

// cond continues if the condition holds.
func (c *reference) cond(cond policy.Cond, no *label) {
	o := c.pol.Native.ByteOrder()
	width := uint64(1)<<cond.Bits - 1
	if cond.Bits == 64 {
		width = 1<<64 - 1
	}
	load := func(high bool, mask uint64) {
		if high {
			c.emit(bpf.LoadAbs(seccomp.OffsetHigh(int(cond.Arg), o)), bpf.And(uint32((width&mask)>>32)))
		} else {
			c.emit(bpf.LoadAbs(seccomp.OffsetLow(int(cond.Arg), o)), bpf.And(uint32(width&mask)))
		}
	}
	const all = 1<<64 - 1
	hi, lo := uint32(cond.Value>>32), uint32(cond.Value)
	var yes label
	switch cond.Op {
	case seccomp.OpEqualTo:
		load(true, all)
		c.branch(bpf.OpJeq, hi, no)
		load(false, all)
		c.branch(bpf.OpJeq, lo, no)
	case seccomp.OpNotEqual:
		load(true, all)
		c.branch(bpf.OpJeq, hi, &yes)
		load(false, all)
		c.unless(bpf.OpJeq, lo, no)
	case seccomp.OpMaskedEqual:
		want := cond.ValueTwo & cond.Value
		load(true, cond.Value)
		c.branch(bpf.OpJeq, uint32(want>>32), no)
		load(false, cond.Value)
		c.branch(bpf.OpJeq, uint32(want), no)
	case seccomp.OpGreaterThan, seccomp.OpGreaterEqual:
		load(true, all)
		c.unless(bpf.OpJgt, hi, &yes)
		c.branch(bpf.OpJeq, hi, no)
		load(false, all)
		if cond.Op == seccomp.OpGreaterThan {
			c.branch(bpf.OpJgt, lo, no)
		} else {
			c.branch(bpf.OpJge, lo, no)
		}
	case seccomp.OpLessThan, seccomp.OpLessEqual:
		load(true, all)
		c.branch(bpf.OpJge, hi, &yes)
		c.branch(bpf.OpJeq, hi, no)
		load(false, all)
		if cond.Op == seccomp.OpLessThan {
			c.unless(bpf.OpJge, lo, no)
		} else {
			c.unless(bpf.OpJgt, lo, no)
		}
	}
	c.here(&yes)
}
