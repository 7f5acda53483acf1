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

// A turn of attaches is so many in a row, which take some 0.3 ms each with their
// process, after those that do not count.
const attachHead, attachesInTurn = 8, 60

// A turn of calls is so many loops of one call, of some 2 ms, after one that does
// not count.
const callHead, loopsInTurn, loop = 1, 10, 20_000

// The calls that are measured: what each filter does with them is constant but
// for the second, of which it looks at an argument.
var measured = []struct {
	title  string
	nr     seccomp.Nr
	arg0   uint32
	figure func(*table) *figure // where it is one
}{
	{"allowed", 309, 0, nil}, // getcpu
	{"checked", 135, 0xffff_ffff, func(t *table) *figure { return &t.checked }}, // personality, which then only tells
	{"denied", 236, 0, func(t *table) *figure { return &t.denied }},             // vserver, which no kernel has
	{"too new: ENOSYS", 435, 0, nil},                                            // clone3
}

type named struct {
	name    string
	program bpf.Program
}

// attached measures how long it takes to attach the programs and, over no filter,
// to make calls under them.
func attached(rounds int, programs []named, t *table) error {
	all := append([]named{{"no filter", nil}, {"allow all", bpf.Program{bpf.Ret(seccomp.ActAllow.Return())}}}, programs...)
	attach := make([][]time.Duration, len(all))
	calls := make([][][]time.Duration, len(all)) // the medians of the turns
	for i := range calls {
		calls[i] = make([][]time.Duration, len(measured))
	}
	for range rounds {
		for i, n := range all {
			if len(n.program) == 0 {
				continue
			}
			list, err := filter.Attach(n.program, attachHead+attachesInTurn)
			if err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
			attach[i] = append(attach[i], list[attachHead:]...)
		}
		for j, m := range measured {
			for i, n := range all {
				list, err := filter.Calls(n.program, m.nr, m.arg0, loop, callHead+loopsInTurn)
				if err != nil {
					return fmt.Errorf("%s: %w", n.name, err)
				}
				calls[i][j] = append(calls[i][j], median(list[callHead:]))
			}
		}
	}
	fmt.Printf("attaching (us), and calls over no filter (ns); %d rounds\n", rounds)
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
			t.attach.set(n.name, us(median(attach[i])))
		}
		fmt.Fprintf(w, "%s\t", cell)
		for j, m := range measured {
			base, took := calls[0][j], calls[i][j]
			if i == 0 {
				fmt.Fprintf(w, "%.0f [%.0f]\t", perCall(median(took)), perCall(least(took)))
				continue
			}
			over := perCall(added(took, base))
			fmt.Fprintf(w, "%+.0f [%+.0f]\t", over, perCall(least(took)-least(base)))
			if m.figure != nil {
				m.figure(t).set(n.name, over)
			}
		}
		fmt.Fprintf(w, "\t%s\n", n.name)
	}
	w.Flush()
	fmt.Println("over no filter: the median of what is added in a round, and [what is added to the least]")
	fmt.Println()
	return nil
}

func perCall(d time.Duration) float64 { return float64(d) / loop }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
