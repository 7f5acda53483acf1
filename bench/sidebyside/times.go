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
}

func newTimes() *times { return &times{all: make(map[string][]time.Duration)} }

func (t *times) add(name string, d time.Duration) {
	if t.all[name] == nil {
		t.names = append(t.names, name)
	}
	t.all[name] = append(t.all[name], d)
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// print prints medians, minima, and how many times that of base each median is.
func (t *times) print(title, base string) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Println(title)
	fmt.Fprintf(w, "median ms\tleast ms\tx %s\t \t\n", base)
	for _, name := range t.names {
		ratio := "-"
		if len(t.all[base]) > 0 {
			ratio = fmt.Sprintf("%.2f", float64(median(t.all[name]))/float64(median(t.all[base])))
		}
		fmt.Fprintf(w, "%.3f\t%.3f\t%s\t\t%s\n", ms(median(t.all[name])), ms(slices.Min(t.all[name])), ratio, name)
	}
	w.Flush()
	fmt.Println()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
