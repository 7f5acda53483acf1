package verify

import (
	"math/rand/v2"
	"testing"
)

// pick returns a random number in a range that both small and large numbers, and
// numbers with few bits, appear in.
func pick(r *rand.Rand) uint32 {
	switch r.IntN(4) {
	case 0:
		return uint32(r.IntN(16))
	case 1:
		return -uint32(r.IntN(16))
	case 2:
		return 1<<r.IntN(32) + uint32(r.IntN(3)) - 1
	}
	return r.Uint32()
}

// around makes an approximation, and up to 64 of its members.
func around(r *rand.Rand) (approx, []uint32) {
	val, open := pick(r), uint32(0)
	for range r.IntN(6) {
		open |= 1 << r.IntN(32)
	}
	if r.IntN(3) == 0 {
		open |= 1<<r.IntN(33) - 1
	}
	a := bitwise(val&^open, open)
	var members []uint32
	for range 64 {
		members = append(members, val&^open|r.Uint32()&open)
	}
	if r.IntN(2) == 0 { // a range as well
		lo, hi := members[0], members[0]
		for _, m := range members[:r.IntN(4)+1] {
			lo, hi = min(lo, m), max(hi, m)
		}
		a = a.between(lo, hi)
		in := members[:0]
		for _, m := range members {
			if lo <= m && m <= hi {
				in = append(in, m)
			}
		}
		members = in
	}
	return a, members
}

// An estimate contains what the operation yields for every pair of members: a
// search that trusts it misses nothing.
func TestAnEstimateContainsEveryResult(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		l, ls := around(r)
		right, rs := around(r)
		op := operator(r.IntN(int(greater) + 1))
		if op == lsh || op == rsh { // the only shifts there are
			right, rs = bitwise(0, 31), []uint32{0, 1, 15, 31}
			if r.IntN(2) == 0 {
				k := uint32(r.IntN(32))
				right, rs = exactly(k), []uint32{k}
			}
		}
		a := op.approx(l, right)
		for range 20 {
			x, y := ls[r.IntN(len(ls))], rs[r.IntN(len(rs))]
			if op == div && y == 0 {
				continue // the path has ended
			}
			k := op.apply(x, y)
			if k < a.lo && a.open != 0 || k > a.hi && a.open != 0 || (k^a.val)&^a.open != 0 {
				t.Fatalf("operator %d: %#x and %#x yield %#x, which is not in %#x; operands %#x, %#x", op, x, y, k, a, l, right)
			}
			if in, out := a.meets(one(k)); !in || out && a.open == 0 {
				t.Fatalf("operator %d: %#x yields %#x, which it does not meet", op, a, k)
			}
		}
	}
}

// The result of every operation is known where all bits that it depends on are:
// the search ends.
func TestTheBitsThatATestDependsOnDecideIt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		p := new(prover)
		p.state.reset()
		p.budget = 1 << 30
		v := word(uint32(4 + r.IntN(3)))
		for range 1 + r.IntN(5) {
			other := number(pick(r))
			if r.IntN(2) == 0 {
				other = word(uint32(4 + r.IntN(3)))
			}
			op := operator(r.IntN(int(greater) + 1))
			if op == lsh || op == rsh {
				other = number(pick(r) % 32)
			} else if op == div {
				other = number(max(1, pick(r)))
			}
			if op != div && r.IntN(2) == 0 && op != lsh && op != rsh {
				v, other = other, v
			}
			v = p.operation(op, v, other)
		}
		if !v.isOp() {
			continue
		}
		p.narrow(test{value: v, in: span{7, 9}}, true)
		a := &p.atoms[0]
		var input [inputWords]uint32
		for w := range input {
			input[w] = pick(r)
			p.bits[w].known = a.support[w]
			p.bits[w].val = input[w] & a.support[w]
		}
		p.results = make([]approx, len(p.nodes))
		for i, n := range p.nodes {
			p.results[i] = n.op.approx(p.approx(n.l), p.approx(n.r))
		}
		got := p.results[v.operation()]
		if want := evaluate(p, v, &input); got.open != 0 || got.val != want {
			t.Fatalf("%+v: got %+v, want %#x; support %x", p.nodes, got, want, a.support)
		}
	}
}

// evaluate computes a value for one input.
func evaluate(p *prover, v value, input *[inputWords]uint32) uint32 {
	switch {
	case v.isConst():
		return v.k
	case v.isWord():
		return input[v.word()] + v.k
	}
	n := p.nodes[v.operation()]
	return n.op.apply(evaluate(p, n.l, input), evaluate(p, n.r, input))
}

func TestTheSmallestNumberWithGivenBits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		// Twelve bits at the top, so that all numbers can be tried.
		val, known, from := r.Uint32()&0xfff, r.Uint32()&0xfff, r.Uint32()&0xfff
		val &= known
		want, found := uint32(0), false
		for x := from; x < 1<<12 && !found; x++ {
			if x&known == val {
				want, found = x, true
			}
		}
		const low = 1<<20 - 1
		got, ok := atLeast(from<<20, val<<20, known<<20|low)
		if ok != found || found && got != want<<20 {
			t.Fatalf("from %#x with %#x of %#x: got %#x %t, want %#x %t", from, val, known, got>>20, ok, want, found)
		}
	}
}

// Sets against the plainest model: a bit for each of 64 numbers.
func TestSetsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2_000 {
		var s state
		s.reset()
		w := word(wordNr)
		s.narrow(test{value: w, in: span{0, 63}}, true)
		model := ^uint64(0)
		marks, models := []mark{}, []uint64{}
		for range 60 {
			lo := uint32(r.IntN(64))
			hi := min(63, lo+uint32(r.IntN(8)))
			inside := uint64(1)<<(hi+1) - 1<<lo
			if hi == 63 {
				inside = ^uint64(0) << lo
			}
			yes, no := s.words[wordNr].meets(span{lo, hi})
			if yes != (model&inside != 0) || no != (model&^inside != 0) {
				t.Fatalf("%v meets [%d, %d]: %t, %t", s.words[wordNr].set, lo, hi, yes, no)
			}
			switch {
			case r.IntN(4) == 0:
				marks, models = append(marks, s.push()), append(models, model)
			case r.IntN(4) == 0 && len(marks) > 0:
				n := len(marks) - 1
				s.pop(marks[n])
				marks, model, models = marks[:n], models[n], models[:n]
			case no && r.IntN(4) > 0:
				s.narrow(test{value: w, in: span{lo, hi}}, false)
				model &^= inside
			case yes && r.IntN(4) == 0:
				s.narrow(test{value: w, in: span{lo, hi}}, true)
				model &= inside
			}
			got := uint64(0)
			for _, sp := range s.words[wordNr].set {
				for x := sp.lo; x <= sp.hi; x++ {
					got |= 1 << x
				}
			}
			if got != model {
				t.Fatalf("the set is %v, want bits %#x", s.words[wordNr].set, model)
			}
		}
	}
}

// A test and its normal form have one answer for every input.
func TestTheNormalFormOfATestMeansTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 50_000 {
		p := new(prover)
		p.state.reset()
		v := value{word(4).of, pick(r)}
		if r.IntN(2) == 0 {
			mask := ^uint32(0) << r.IntN(32)
			if r.IntN(4) == 0 {
				mask = pick(r)
			}
			v = p.operation(and, word(4), number(mask))
		}
		lo, hi := pick(r), pick(r)
		if r.IntN(8) == 0 {
			lo, hi = 0, most
		}
		before := test{value: v, in: span{min(lo, hi), max(lo, hi)}, not: r.IntN(2) == 0}
		after := p.normal(before)
		for range 20 {
			input := [inputWords]uint32{4: pick(r)}
			answer := func(t test) bool {
				k := evaluate(p, t.value, &input)
				return (t.in.lo <= k && k <= t.in.hi) != t.not
			}
			if answer(before) != answer(after) || after.in.lo > after.in.hi {
				t.Fatalf("%+v became %+v; input %#x", before, after, input[4])
			}
		}
	}
}
