package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// times gathers durations by name, and prints the names in the order in which
// they came.
type times struct {
	names []string
	all   map[string][]time.Duration
	cpu   map[string][]time.Duration // where it is known
}

func newTimes() *times {
	return &times{all: make(map[string][]time.Duration), cpu: make(map[string][]time.Duration)}
}

func (t *times) add(name string, d time.Duration) {
	if t.all[name] == nil {
		t.names = append(t.names, name)
	}
	t.all[name] = append(t.all[name], d)
}

// fill gives a figure the medians of the subjects, in ms.
func (t *times) fill(f *figure) {
	for _, s := range subjects {
		if list := t.all[s]; len(list) > 0 {
			f.set(s, ms(median(list)))
		}
	}
}

// addAll adds all that other times have.
func (t *times) addAll(other *times) {
	for _, name := range other.names {
		for _, d := range other.all[name] {
			t.add(name, d)
		}
	}
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// added is the median of what the one takes longer than the other in each round.
func added(list, base []time.Duration) time.Duration {
	var more []time.Duration
	for i := range list {
		more = append(more, list[i]-base[i])
	}
	return median(more)
}

// print prints medians, minima, and how many times that of base each median is;
// and the medians of CPU time, which other load on the machine disturbs less.
func (t *times) print(title, base string) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Println(title)
	cpuTitle := ""
	if len(t.cpu) > 0 {
		cpuTitle = "CPU ms"
	}
	fmt.Fprintf(w, "median ms\tleast ms\t%s\tx %s\t \t\n", cpuTitle, base)
	for _, name := range t.names {
		ratio := "-"
		if len(t.all[base]) > 0 {
			ratio = fmt.Sprintf("%.2f", float64(median(t.all[name]))/float64(median(t.all[base])))
		}
		cpu := ""
		if len(t.cpu[name]) > 0 {
			cpu = fmt.Sprintf("%.3f", ms(median(t.cpu[name])))
		}
		fmt.Fprintf(w, "%.3f\t%.3f\t%s\t%s\t\t%s\n", ms(median(t.all[name])), ms(least(t.all[name])), cpu, ratio, name)
	}
	w.Flush()
	fmt.Println()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func least(list []time.Duration) time.Duration { return slices.Min(list) }
