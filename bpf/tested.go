package bpf

import "slices"

// Tested returns the numbers that a program compares the word at an offset of
// seccomp_data with for equality, as far as that is plain: the word was loaded
// last on every way to the comparison. They are in ascending order, each once.
// The program has passed [Program.Check].
func (p Program) Tested(offset uint32) []uint32 {
	const unseen, other = 1<<32 - 1, 1<<32 - 2 // no offset is so large
	loaded := make([]uint32, len(p))           // what A holds before each instruction
	for i := range loaded {
		loaded[i] = unseen
	}
	flow := func(to int, a uint32) {
		switch {
		case to >= len(p):
		case loaded[to] == unseen:
			loaded[to] = a
		case loaded[to] != a:
			loaded[to] = other
		}
	}
	flow(0, other)
	var numbers []uint32
	for i, in := range p {
		a := loaded[i]
		if a == unseen {
			continue
		}
		switch {
		case in.Op == OpJeq && a == offset:
			numbers = append(numbers, in.K)
			fallthrough
		case in.Op.conditional():
			flow(i+1+int(in.Jt), a)
			flow(i+1+int(in.Jf), a)
			continue
		case in.Op == OpJa:
			flow(i+1+int(in.K), a)
			continue
		case in.Op == OpRet, in.Op == OpRetA:
			continue
		case in.Op == OpLdAbs:
			a = in.K
		case in.Op == OpSt, in.Op == OpStx, in.Op == OpTax, in.Op == OpLdxImm, in.Op == OpLdxMem, in.Op == OpLdxLen:
		default:
			a = other
		}
		flow(i+1, a)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
