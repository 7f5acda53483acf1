package main

import (
	"runtime"
	"time"
)

// Every subject runs in turns, and this holds for each: a turn has turnRuns runs and
// lasts turnTime at least. Before it Go's heap is collected, and what begins in the
// first headTime of it, one run at least, does not count: there the subject still
// pays for what the one before has left, in the processor's caches above all. The
// next start or compile is like the tenth. What an engine leaves to the kernel's
// threads is a millisecond or two, and the head outlasts it; a pause before the turn
// would only make the caches colder.
const (
	headTime = 2 * time.Millisecond
	turnTime = 20 * time.Millisecond
	turnRuns = 5
)

const turnRule = "Medians and [least] of all runs. The subjects take turns of at least 5 runs and 20 ms, of which the first\n" +
	"run does not count, nor what else begins within 2 ms; before each Go's heap is collected."

// turn lets a subject run for its turn.
func turn(run func(counts bool) error) error {
	runtime.GC()
	for start, n := time.Now(), 0; n == 0 || time.Since(start) < headTime; n++ {
		if err := run(false); err != nil {
			return err
		}
	}
	for start, n := time.Now(), 0; n < turnRuns || time.Since(start) < turnTime; n++ {
		if err := run(true); err != nil {
			return err
		}
	}
	return nil
}
