package calls

import (
	"strings"

	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// suggest returns the constant that the author of an unknown name may have
// meant: in another case, or a few slips away, of those that the argument takes
// and then of all. It is empty where nothing is close.
func suggest(a seccomp.Arch, call syscalls.Call, arg int, name string) string {
	upper := strings.ToUpper(name)
	best, limit := "", min(3, len(name)/3+1)
	try := func(c *constant) {
		if _, there := c.on(a); !there {
			return
		}
		if d := distance(upper, strings.ToUpper(c.name), limit); d < limit {
			best, limit = c.name, d
		}
	}
	for _, s := range setsOf(a, call, arg) {
		for _, i := range s.constants {
			try(&constants[i])
		}
	}
	if best != "" {
		return best
	}
	for i := range constants {
		try(&constants[i])
	}
	return best
}

// example returns a constant that the argument takes, empty if there is none.
func example(a seccomp.Arch, call syscalls.Call, arg int) string {
	for _, s := range setsOf(a, call, arg) {
		for _, i := range s.constants {
			if v, ok := constants[i].on(a); ok && v != 0 {
				return constants[i].name
			}
		}
	}
	return ""
}

// distance is the number of slips (a letter missing, added, changed, or two
// swapped) between two words, or limit if there are at least so many.
func distance(x, y string, limit int) int {
	if max(len(x)-len(y), len(y)-len(x)) >= limit {
		return limit
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit)
}
