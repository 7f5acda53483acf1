package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// required are the classes that must occur.
var required = []Class{Equal, "conflict", "width", "multiplexed", "names", Contradiction, Refused, NotAsked, TimedOut}

// shown is how many failures are printed in full.
const shown = 5

// A report gathers the results of all cases.
type report struct {
	plan     plan
	mutex    sync.Mutex
	rows     map[Class]*row
	failures []failure
	cases    int
	calls    int
	wrong    []string // numbers about which the two tables disagree
}

type row struct {
	calls, profiles int
	first           int // the place of the case that the example is from
	example         string
}

type failure struct {
	place int
	text  string
}

func newReport(p plan) *report { return &report{plan: p, rows: make(map[Class]*row)} }

// add counts one case. What is printed does not depend on the order of calls.
func (r *report) add(place int, c *Case, result Result) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cases++
	for class, n := range result.Counts {
		r.calls += n
		at := r.rows[class]
		if at == nil {
			at = &row{first: place + 1}
			r.rows[class] = at
		}
		at.calls += n
		at.profiles++
		if place < at.first {
			at.first = place
			at.example = c.Name
			if e := result.Examples[class]; e != "" && e != c.Name {
				at.example += " " + e
			}
		}
	}
	problem := ""
	switch {
	case result.Trouble != nil:
		problem = result.Trouble.Error()
	case result.Counts[Defect] > 0:
		problem = fmt.Sprintf("%s: %s", Defect, result.Examples[Defect])
	case result.Counts[Unexplained] > 0:
		problem = fmt.Sprintf("%s: %s", Unexplained, result.Examples[Unexplained])
	}
	if problem != "" || r.plan.only != "" {
		r.failures = append(r.failures, failure{place, r.describe(c, problem)})
	}
	if problem != "" {
		r.wrong = append(r.wrong, c.Name)
	}
}

// describe says how to try a case again.
func (r *report) describe(c *Case, problem string) string {
	src := string(c.Source)
	if len(src) > 8000 {
		src = fmt.Sprintf("(a profile of %d bytes)", len(src))
	}
	return fmt.Sprintf("%s: %s\n  again: go run ./differential -seed %d -case %s\n  facts: %s, kernel %v, capabilities %#x\n%s\n",
		c.Name, problem, r.plan.seed, c.Name, c.Facts.Arch.Name(), c.Facts.Kernel, uint64(c.Facts.Caps), src)
}

// tables compares the numbers of calls that both weir and libseccomp know: the
// class of names is for calls that one of them does not.
func (r *report) tables(host *plain.Host) {
	same := 0
	for _, a := range seccomp.Archs() {
		for c := range syscalls.Calls() {
			mine, ok := c.Nr(a)
			theirs, known := host.Number(c.String(), a)
			if ok && known && mine != theirs {
				r.wrong = append(r.wrong, fmt.Sprintf("%s on %s: weir %d, libseccomp %d", c, a.Name(), mine, theirs))
			} else if ok && known {
				same++
			}
		}
	}
	fmt.Printf("%d numbers of calls on %d architectures are in both tables\n", same, len(seccomp.Archs()))
}

// print prints the table and reports whether all is well.
func (r *report) print(took time.Duration) bool {
	slices.SortFunc(r.failures, func(a, b failure) int { return cmp.Compare(a.place, b.place) })
	for i, f := range r.failures {
		if i == shown {
			fmt.Printf("and %d more\n\n", len(r.failures)-shown)
			break
		}
		fmt.Println(f.text)
	}
	var classes []Class
	for class := range r.rows {
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b Class) int {
		return cmp.Or(cmp.Compare(strings.Count(string(a), "+"), strings.Count(string(b), "+")), cmp.Compare(r.rows[b].calls, r.rows[a].calls), cmp.Compare(a, b))
	})
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "class\tcalls\tprofiles\tfor example")
	for _, class := range classes {
		at := r.rows[class]
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", class, at.calls, at.profiles, at.example)
	}
	w.Flush()
	fmt.Printf("%d calls of %d profiles in %v\n", r.calls, r.cases, took.Round(time.Second))
	ok := true
	if len(r.wrong) > 0 {
		fmt.Printf("FAILED: %d: %s\n", len(r.wrong), strings.Join(r.wrong[:min(len(r.wrong), 20)], "; "))
		ok = false
	}
	if r.plan.only == "" && (r.plan.duration > 0 || r.plan.n >= enough) {
		for _, class := range required {
			if !r.occurs(class) {
				fmt.Printf("FAILED: no call fell into the class %q: the cases have lost their teeth\n", class)
				ok = false
			}
		}
	}
	return ok
}

// occurs reports whether a class, or one of its kinds, has calls.
func (r *report) occurs(class Class) bool {
	for have := range r.rows {
		if strings.HasPrefix(string(have), string(class)) {
			return true
		}
	}
	return false
}

// call spells an input.
func call(d *seccomp.Data) string {
	arch, name := fmt.Sprintf("arch %#x", uint32(d.Arch)), fmt.Sprintf("%#x", uint32(d.Nr))
	for _, a := range seccomp.Archs() {
		if a.Audit() != d.Arch || (a == seccomp.ArchX32) != d.Nr.X32() && d.Arch == seccomp.ArchX86_64.Audit() {
			continue
		}
		arch = a.Name()
		if c, ok := syscalls.At(a, d.Nr); ok {
			name = c.String()
		}
	}
	args := make([]string, 0, 6)
	last := 0
	for i, v := range d.Args {
		args = append(args, fmt.Sprintf("%#x", v))
		if v != 0 {
			last = i + 1
		}
	}
	return fmt.Sprintf("%s %s(%s)", arch, name, strings.Join(args[:last], ", "))
}
