package compile

import (
	"errors"
	"slices"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
)

// verdicts turns the lists of rules of a policy's rows into nodes.
type verdicts struct {
	known map[*policy.Rule]*verdict // by the first rule: rows that mean the same mostly share a slice
	alike map[uint64]*verdict       // by a hash of the list in normal form
	rules arena[rule]
	conds arena[cond]
	order []*verdict // as they were found

	effort int  // what is left for expanding lists, see expander
	sum    int  // of the sizes of all verdicts
	survey int  // the sum at which to count what they have in common
	over   bool // they are longer than a program can be
}

func (vs *verdicts) reset() {
	clear(vs.known)
	clear(vs.alike)
	clear(vs.order)
	vs.rules.reset()
	vs.conds.reset()
	*vs = verdicts{known: vs.known, alike: vs.alike, order: vs.order[:0], rules: vs.rules, conds: vs.conds}
}

// A verdict is the meaning of one list of rules.
type verdict struct {
	node node
	size int         // in nodes, with what other verdicts share
	list []rule      // in normal form
	row  *policy.Row // the first that has it
}

// effort bounds the work for lists of rules: how many rules are in all lists into
// which they are taken apart, together. For one list it is less, see expand: an
// expansion that needs more would be longer than the chain.
const effort = 1 << 18

var errNoRule = errors.New("no rule applies to every call")

// verdict returns the node for the rules of a row.
func (c *compiler) verdict(row *policy.Row) (node, error) {
	rules := row.Rules
	if len(rules) == 0 {
		return none, errNoRule
	}
	if len(rules[0].Conds) == 0 {
		return c.graph.ret(rules[0].Return), nil
	}
	vs := &c.verdicts
	if v, ok := vs.known[&rules[0]]; ok && len(v.row.Rules) == len(rules) {
		return v.node, nil
	}
	list, err := vs.normalise(rules)
	if err != nil {
		return none, err
	}
	h := hash(list)
	v := vs.alike[h]
	if v == nil || !slices.EqualFunc(v.list, list, rule.equal) {
		v = &verdict{row: row, list: list}
		v.node, v.size = c.decide(list)
		if vs.alike == nil {
			vs.known, vs.alike = map[*policy.Rule]*verdict{}, map[uint64]*verdict{}
		}
		vs.alike[h] = v
		vs.order = append(vs.order, v)
		c.count(v.size)
	}
	vs.known[&rules[0]] = v
	return v.node, nil
}

// decide returns the node for a list in normal form and its size. Once it is
// clear that the program is too long, it only estimates the size.
func (c *compiler) decide(list []rule) (n node, size int) {
	var ok bool
	if !c.verdicts.over {
		n, ok = c.expand(list)
	}
	if c.verdicts.over {
		for i := range list {
			size += max(1, len(list[i].conds))
		}
		return none, size
	}
	if ok {
		size = c.graph.size(n)
		if simple(list) {
			return n, size
		}
	}
	chained, whole := c.chain(list)
	if chainedSize := c.graph.size(chained); !ok || whole && chainedSize < size {
		n, size = chained, chainedSize
		c.verdicts.over = !whole
	}
	return n, size
}

// simple reports that trying the rules one after the other cannot be shorter
// than expanding them: they look at one value, in ranges.
func simple(list []rule) bool {
	if len(list) <= 2 {
		return true
	}
	v := list[0].conds[0].value
	for i := range list {
		for _, c := range list[i].conds {
			if c.value != v || c.shape == masked {
				return false
			}
		}
	}
	return true
}

// count adds a verdict's size, and finds out from time to time whether all of
// them together fit into a program.
func (c *compiler) count(size int) {
	vs := &c.verdicts
	if vs.sum += size; vs.sum < vs.survey || vs.over {
		return
	}
	roots := make([]node, 0, len(vs.order))
	for _, v := range vs.order {
		roots = append(roots, v.node)
	}
	vs.over = c.graph.size(roots...) > bpf.MaxLen
	vs.survey = 2 * vs.sum
}

// hash returns a number that equal lists share.
func hash(list []rule) uint64 {
	h := uint64(len(list))
	add := func(v uint64) { h = (h ^ v ^ h>>29) * 0x9e3779b97f4a7c15 }
	for i := range list {
		add(uint64(list[i].ret) | uint64(len(list[i].conds))<<32)
		for _, c := range list[i].conds {
			add(c.a)
			add(c.b)
			add(uint64(c.arg) | uint64(c.bits)<<8 | uint64(c.shape)<<16)
		}
	}
	return h
}

func (r rule) equal(o rule) bool { return r.ret == o.ret && slices.Equal(r.conds, o.conds) }

// normalise returns the rules in normal form, without those that never apply and
// those after the first that always does.
func (vs *verdicts) normalise(in []policy.Rule) ([]rule, error) {
	count := 0
	for i := range in {
		count += len(in[i].Conds)
	}
	list, conds := vs.rules.room(len(in)), vs.conds.room(count)
next:
	for i := range in {
		start := len(conds)
		for j := range in[i].Conds {
			c, constant, holds, err := normal(&in[i].Conds[j])
			switch {
			case err != nil:
				return nil, err
			case constant && !holds:
				conds = conds[:start]
				continue next
			case !constant:
				conds = append(conds, c)
			}
		}
		list = append(list, rule{in[i].Return, conds[start:len(conds):len(conds)]})
		if start == len(conds) {
			return list, nil
		}
	}
	return nil, errNoRule
}
