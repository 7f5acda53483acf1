package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheRatioIsToTheBestPeerThatDoesTheSameWork(t *testing.T) {
	var f figure
	if _, ok := f.ratio(); ok {
		t.Error("a figure that nobody has has a ratio")
	}
	f.set("weir", 2)
	f.set("gVisor", 1)
	if _, ok := f.ratio(); ok {
		t.Error("a peer with one ABI counts")
	}
	f.set("runc", 8)
	f.set("crun", 16)
	if r, ok := f.ratio(); !ok || r != 0.25 {
		t.Errorf("got %v %v, want 0.25", r, ok)
	}
}

func TestTheFileHasEachFigureWithWhatMustHold(t *testing.T) {
	table := newTable()
	table.attach.set("weir", 70.5)
	table.attach.set("runc", 300)
	file := filepath.Join(t.TempDir(), "figures.json")
	if err := table.write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []figure
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, f := range list {
		names[f.Name] = true
		if f.Name == "attach" && (f.Must != 75 || f.Values["weir"] != 70.5 || f.Values["runc"] != 300) {
			t.Errorf("got %+v", f)
		}
	}
	if len(names) != len(table.figures()) || !names["attach"] {
		t.Errorf("%d names of %d figures: %v", len(names), len(table.figures()), names)
	}
}

func TestATurnHasAHeadThatDoesNotCount(t *testing.T) {
	for _, c := range []struct {
		name        string
		run         time.Duration
		heads, most int
	}{
		{"of one run if it is long", 10 * time.Millisecond, 1, turnRuns},
		{"of some if they are short", 500 * time.Microsecond, 4, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			var heads, counted int
			var took time.Duration
			turn(func(counts bool) error {
				start := time.Now()
				for time.Since(start) < c.run {
				}
				if counts {
					counted++
					took += time.Since(start)
				} else {
					heads++
				}
				return nil
			})
			// A busy machine makes runs longer, so there may be fewer.
			if heads < 1 || heads > c.heads || counted < turnRuns || counted > c.most {
				t.Errorf("%d runs did not count and %d did", heads, counted)
			}
			if took < turnTime-c.run && counted > turnRuns {
				t.Errorf("the turn took %v", took)
			}
		})
	}
	broken := errors.New("broken")
	if err := turn(func(bool) error { return broken }); err != broken {
		t.Errorf("got %v", err)
	}
}

func TestGrowthIsDrawnOnceForEachShape(t *testing.T) {
	svg := string(plot("title", "x", "y", []line{{"one", []point{{1, 1}, {10, 100}}}, {"two", []point{{1, 2}, {10, 20}}}}))
	if got := strings.Count(svg, "<polyline"); got != 2 {
		t.Errorf("%d lines", got)
	}
}
