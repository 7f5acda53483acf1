package main

import (
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/sys/thread"
)

// A timing is where the time of weir run went: what was over when, by thread.Now.
// A nil one notes nothing.
type timing struct {
	before int64 // CPU time from the fork to main
	begun  int64 // when main began
	steps  []step
	beside []step // of the filter's way, which goes on beside the others
}

type step struct {
	name string
	at   int64
}

// beginTiming is for the first moment of main. How long ago the process began is
// nowhere to be had but in hundredths of a second; what it has used is.
func beginTiming() *timing {
	t := &timing{begun: thread.Now()}
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts) == nil {
		t.before = ts.Nano()
	}
	return t
}

// over notes that a step ends now.
func (t *timing) over(name string) { t.reached(name, thread.Now()) }

// filter notes that a step of the filter's way ends now.
func (t *timing) filter(name string) { t.beside = append(t.beside, step{name, thread.Now()}) }

func (t *timing) reached(name string, at int64) {
	if t != nil {
		t.steps = append(t.steps, step{name, at})
	}
}

// print writes a line for each step: what it took, and what it all comes to, in
// milliseconds.
func (t *timing) print(w io.Writer) {
	if t == nil {
		return
	}
	slices.SortStableFunc(t.steps, func(a, b step) int { return int(a.at - b.at) })
	const ms = 1e6
	fmt.Fprintf(w, "%8s %8s\n", "ms", "in all")
	fmt.Fprintf(w, "%8.2f %8.2f  before main, of CPU time\n", float64(t.before)/ms, float64(t.before)/ms)
	last := t.begun
	for _, s := range t.steps {
		fmt.Fprintf(w, "%8.2f %8.2f  %s\n", float64(s.at-last)/ms, float64(t.before+s.at-t.begun)/ms, s.name)
		last = s.at
	}
	if len(t.beside) == 0 {
		return
	}
	fmt.Fprintln(w, "from the command line on, beside that:")
	last = t.steps[0].at
	for _, s := range t.beside {
		fmt.Fprintf(w, "%8.2f %8.2f  %s\n", float64(s.at-last)/ms, float64(t.before+s.at-t.begun)/ms, s.name)
		last = s.at
	}
}
