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

// A ruleID is a number for a rule's content.
type ruleID int32

// An expander turns lists of rules into nodes. It takes one value at a time,
// cuts its range where any rule of the list does, and so gets for every piece a
// shorter list, in which the value no longer occurs. Lists that turn out equal
// are expanded once.
//
// That yields the smallest programs for lists as people write them, and the
// largest for some that they do not: hence the budget.
type expander struct {
	*compiler
	rules  []rule
	ids    map[string]ruleID
	done   map[string]node
	key    []byte
	budget int
}

// expand returns the node for a list of rules; ok is false if that is too much
// effort. The last rule of the list has no conditions.
func (c *compiler) expand(list []rule) (n node, ok bool) {
	budget := min(c.verdicts.effort, effort/8+8*len(list))
	e := expander{compiler: c, ids: map[string]ruleID{}, done: map[string]node{}, budget: budget}
	ids := make([]ruleID, len(list))
	for i := range list {
		ids[i] = e.intern(list[i])
	}
	n = e.list(ids)
	c.verdicts.effort -= budget - e.budget
	return n, e.budget >= 0
}

// intern returns the number of a rule's content.
func (e *expander) intern(r rule) ruleID {
	k := binary.LittleEndian.AppendUint32(e.key[:0], uint32(r.ret))
	for _, c := range r.conds {
		k = append(k, c.arg, c.bits, byte(c.shape))
		k = binary.LittleEndian.AppendUint64(k, c.a)
		k = binary.LittleEndian.AppendUint64(k, c.b)
	}
	e.key = k
	if id, ok := e.ids[string(k)]; ok {
		return id
	}
	id := ruleID(len(e.rules))
	e.rules = append(e.rules, r)
	e.ids[string(k)] = id
	return id
}

// list returns the node for a list.
func (e *expander) list(ids []ruleID) node {
	ids = e.shorten(ids)
	if e.budget -= len(ids); e.budget < 0 {
		return none
	}
	first := &e.rules[ids[0]]
	if len(first.conds) == 0 {
		return e.graph.ret(first.ret)
	}
	k := e.key[:0]
	for _, id := range ids {
		k = binary.LittleEndian.AppendUint32(k, uint32(id))
	}
	e.key = k
	if n, ok := e.done[string(k)]; ok {
		return n
	}
	key := string(k)
	n := none
	if v, ok := e.choose(ids); ok {
		n = e.cut(ids, v)
	} else {
		n = e.try(ids, first.conds[0])
	}
	e.done[key] = n
	return n
}

// shorten drops the rules that cannot decide: those after an unconditional one,
// repetitions, and those that do at the end what the last one does.
func (e *expander) shorten(ids []ruleID) []ruleID {
	var out []ruleID
	for _, id := range ids {
		if len(out) > 0 && out[len(out)-1] == id {
			continue
		}
		out = append(out, id)
		if len(e.rules[id].conds) == 0 {
			break
		}
	}
	last := len(out) - 1
	for last > 0 && e.rules[out[last-1]].ret == e.rules[out[last]].ret {
		out[last-1] = out[last]
		last--
	}
	return out[:last+1]
}

// choose returns the value to look at next: of those on which the first rule has
// a range, the one that occurs in most rules. It has none if the first rule has
// masks only.
func (e *expander) choose(ids []ruleID) (best value, ok bool) {
	most := 0
	for _, c := range e.rules[ids[0]].conds {
		if c.shape == masked {
			continue
		}
		count := 0
		for _, id := range ids {
			if mentions(e.rules[id].conds, c.value) {
				count++
			}
		}
		if count > most {
			most, best = count, c.value
		}
	}
	return best, most > 0
}

func mentions(conds []cond, v value) bool {
	for i := range conds {
		if conds[i].value == v {
			return true
		}
	}
	return false
}

// try splits a list on one masked condition.
func (e *expander) try(ids []ruleID, c cond) node {
	yes, no := make([]ruleID, 0, len(ids)), make([]ruleID, 0, len(ids))
	for _, id := range ids {
		r := e.rules[id]
		rest := make([]cond, 0, len(r.conds))
		for _, other := range r.conds {
			if other != c {
				rest = append(rest, other)
			}
		}
		if len(rest) == len(r.conds) {
			yes, no = append(yes, id), append(no, id)
			continue
		}
		yes = append(yes, e.intern(rule{r.ret, rest}))
	}
	y := e.list(yes)
	n := e.list(no)
	if e.budget < 0 {
		return none
	}
	return e.condition(c, y, n)
}
