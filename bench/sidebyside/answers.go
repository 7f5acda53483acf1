package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// classes are the respects of plain.Views in which weir reads a profile otherwise
// than runc with libseccomp; policy/doc.go says why.
var classes = [len(plain.Views)]string{
	"rules in conflict",
	"an int, of which libseccomp looks at 64 bits",
	"a call behind another",
	"libseccomp lacks the name",
}

// answers compares the programs of weir and of runc for all inputs there are, by
// proof, and says of each number that they answer otherwise in which respect.
func answers(all []named, t *table) error {
	i := slices.IndexFunc(all, func(n named) bool { return n.name == "weir" })
	j := slices.IndexFunc(all, func(n named) bool { return n.name == "runc" })
	if i < 0 || j < 0 {
		return nil // what is not there has been said
	}
	doc, err := plain.Read(source)
	if err != nil {
		return err
	}
	rules, err := doc.Resolve(setting, plain.NewHost())
	if err != nil {
		return err
	}
	start := time.Now()
	c := verify.Compare(setting.Arch, verify.Subject{Filters: []bpf.Program{all[i].program}},
		verify.Subject{Filters: []bpf.Program{all[j].program}}, weir.ProofSteps, 10_000)
	took := time.Since(start)
	if c.Reason != "" {
		return fmt.Errorf("comparing weir's answers with runc's: %s", c.Reason)
	}
	fmt.Printf("answers of weir and of runc to every input there is, compared by proof in %.1f ms: the same but for\n", ms(took))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "numbers\tweir\trunc\t \t\n")
	unexplained := 0
	for _, d := range c.Differences {
		var why []string
		for nr := d.First; nr <= d.Last; nr++ {
			input := d.Witness
			input.Nr = nr
			class := classOf(rules, &input, d.B)
			if class == "" {
				unexplained++
				class = "UNEXPLAINED"
			}
			if !slices.Contains(why, class) {
				why = append(why, class)
			}
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t\t%s: %s\n", numbers(d), d.A, d.B, called(d), strings.Join(why, "; "))
	}
	w.Flush()
	fmt.Println()
	t.unlike.set("weir", float64(unexplained))
	return nil
}

// classOf returns the respect that explains an answer of runc's, "" if none does.
func classOf(rules *plain.Rules, d *seccomp.Data, theirs seccomp.Return) string {
	for i, view := range plain.Views {
		if slices.Contains(rules.Answers(d, view), theirs) {
			return classes[i]
		}
	}
	return ""
}

func numbers(d verify.Difference) string {
	if d.First == d.Last {
		return fmt.Sprint(d.First)
	}
	return fmt.Sprintf("%d to %d", d.First, d.Last)
}

// called is the ABI and the names of the calls, and the arguments that are not 0.
func called(d verify.Difference) string {
	abi := fmt.Sprintf("architecture %#x", uint32(d.Witness.Arch))
	var names []string
	for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchX32} {
		if a.Audit() != d.Witness.Arch || d.First.X32() != (a == seccomp.ArchX32) {
			continue
		}
		abi = a.Name()
		for nr := d.First; nr <= d.Last; nr++ {
			if c, ok := syscalls.At(a, nr); ok {
				names = append(names, c.String())
			}
		}
	}
	text := abi + " " + strings.Join(names, ", ")
	for i, v := range d.Witness.Args {
		if v != 0 {
			text += fmt.Sprintf(" with argument %d %#x", i, v)
		}
	}
	return text
}
