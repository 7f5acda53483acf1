package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"text/tabwriter"
)

// subjects are the columns of the table. gVisor and Elastic know one ABI; Docker is
// an engine alone.
var subjects = []string{"weir", "runc", "crun", "gVisor", "Elastic", "docker"}

// sameWork are the peers that enforce the same as weir, on three ABIs.
var sameWork = []string{"runc", "crun"}

// A figure is a line of the table: what was measured of each subject, and what
// weir shall reach.
type figure struct {
	Name    string  `json:"figure"`
	Unit    string  `json:"unit,omitempty"`
	Must    float64 `json:"must"`              // at most; of cachedCalls at least
	Stretch float64 `json:"stretch,omitempty"` // 0 where there is none
	// Peer is what the best of sameWork took on the machine on which Must was set. Must
	// over Peer is what weir shall reach, over that peer, on any other; 0 where a figure
	// is the same on all.
	Peer   float64            `json:"peer,omitempty"`
	Values map[string]float64 `json:"values"`

	decimals int
}

func (f *figure) set(subject string, value float64) {
	if f.Values == nil {
		f.Values = make(map[string]float64)
	}
	f.Values[subject] = value
}

// A table has the figures that weir is held against.
type table struct {
	unlike, length, mean, worst, warm, first, attach, cached, denied, checked, share, start, resident, crowd figure
}

func newTable() *table {
	return &table{
		unlike:   figure{Name: "numbers answered unlike runc, unexplained"},
		length:   figure{Name: "program length", Unit: "instructions", Must: 220, Stretch: 200},
		mean:     figure{Name: "executed by a call, mean", Unit: "instructions", Must: 10, Stretch: 9, decimals: 1},
		worst:    figure{Name: "executed by a call, worst", Unit: "instructions", Must: 19},
		warm:     figure{Name: "JSON to program, warm", Unit: "ms", Must: 0.30, Stretch: 0.20, Peer: 16, decimals: 2},
		first:    figure{Name: "JSON to program, first of a process", Unit: "ms", Must: 0.90, Stretch: 0.60, Peer: 16, decimals: 2},
		attach:   figure{Name: "attach", Unit: "us", Must: 75, Stretch: 70, Peer: 300},
		cached:   figure{Name: "calls in the kernel's bitmap", Must: 306},
		denied:   figure{Name: "denied call, over none", Unit: "ns", Must: 39},
		checked:  figure{Name: "checked call, over none", Unit: "ns", Must: 48},
		share:    figure{Name: "seccomp's share of a start", Unit: "ms", Must: 1.0, Stretch: 0.3, Peer: 15, decimals: 1},
		start:    figure{Name: "start to exit of true", Unit: "ms", Must: 7.0, Stretch: 5.5, Peer: 29, decimals: 1},
		resident: figure{Name: "resident while a container runs", Unit: "MB", Must: 10, decimals: 1},
		crowd:    figure{Name: "many at once, of runc's time", Must: 0.40, decimals: 2},
	}
}

func (t *table) figures() []*figure {
	return []*figure{&t.unlike, &t.length, &t.mean, &t.worst, &t.warm, &t.first, &t.attach, &t.cached,
		&t.denied, &t.checked, &t.share, &t.start, &t.resident, &t.crowd}
}

// print prints all that was measured, with the ratio to the better peer of those
// that do the same work.
func (t *table) print() {
	fmt.Println("what weir is held against: at most, on a quiet machine, but for the calls in the bitmap")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "must\tstretch\t")
	for _, s := range subjects {
		fmt.Fprintf(w, "%s\t", s)
	}
	fmt.Fprintln(w, "x best of runc and crun\tmust\t \t")
	for _, f := range t.figures() {
		fmt.Fprintf(w, "%s\t%s\t", f.cell(f.Must, true), f.cell(f.Stretch, f.Stretch > 0))
		for _, s := range subjects {
			v, ok := f.Values[s]
			fmt.Fprintf(w, "%s\t", f.cell(v, ok))
		}
		ratio, ok := f.ratio()
		if f == &t.cached {
			ok = false // more is better
		}
		part := figure{decimals: 3}
		fmt.Fprintf(w, "%s\t%s\t\t%s", part.cell(ratio, ok), part.cell(f.Must/f.Peer, f.Peer > 0), f.Name)
		if f.Unit != "" {
			fmt.Fprintf(w, ", %s", f.Unit)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	fmt.Println("The second must is the first over what the better of runc and crun took where it was set, for other machines.")
	fmt.Println("On a busy machine long runs are interrupted more often than short ones: the ratio of the least, above, stays.")
}

func (f *figure) cell(v float64, there bool) string {
	if !there {
		return "-"
	}
	return fmt.Sprintf("%.*f", f.decimals, v)
}

// ratio is weir's value over the least of the peers that do the same work. There is
// none between what noise has made negative.
func (f *figure) ratio() (float64, bool) {
	best := math.Inf(1)
	for _, s := range sameWork {
		if v, ok := f.Values[s]; ok {
			best = min(best, v)
		}
	}
	mine, ok := f.Values["weir"]
	return mine / best, ok && mine > 0 && best > 0 && !math.IsInf(best, 1)
}

// write writes the figures to a file as JSON.
func (t *table) write(file string) error {
	text, err := json.MarshalIndent(t.figures(), "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
