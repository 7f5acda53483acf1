package decompile

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// An asked is the inputs that a run is about: all of those that have the
// architecture and the number, as far as these are constant, and lie within.
type asked struct {
	arch, nr value
	within   node
}

// field makes the value of 32 bits of the input, of which the highest is asked
// for at a level.
func (g *graph) field(level int32) value {
	var bits [32]node
	for i := range bits {
		bits[i] = g.bit(level + 31 - int32(i))
	}
	return value{bits: &bits}
}

// load is a word of the input.
func (g *graph) load(q asked, offset uint32, order seccomp.ByteOrder) value {
	switch offset {
	case seccomp.OffsetNr:
		return q.nr
	case seccomp.OffsetArch:
		return q.arch
	}
	level := int32(ipLevel)
	if offset >= seccomp.OffsetArgs {
		level = argLevel + int32(offset-seccomp.OffsetArgs)/8*64
	}
	if high := (offset%8 == 4) != (order == seccomp.BigEndian); !high {
		level += 32
	}
	return g.field(level)
}

// operandX is the bit of an opcode that makes X of the operand K.
const operandX bpf.Opcode = 0x08

// A machine is what the registers hold at an instruction, for the inputs that
// reach it.
type machine struct {
	reach node
	a, x  value
	m     [bpf.MemWords]value
}

// join makes one machine of two that reach the same instruction.
func (g *graph) join(s *machine, t *machine) {
	s.a, s.x = g.pick(t.reach, t.a, s.a), g.pick(t.reach, t.x, s.x)
	for i := range s.m {
		s.m[i] = g.pick(t.reach, t.m[i], s.m[i])
	}
	s.reach = g.or(s.reach, t.reach)
}

// filters runs a stack of filters, given in the order in which they were
// attached, and yields what the kernel does with the inputs asked about; no
// elsewhere.
func (g *graph) filters(progs []bpf.Program, q asked, order seccomp.ByteOrder) (node, error) {
	f := g.choose(q.within, g.leaf(seccomp.ActAllow.Return()), no)
	for _, prog := range slices.Backward(progs) {
		word, err := g.run(prog, q, order)
		if err != nil {
			return no, err
		}
		f = g.merge(f, word)
	}
	f = g.words(f, verify.Effect)
	if g.over() {
		return no, g.errOver()
	}
	return f, nil
}

// run follows all paths of a program at once: jumps go forward only, so when an
// instruction's turn comes, all that leads to it has been seen. The program has
// been checked.
func (g *graph) run(prog bpf.Program, q asked, order seccomp.ByteOrder) (node, error) {
	result := no
	at := make([]*machine, len(prog))
	at[0] = &machine{reach: q.within}
	for pc := range prog {
		s := at[pc]
		if s == nil {
			continue
		}
		at[pc] = nil
		if g.over() {
			return no, g.errOver()
		}
		flow := func(to int, s *machine) {
			if at[to] == nil {
				at[to] = s
			} else {
				g.join(at[to], s)
			}
		}
		in := &prog[pc]
		k := constant(in.K)
		op := in.Op
		if op&operandX != 0 {
			op, k = op&^operandX, s.x
		}
		switch op {
		case bpf.OpLdAbs:
			s.a = g.load(q, in.K, order)
		case bpf.OpLdImm:
			s.a = k
		case bpf.OpLdLen:
			s.a = constant(seccomp.DataSize)
		case bpf.OpLdMem:
			s.a = s.m[in.K]
		case bpf.OpLdxImm:
			s.x = k
		case bpf.OpLdxLen:
			s.x = constant(seccomp.DataSize)
		case bpf.OpLdxMem:
			s.x = s.m[in.K]
		case bpf.OpSt:
			s.m[in.K] = s.a
		case bpf.OpStx:
			s.m[in.K] = s.x
		case bpf.OpTax:
			s.x = s.a
		case bpf.OpTxa:
			s.a = s.x

		case bpf.OpAdd:
			s.a = g.sum(s.a, k, false)
		case bpf.OpSub:
			s.a = g.sum(s.a, k, true)
		case bpf.OpNeg:
			s.a = g.sum(constant(0), s.a, true)
		case bpf.OpMul:
			s.a = g.product(s.a, k)
		case bpf.OpDiv:
			// The kernel ends a program that divides by zero with the word 0.
			zero := g.and(s.reach, g.equal(k, constant(0)))
			result = g.choose(zero, g.leaf(0), result)
			if s.reach = g.and(s.reach, g.not(zero)); s.reach == no {
				continue
			}
			s.a = g.quotient(s.a, k)
		case bpf.OpAnd:
			s.a = g.each(s.a, k, g.and)
		case bpf.OpOr:
			s.a = g.each(s.a, k, g.or)
		case bpf.OpXor:
			s.a = g.each(s.a, k, g.xor)
		case bpf.OpLsh, bpf.OpRsh:
			if g.and(s.reach, g.greater(k, constant(31))) != no {
				return no, fmt.Errorf("instruction %d shifts by 32 or more on some input, and kernels differ in what that does", pc)
			}
			direction := 1
			if op == bpf.OpRsh {
				direction = -1
			}
			s.a = g.shift(s.a, k, direction)

		case bpf.OpRet:
			result = g.choose(s.reach, g.leaf(seccomp.Return(in.K)), result)
			continue
		case bpf.OpRetA:
			result = g.choose(s.reach, g.returned(s.a), result)
			continue
		case bpf.OpJa:
			flow(pc+1+int(in.K), s)
			continue
		default:
			c := g.condition(op, s.a, k)
			yes, no := g.and(s.reach, c), g.and(s.reach, g.not(c))
			if yes != 0 {
				taken := *s
				taken.reach = yes
				flow(pc+1+int(in.Jt), &taken)
			}
			if s.reach = no; no != 0 {
				flow(pc+1+int(in.Jf), s)
			}
			continue
		}
		flow(pc+1, s)
	}
	return result, nil
}

// returned makes words of a value.
func (g *graph) returned(v value) node {
	if v.isConst() {
		return g.leaf(seccomp.Return(v.k))
	}
	f := g.leaf(0)
	for i := range 32 {
		with := g.words(f, func(word seccomp.Return) seccomp.Return { return word | 1<<i })
		f = g.choose(v.bit(i), with, f)
	}
	return f
}
