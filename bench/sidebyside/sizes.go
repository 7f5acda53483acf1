package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/weir-dev/weir/bench/corpus"
	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// sized compiles a profile and measures the program over all numbers of each ABI.
func sized(p *profile.Profile, f seccomp.Facts) (compile.Stats, error) {
	pol, _, err := policy.Resolve(p, f, policy.Options{})
	if err != nil {
		return compile.Stats{}, err
	}
	program, err := compile.Program(pol)
	if err != nil {
		return compile.Stats{}, fmt.Errorf("%s: %w", p.File, err)
	}
	return compile.Measure(pol, program), nil
}

// architectures prints the default profile on each architecture that it lists.
func architectures() error {
	fmt.Println("the default profile where Docker runs; executed by a call with arguments 0")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "length\tmean\tworst\tallowed\tcached\t \t\n")
	p := profile.Default()
	for i := range p.ArchMap {
		f := setting
		f.Arch = p.ArchMap[i].Arch.Arch
		s, err := sized(p, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Arch.Name(), err)
		}
		for j, abi := range s.ABIs {
			length, name := "", f.Arch.Name()
			if j == 0 {
				length = fmt.Sprint(s.Length)
			}
			if abi.Arch != f.Arch {
				name += ", " + abi.Arch.Name()
			}
			fmt.Fprintf(w, "%s\t%.1f\t%d\t%d\t%d\t\t%s\n", length, abi.Mean, abi.Worst, abi.Allowed, abi.Cached, name)
		}
	}
	w.Flush()
	fmt.Println()
	return nil
}

// profiles prints the corpus.
func profiles() error {
	fmt.Println("a corpus of profiles, generated: programs, and what a call of x86_64 with arguments 0 executes")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "bytes\tlength\tmean\tworst\t \t\n")
	var lengths, worsts []int
	var means []float64
	for _, c := range corpus.Profiles() {
		p, err := profile.Parse(c.Name, c.JSON, profile.Options{})
		if err != nil {
			return err
		}
		s, err := sized(p, setting)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(s.ABIs, func(a compile.ABIStats) bool { return a.Arch == setting.Arch })
		abi := s.ABIs[i]
		lengths, means, worsts = append(lengths, s.Length), append(means, abi.Mean), append(worsts, abi.Worst)
		fmt.Fprintf(w, "%d\t%d\t%.1f\t%d\t\t%s\n", len(c.JSON), s.Length, abi.Mean, abi.Worst, c.Name)
	}
	slices.Sort(lengths)
	slices.Sort(means)
	slices.Sort(worsts)
	half := len(lengths) / 2
	fmt.Fprintf(w, "\t%d\t%.1f\t%d\t\tmedian of %d\n", lengths[half], means[half], worsts[half], len(lengths))
	fmt.Fprintf(w, "\t%d\t%.1f\t%d\t\tlargest\n", slices.Max(lengths), slices.Max(means), slices.Max(worsts))
	w.Flush()
	fmt.Println()
	return nil
}
