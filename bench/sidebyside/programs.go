package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// lastNumber ends the sweep: the calls of x86_64 that Linux has today.
const lastNumber = 470

// programs counts instructions: of the programs, and of a call with arguments 0,
// over all numbers; and the numbers of x86_64 that the kernel's bitmap takes in.
func programs(all []named, t *table) error {
	fmt.Printf("programs, and instructions that a call of x86_64 executes, numbers 0 to %d\n", lastNumber)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "length\tmean\tworst\tcached\t \t\n")
	p, err := profile.Parse("default.json", source, profile.Options{})
	if err != nil {
		return err
	}
	pol, _, err := policy.Resolve(p, setting, policy.Options{})
	if err != nil {
		return err
	}
	for _, c := range all {
		sum, worst := 0, 0
		for nr := seccomp.Nr(0); nr <= lastNumber; nr++ {
			_, steps, err := c.program.Run(&seccomp.Data{Nr: nr, Arch: setting.Arch.Audit()}, setting.Arch.ByteOrder())
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			sum, worst = sum+steps, max(worst, steps)
		}
		cached := 0
		for _, abi := range compile.Measure(pol, c.program).ABIs {
			if abi.Arch == setting.Arch {
				cached = abi.Cached
			}
		}
		mean := float64(sum) / (lastNumber + 1)
		fmt.Fprintf(w, "%d\t%.1f\t%d\t%d\t\t%s\n", len(c.program), mean, worst, cached, c.name)
		t.length.set(c.name, float64(len(c.program)))
		t.mean.set(c.name, mean)
		t.worst.set(c.name, float64(worst))
		t.cached.set(c.name, float64(cached))
	}
	w.Flush()
	fmt.Println()
	return nil
}
