package explain

import (
	"fmt"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// A group is rules side by side that ask the same of one argument with other
// values: a person reads them as one.
type group struct {
	list  []Case
	first int
	n     int
}

// grouped joins rules that follow each other, have one outcome and compare one
// argument for equality.
func grouped(list []Case) []group {
	var groups []group
	for i := range list {
		if len(groups) > 0 {
			last := &groups[len(groups)-1]
			if alike(&list[last.first], &list[i]) {
				last.n++
				continue
			}
		}
		groups = append(groups, group{list, i, 1})
	}
	return groups
}

func alike(x, y *Case) bool {
	return x.Outcome.ret == y.Outcome.ret && x.Fails == y.Fails &&
		equality(x) && equality(y) && x.rule.Conds[0].Arg == y.rule.Conds[0].Arg
}

func equality(c *Case) bool {
	return len(c.rule.Conds) == 1 && c.rule.Conds[0].Op == seccomp.OpEqualTo
}

// when joins the conditions: those of one rule by and, those of several by
// commas.
func (g *group) when() string {
	first := &g.list[g.first]
	if g.n == 1 {
		return strings.Join(first.When, " and ")
	}
	var b strings.Builder
	b.WriteString(first.When[0])
	for i := 1; i < g.n; i++ {
		_, value, _ := strings.Cut(g.list[g.first+i].When[0], " is ")
		sep := ", "
		if i == g.n-1 {
			sep = " or "
		}
		b.WriteString(sep + value)
	}
	return b.String()
}

// place is where the rules are.
func (g *group) place() string {
	at := place(g.list[g.first])
	if g.n > 1 {
		at += fmt.Sprintf(" +%d", g.n-1)
	}
	return at
}
