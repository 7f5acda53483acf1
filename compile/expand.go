package compile

import (
	"encoding/binary"

	"github.com/weir-dev/weir/seccomp"
)

// A rule is an outcome and what must hold for it, all of conds.
type rule struct {
	ret   seccomp.Return
	conds []cond
}

// A rest is what is left of a rule where some of its conditions are known to hold.
type rest struct {
	rule int32
	left uint64 // bit i: condition i is open
}

// An expander turns a list of rules into a node. It takes one value at a time,
// cuts its range wherever a rule of the list does, and so gets for every piece a
// shorter list, in which the value no longer occurs. A list that turns up again
// is expanded once.
//
// That yields the smallest programs for lists as people write them, and the
// largest for some that they do not: hence the budget.
type expander struct {
	*compiler
	rules  []rule
	done   map[string]node
	budget int // how many more rules may be in all lists together
}

// expand returns the node for a list of rules; ok is false if that is too much
// effort. The last rule of the list has no conditions.
func (c *compiler) expand(list []rule) (n node, ok bool) {
	conds := 0
	whole := c.rests.room(len(list))[:len(list)]
	for i := range list {
		if len(list[i].conds) > 64 {
			return none, false
		}
		conds += len(list[i].conds)
		whole[i] = rest{int32(i), 1<<len(list[i].conds) - 1}
	}
	budget := min(c.verdicts.effort, 64*(conds+8))
	e := expander{compiler: c, rules: list, budget: budget}
	n = e.list(whole)
	c.verdicts.effort -= budget - e.budget
	return n, e.budget >= 0
}

// list returns the node for a list. It may write to it.
func (e *expander) list(list []rest) node {
	list = e.shorten(list)
	if e.budget -= len(list); e.budget < 0 {
		return none
	}
	if list[0].left == 0 {
		return e.graph.ret(e.rules[list[0].rule].ret)
	}
	if e.done == nil {
		e.done = map[string]node{} // all the rules together do not turn up again
		return e.divide(list)
	}
	key := make([]byte, 0, 128)
	for _, r := range list {
		key = binary.LittleEndian.AppendUint32(key, uint32(r.rule))
		key = binary.LittleEndian.AppendUint64(key, r.left)
	}
	if n, ok := e.done[string(key)]; ok {
		return n
	}
	n := e.divide(list)
	e.done[string(key)] = n
	return n
}

// divide returns the node for a list of which more than one rule can decide.
func (e *expander) divide(list []rest) node {
	if v, ok := e.choose(list); ok {
		return e.cut(list, v)
	}
	return e.try(list)
}

// shorten drops the rules that cannot decide: those after one without
// conditions, and those before it that do the same.
func (e *expander) shorten(list []rest) []rest {
	last := 0
	for list[last].left != 0 {
		last++
	}
	end := list[last]
	for last > 0 && e.rules[list[last-1].rule].ret == e.rules[end.rule].ret {
		last--
	}
	list[last] = end
	return list[:last+1]
}

// choose returns the value to look at next: of those on which the first rule has
// a range, the one that occurs in most rules. It has none if the first rule has
// masks only.
func (e *expander) choose(list []rest) (best value, ok bool) {
	most := 0
	for i, c := range e.rules[list[0].rule].conds {
		if list[0].left>>i&1 == 0 || c.shape == masked || c.value == best && most > 0 {
			continue
		}
		count := 0
		for _, r := range list {
			if e.mentions(r, c.value) {
				count++
			}
		}
		if count > most {
			most, best = count, c.value
		}
	}
	return best, most > 0
}

// mentions reports whether an open condition is about v.
func (e *expander) mentions(r rest, v value) bool {
	for i, c := range e.rules[r.rule].conds {
		if c.value == v && r.left>>i&1 == 1 {
			return true
		}
	}
	return false
}

// try splits a list on the first condition of its first rule.
func (e *expander) try(list []rest) node {
	first := e.rules[list[0].rule].conds
	i := 0
	for list[0].left>>i&1 == 0 {
		i++
	}
	c := first[i]
	yes, no := make([]rest, 0, len(list)), make([]rest, 0, len(list))
	for _, r := range list {
		known := uint64(0)
		for i, other := range e.rules[r.rule].conds {
			if other == c {
				known |= 1 << i
			}
		}
		if r.left&known == 0 {
			no = append(no, r)
		}
		r.left &^= known
		yes = append(yes, r)
	}
	y := e.list(yes)
	n := e.list(no)
	if e.budget < 0 {
		return none
	}
	return e.condition(c, y, n)
}
