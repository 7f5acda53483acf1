package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// printEffective prints what filters do together: for each ABI and each set of
// answers the calls that get them, and no others, whatever their arguments.
func printEffective(w io.Writer, arch seccomp.Arch, s verify.Subject) error {
	// Every answer differs from one of these two: allow, and the kill of a thread.
	killing := verify.Subject{Filters: []bpf.Program{{bpf.Ret(seccomp.ActKillThread.Return())}}}
	var list []change
	for _, other := range []verify.Subject{{}, killing} {
		c := verify.Compare(arch, s, other, compareSteps, maxDifferences)
		if c.Reason != "" {
			fmt.Fprintf(w, "undecided: %s\n", c.Reason)
			return &exitError{code: 2}
		}
		list = append(list, changes(c.Differences)...)
	}
	var out bytes.Buffer
	var abis []string
	for _, c := range list {
		if !slices.Contains(abis, c.ABI) {
			abis = append(abis, c.ABI)
		}
	}
	for _, abi := range abis {
		of := slices.DeleteFunc(slices.Clone(list), func(c change) bool { return c.ABI != abi })
		printAnswers(&out, abi, of)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// printAnswers groups the calls of an ABI by all the answers that they get.
func printAnswers(out *bytes.Buffer, abi string, list []change) {
	var ends []uint64
	for _, c := range list {
		ends = append(ends, uint64(c.First), uint64(c.Last)+1)
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	var order []string
	groups := map[string][]change{}
	for i, end := range ends[1:] {
		part := change{First: uint32(ends[i]), Last: uint32(end - 1), zero: true}
		var answers []string
		for _, c := range list {
			if c.First <= part.First && part.Last <= c.Last && !slices.Contains(answers, c.A) {
				answers = append(answers, c.A)
				part.Call = c.Call
			}
		}
		if len(answers) == 0 {
			continue
		}
		slices.Sort(answers)
		title := strings.Join(answers, " or ")
		if groups[title] == nil {
			order = append(order, title)
		}
		of := groups[title]
		if n := len(of); n > 0 && part.Call == "" && of[n-1].Call == "" && of[n-1].Last+1 == part.First {
			of[n-1].Last = part.Last
			continue
		}
		groups[title] = append(of, part)
	}
	slices.Sort(order)
	for _, title := range order {
		depends := ""
		if strings.Contains(title, " or ") {
			depends = ", by the arguments"
		}
		fmt.Fprintf(out, "\n%s  %s%s\n", abi, title, depends)
		printList(out, groups[title])
	}
}
