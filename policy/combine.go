package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/seccomp"
)

// Intersect returns the policy that answers every call with the stricter of the
// answers of two, by the kernel's order of actions, as two filters of one process
// do: what it allows, both allow. Among equal actions a rule's errno or message goes
// before that of a default action, and a's before b's.
//
// The origins of b's rules count on from those of a, of which there are so many.
func Intersect(a, b *Policy, origins int) (*Policy, error) {
	return combine(a, b, origins, stricter)
}

// Union returns the policy that answers every call with the less strict of the
// answers of two: what it allows, one of them allows at least. Otherwise it is as
// [Intersect].
func Union(a, b *Policy, origins int) (*Policy, error) {
	return combine(a, b, origins, looser)
}

// looser chooses between two answers, the first among equals.
func looser(a, b Rule) Rule {
	if a.Return.Stricter(b.Return) {
		return b
	}
	return a
}

func combine(a, b *Policy, origins int, choose func(a, b Rule) Rule) (*Policy, error) {
	if a.Native != b.Native {
		return nil, fmt.Errorf("combining policies for %s and %s", a.Native.Name(), b.Native.Name())
	}
	c := combiner{choose: choose, origins: int32(origins)}
	c.byDefault = choose(Rule{Return: a.Default}, Rule{Return: b.Default}).Return
	p := &Policy{Native: a.Native, Default: c.byDefault, Foreign: choose(a.Foreign, b.Foreign)}
	for i := range a.ABIs {
		p.ABIs = append(p.ABIs, c.abi(a.ABIs[i].Audit, a, b))
	}
	for i := range b.ABIs {
		if audit := b.ABIs[i].Audit; a.ABI(audit) == nil {
			p.ABIs = append(p.ABIs, c.abi(audit, a, b))
		}
	}
	slices.SortFunc(p.ABIs, func(x, y ABI) int { return cmp.Compare(x.Audit, y.Audit) })
	return p, c.err
}

type combiner struct {
	choose    func(a, b Rule) Rule
	origins   int32
	byDefault seccomp.Return
	err       error
}

func (c *combiner) abi(audit seccomp.AuditArch, a, b *Policy) ABI {
	out := ABI{Audit: audit}
	together(rowsOf(a, audit), rowsOf(b, audit), func(first, last seccomp.Nr, x, y *Row) {
		row := Row{First: first, Last: last, Arch: x.Arch, Named: x.Named || y.Named}
		if y.Named {
			row.Arch = y.Arch
		}
		row.Rules = c.rules(row.Named, x.Rules, y.Rules)
		if c.err == nil && row.Rules == nil {
			c.err = fmt.Errorf("%v: the rules of both together are more than %d", row.Call(first), maxProduct)
		}
		out.Rows = append(out.Rows, row)
	})
	return out
}

// rowsOf returns the rows of an ABI: one for all numbers if it is not listed.
func rowsOf(p *Policy, audit seccomp.AuditArch) []Row {
	if abi := p.ABI(audit); abi != nil {
		return abi.Rows
	}
	return []Row{{Last: lastNr, Rules: []Rule{p.Foreign}}}
}

// together walks over two lists of rows, range by range.
func together(a, b []Row, visit func(first, last seccomp.Nr, x, y *Row)) {
	for i, j, first := 0, 0, uint64(0); first <= uint64(lastNr); {
		last := min(a[i].Last, b[j].Last)
		visit(seccomp.Nr(first), last, &a[i], &b[j])
		if a[i].Last == last {
			i++
		}
		if b[j].Last == last {
			j++
		}
		first = uint64(last) + 1
	}
}

// maxProduct bounds the rules of one call.
const maxProduct = 1 << 14

// rules combines two lists, nil if that is too much.
func (c *combiner) rules(named bool, a, b []Rule) []Rule {
	if (len(a)+1)*(len(b)+1) > maxProduct {
		return nil
	}
	b = slices.Clone(b)
	for i := range b {
		b[i].Origin += c.origins
	}
	origin := int32(0) // a rule that names the call
	for _, rule := range slices.Concat(b, a) {
		if rule.byRule() {
			origin = rule.Origin
		}
	}
	return product(a, b, func(x, y Rule) Rule {
		rule := c.choose(x, y)
		if x.Return.Action() == y.Return.Action() && y.byRule() && !x.byRule() {
			rule = y
		}
		if named && !rule.byRule() {
			rule.Origin = origin
			if rule.Return.Action() == c.byDefault.Action() {
				rule.Return, rule.Why = c.byDefault, WhyDefault
			}
		}
		return rule
	})
}

// byRule reports that a rule of the profile says so.
func (r *Rule) byRule() bool { return r.Why == WhyRule || r.Why == WhyMultiplexed }

// TakeUnnamed gives the numbers that no rule names the answers that they have in
// another policy, where that is a matter of the errno: where both deny with one, and
// from 2^31 on, where no architecture has a call, in whatever way both deny. A
// profile cannot say it: it has the errno of its default action, or ENOSYS above
// the largest number that it names.
func (p *Policy) TakeUnnamed(from *Policy) {
	for i := range p.ABIs {
		abi := &p.ABIs[i]
		var rows []Row
		together(abi.Rows, rowsOf(from, abi.Audit), func(first, last seccomp.Nr, x, y *Row) {
			row := *x
			row.First, row.Last = first, last
			least := seccomp.ActErrno // the strictest of what may be taken for each other
			if first >= 2*x32First {
				least = seccomp.ActKillProcess
			}
			if !x.Named && !y.Named && denies(x, least) && denies(y, least) {
				row.Rules = y.Rules
			}
			rows = append(rows, row)
		})
		abi.Rows = rows
	}
}

// denies reports that the calls of a row that no rule names are denied, by an errno
// or what is stricter, up to an action.
func denies(r *Row, strictest seccomp.Action) bool {
	ret := r.Rules[0].Return
	return !ret.Stricter(strictest.Return()) && !seccomp.ActErrno.Return().Stricter(ret)
}
