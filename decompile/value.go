package decompile

import "github.com/weir-dev/weir/bpf"

// A value is what a register holds: a constant, or 32 functions of the input,
// the least significant bit first.
type value struct {
	k    uint32
	bits *[32]node
}

func constant(k uint32) value { return value{k: k} }

func (v value) isConst() bool { return v.bits == nil }

func (v value) bit(i int) node {
	if v.bits != nil {
		return v.bits[i]
	}
	return node(v.k >> i & 1)
}

// value makes one of its bits: a constant, if all of them are.
func (g *graph) value(bits *[32]node) value {
	k := uint32(0)
	for i, b := range bits {
		if b > yes {
			return value{bits: bits}
		}
		k |= uint32(b) << i
	}
	return constant(k)
}

// each computes bit by bit.
func (g *graph) each(a, b value, op func(a, b node) node) value {
	var bits [32]node
	for i := range bits {
		bits[i] = op(a.bit(i), b.bit(i))
	}
	return g.value(&bits)
}

// pick is a where c is yes, and b where it is no.
func (g *graph) pick(c node, a, b value) value {
	if a == b || c == yes {
		return a
	}
	if c == no {
		return b
	}
	return g.each(a, b, func(a, b node) node { return g.choose(c, a, b) })
}

// sum is a + b, or a + ^b + 1 to subtract.
func (g *graph) sum(a, b value, subtract bool) value {
	var bits [32]node
	carry := no
	if subtract {
		carry = yes
	}
	for i := range bits {
		x, y := a.bit(i), b.bit(i)
		if subtract {
			y = g.not(y)
		}
		differ := g.xor(x, y)
		bits[i] = g.xor(differ, carry)
		carry = g.choose(differ, carry, x)
	}
	return g.value(&bits)
}

// shifted moves the bits of a value up by n, or down if n is negative.
func (g *graph) shifted(a value, n int) value {
	var bits [32]node
	for i := range bits {
		if j := i - n; 0 <= j && j < 32 {
			bits[i] = a.bit(j)
		}
	}
	return g.value(&bits)
}

// shift moves a value by another that is below 32.
func (g *graph) shift(a, by value, direction int) value {
	for i := range 5 {
		a = g.pick(by.bit(i), g.shifted(a, direction<<i), a)
	}
	return a
}

func (g *graph) product(a, b value) value {
	if a.isConst() {
		a, b = b, a
	}
	r := constant(0)
	for i := range 32 {
		if c := b.bit(i); c != no && !g.over() {
			r = g.pick(c, g.sum(r, g.shifted(a, i), false), r)
		}
	}
	return r
}

// quotient divides as on paper. The divisor is not 0.
func (g *graph) quotient(a, b value) value {
	if b.isConst() && b.k&(b.k-1) == 0 {
		n := 0
		for b.k>>n != 1 {
			n++
		}
		return g.shifted(a, -n)
	}
	var q [32]node
	rest := constant(0)
	for i := 31; i >= 0 && !g.over(); i-- {
		carried := rest.bit(31) // the rest has 33 bits for a moment
		rest = g.shifted(rest, 1)
		rest = g.each(rest, value{k: 1}, func(r, low node) node {
			if low == yes {
				return a.bit(i)
			}
			return r
		})
		q[i] = g.or(carried, g.not(g.greater(b, rest)))
		rest = g.pick(q[i], g.sum(rest, b, true), rest)
	}
	return g.value(&q)
}

func (g *graph) equal(a, b value) node {
	r := yes
	for i := range 32 {
		r = g.and(g.not(g.xor(a.bit(i), b.bit(i))), r)
	}
	return r
}

func (g *graph) greater(a, b value) node {
	r := no
	for i := range 32 {
		r = g.choose(g.xor(a.bit(i), b.bit(i)), a.bit(i), r)
	}
	return r
}

func (g *graph) meets(a, b value) node {
	r := no
	for i := 31; i >= 0; i-- {
		r = g.or(g.and(a.bit(i), b.bit(i)), r)
	}
	return r
}

// condition is where a conditional jump is taken.
func (g *graph) condition(op bpf.Opcode, a, b value) node {
	if a.isConst() && b.isConst() {
		holds := false
		switch op {
		case bpf.OpJeq:
			holds = a.k == b.k
		case bpf.OpJgt:
			holds = a.k > b.k
		case bpf.OpJge:
			holds = a.k >= b.k
		case bpf.OpJset:
			holds = a.k&b.k != 0
		}
		if holds {
			return yes
		}
		return no
	}
	switch op {
	case bpf.OpJeq:
		return g.equal(a, b)
	case bpf.OpJgt:
		return g.greater(a, b)
	case bpf.OpJge:
		return g.not(g.greater(b, a))
	}
	return g.meets(a, b)
}
