package compile

import (
	"math/bits"
	"slices"
)

// A cube is a set of words: those that equal value, whatever the bits in free.
// One AND and one comparison recognise it.
type cube struct {
	value, free uint32
}

// cubes returns a node for steps in which single values lead to one target and
// all else to another, if that is smaller where some of the values together form
// cubes: personality's 0, 8, 0x20000 and 0x20008 are one.
func (c *compiler) cubes(w word, mask uint32, steps []step) (n node, ok bool) {
	var values []uint32
	yes, no := none, none
	for i := range steps {
		s := &steps[i]
		into := &no
		if last(steps, i) == s.first {
			into = &yes
			values = append(values, s.first)
		}
		if *into == none {
			*into = s.target
		}
		if *into != s.target {
			return none, false
		}
	}
	if len(values) < 4 || len(values) > 64 {
		return none, false
	}

	n = no
	for {
		best := largest(values)
		size := 1 << bits.OnesCount32(best.free)
		if size < 4 { // AND and a comparison are no less than two comparisons
			break
		}
		n = c.graph.test(decision{kind: kindEqual, word: w, mask: mask &^ best.free, k: best.value, yes: yes, no: n})
		values = slices.DeleteFunc(values, func(v uint32) bool { return v&^best.free == best.value })
		ok = true
	}
	if len(values) > longest {
		return none, false
	}
	for i := len(values) - 1; i >= 0; i-- {
		n = c.graph.test(decision{kind: kindEqual, word: w, mask: mask, k: values[i], yes: yes, no: n})
	}
	return n, ok
}

// largest returns a largest cube that lies in a set of values.
func largest(values []uint32) cube {
	cubes := make([]cube, len(values))
	for i, v := range values {
		cubes[i] = cube{v, 0}
	}
	for { // from cubes that differ in one bit to cubes twice as large
		var twice []cube
		seen := map[cube]bool{}
		for _, a := range cubes {
			for _, b := range cubes {
				if bit := a.value ^ b.value; a.free == b.free && a.value < b.value && bit&(bit-1) == 0 {
					if t := (cube{a.value, a.free | bit}); !seen[t] {
						seen[t] = true
						twice = append(twice, t)
					}
				}
			}
		}
		if len(twice) == 0 {
			if len(cubes) == 0 {
				return cube{}
			}
			return cubes[0]
		}
		cubes = twice
	}
}
