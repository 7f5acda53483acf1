package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/weir-dev/weir/bench/filter"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
)

// attachesInRow is how often a program is attached before the next has its turn.
const attachesInRow = 10

// loops is how often a call is made to measure one.
const loops = 20_000

// The calls that are measured: what each filter does with them is constant but
// for the second, of which it looks at an argument.
var measured = []struct {
	title string
	nr    seccomp.Nr
	arg0  uint32
}{
	{"allowed", 309, 0},           // getcpu
	{"checked", 135, 0xffff_ffff}, // personality, which then only tells
	{"denied", 236, 0},            // vserver, which no kernel has
	{"too new: ENOSYS", 435, 0},   // clone3
}

type named struct {
	name    string
	program bpf.Program
}

// attached measures how long it takes to attach the programs and, over no filter,
// to make calls under them.
func attached(rounds int) error {
	all := []named{{"no filter", nil}, {"allow all", bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}}}
	for _, c := range allCompilers {
		program, err := c.build(func(string) {})
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, named{c.name, program})
	}
	attach := make([][]time.Duration, len(all))
	calls := make([][][]time.Duration, len(all))
	for i := range calls {
		calls[i] = make([][]time.Duration, len(measured))
	}
	for range rounds {
		for i, n := range all {
			if len(n.program) == 0 {
				continue
			}
			d, err := filter.Attach(n.program, attachesInRow)
			if err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
			attach[i] = append(attach[i], d...)
		}
	}
	for range rounds {
		for i, n := range all {
			for j, m := range measured {
				d, err := filter.Calls(n.program, m.nr, m.arg0, loops)
				if err != nil {
					return fmt.Errorf("%s: %w", n.name, err)
				}
				calls[i][j] = append(calls[i][j], d)
			}
		}
	}
	fmt.Printf("attaching (us), and calls over no filter (ns), medians and [least] of %d rounds, of %d attaches in a row\n", rounds, attachesInRow)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "attach us\t")
	for _, m := range measured {
		fmt.Fprintf(w, "%s\t", m.title)
	}
	fmt.Fprintln(w, " \t")
	for i, n := range all {
		cell := "-"
		if len(attach[i]) > 0 {
			cell = fmt.Sprintf("%.0f [%.0f]", us(median(attach[i])), us(least(attach[i])))
		}
		fmt.Fprintf(w, "%s\t", cell)
		for j := range measured {
			base, one := calls[0][j], calls[i][j]
			if i == 0 {
				fmt.Fprintf(w, "%.0f [%.0f]\t", perCall(median(one)), perCall(least(one)))
				continue
			}
			fmt.Fprintf(w, "%+.0f [%+.0f]\t", perCall(median(one)-median(base)), perCall(least(one)-least(base)))
		}
		fmt.Fprintf(w, "\t%s\n", n.name)
	}
	w.Flush()
	fmt.Println()
	return nil
}

func perCall(d time.Duration) float64 { return float64(d) / loops }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
