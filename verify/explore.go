package verify

import (
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// registers is what the machine holds on the current path, beside the words of
// memory, which the state has. They start as zero.
type registers struct{ a, x value }

// run follows every path of the program from pc on, for the inputs of the
// current path, and compares what each returns with the policy. The program has
// been checked, so it ends.
func (p *prover) run(pc int, r registers) {
	for {
		in := &p.prog[pc]
		if !p.spend(1) {
			return
		}
		pc++
		switch in.Op {
		case bpf.OpLdAbs:
			if p.asked(pc - 1) {
				return
			}
			r.a = word(in.K / 4)
		case bpf.OpLdImm:
			r.a = number(in.K)
		case bpf.OpLdLen:
			r.a = number(seccomp.DataSize)
		case bpf.OpLdMem:
			r.a = p.memory[in.K]
		case bpf.OpLdxImm:
			r.x = number(in.K)
		case bpf.OpLdxLen:
			r.x = number(seccomp.DataSize)
		case bpf.OpLdxMem:
			r.x = p.memory[in.K]
		case bpf.OpSt:
			p.store(in.K, r.a)
		case bpf.OpStx:
			p.store(in.K, r.x)
		case bpf.OpTax:
			r.x = r.a
		case bpf.OpTxa:
			r.a = r.x

		case bpf.OpAdd:
			r.a = p.operation(add, r.a, number(in.K))
		case bpf.OpSub:
			r.a = p.operation(sub, r.a, number(in.K))
		case bpf.OpMul:
			r.a = p.operation(mul, r.a, number(in.K))
		case bpf.OpDiv:
			r.a = p.operation(div, r.a, number(in.K))
		case bpf.OpOr:
			r.a = p.operation(or, r.a, number(in.K))
		case bpf.OpXor:
			r.a = p.operation(xor, r.a, number(in.K))
		case bpf.OpLsh:
			r.a = p.operation(lsh, r.a, number(in.K))
		case bpf.OpRsh:
			r.a = p.operation(rsh, r.a, number(in.K))
		case bpf.OpNeg:
			r.a = p.operation(sub, number(0), r.a)
		case bpf.OpAnd:
			if t, ok := p.topBits(r.a, ^in.K); ok {
				if !p.fork(t, true, pc-1, &r) {
					return
				}
				pc--
				continue
			}
			r.a = p.operation(and, r.a, number(in.K))
		case bpf.OpAddX:
			r.a = p.operation(add, r.a, r.x)
		case bpf.OpSubX:
			r.a = p.operation(sub, r.a, r.x)
		case bpf.OpMulX:
			r.a = p.operation(mul, r.a, r.x)
		case bpf.OpOrX:
			r.a = p.operation(or, r.a, r.x)
		case bpf.OpAndX:
			r.a = p.operation(and, r.a, r.x)
		case bpf.OpXorX:
			r.a = p.operation(xor, r.a, r.x)
		case bpf.OpDivX:
			zero := p.normal(test{value: r.x})
			yes, no := p.split(zero)
			if yes {
				m := p.push()
				p.assume(zero, true)
				p.returns(number(0))
				p.pop(m)
			}
			if !no || p.done {
				return
			}
			p.assume(zero, false)
			r.a = p.operation(div, r.a, r.x)
		case bpf.OpLshX, bpf.OpRshX:
			if over, _ := p.split(p.normal(test{value: r.x, in: span{32, most}})); over {
				p.giveUp("instruction %d shifts by 32 or more on some input, and kernels differ in what that does", pc-1)
				return
			}
			if in.Op == bpf.OpLshX {
				r.a = p.operation(lsh, r.a, r.x)
			} else {
				r.a = p.operation(rsh, r.a, r.x)
			}

		case bpf.OpRet:
			p.returns(number(in.K))
			return
		case bpf.OpRetA:
			p.returns(r.a)
			return

		case bpf.OpJa:
			pc += int(in.K)
		default:
			if in.Op == bpf.OpJset {
				if t, ok := p.topBits(r.a, in.K); ok {
					if !p.fork(t, true, pc-1, &r) {
						return
					}
					pc--
					continue
				}
			}
			t := p.normal(p.condition(in, &r))
			ways := [2]int{pc + int(in.Jf), pc + int(in.Jt)}
			yes, no := p.split(t)
			if yes && no {
				answer := p.lesser(t)
				if !p.fork(t, answer, ways[index(answer)], &r) {
					return
				}
				yes = !answer
			}
			pc = ways[index(yes)]
		}
	}
}

func index(answer bool) int {
	if answer {
		return 1
	}
	return 0
}

// fork explores the program from pc on with one answer to a test, and then
// assumes the other. It reports false if the proof is over.
func (p *prover) fork(t test, answer bool, pc int, r *registers) bool {
	m := p.push()
	p.assume(t, answer)
	if in := &p.prog[pc]; in.Op == bpf.OpRet { // half of all ways
		p.spend(1)
		p.returns(number(in.K))
	} else {
		p.run(pc, *r)
	}
	p.pop(m)
	if !p.done {
		p.assume(t, !answer)
	}
	return !p.done
}

// condition makes a test of a conditional jump.
func (p *prover) condition(in *bpf.Instruction, r *registers) test {
	l, k := r.a, number(in.K)
	switch in.Op {
	case bpf.OpJeqX, bpf.OpJgtX, bpf.OpJgeX, bpf.OpJsetX:
		l, k = p.fold(r.a), p.fold(r.x)
	}
	switch in.Op {
	case bpf.OpJeq, bpf.OpJeqX:
		if l.isConst() {
			l, k = k, l
		}
		if k.isConst() {
			return test{value: l, in: span{k.k, k.k}}
		}
		return test{value: p.operation(equal, l, k), in: span{1, 1}}
	case bpf.OpJgt, bpf.OpJgtX:
		return p.greater(l, k)
	case bpf.OpJge, bpf.OpJgeX:
		t := p.greater(k, l)
		t.not = !t.not
		return t
	}
	return test{value: p.operation(and, l, k), not: true}
}

// greater tests for l > r.
func (p *prover) greater(l, r value) test {
	switch {
	case r.isConst() && r.k < most:
		return test{value: l, in: span{r.k + 1, most}}
	case l.isConst() && l.k > 0:
		return test{value: r, in: span{0, l.k - 1}}
	case r.isConst() || l.isConst():
		return test{value: number(0), in: span{1, 1}}
	}
	return test{value: p.operation(greater, l, r), in: span{1, 1}}
}
