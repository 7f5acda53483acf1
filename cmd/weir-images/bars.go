package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
)

const (
	drawEvery  = 100 * time.Millisecond
	rateWindow = 3 * time.Second
)

// bars are the last lines of a terminal: one for each layer that is under way, which
// are three at most, and one for all of them. So they fit every terminal, however
// many layers an image has.
type bars struct {
	f      *os.File
	layers []*bar // in the image's order
	all    rate
	lines  int // that are on the screen
	drawn  time.Time
}

type bar struct {
	name string
	transfer.Progress
	rate rate
}

func (b *bars) update(name string, p transfer.Progress) {
	now := time.Now()
	var arrived, kept int64
	found := false
	for _, l := range b.layers {
		if l.name == name {
			l.Progress, found = p, true
			l.rate.add(now, max(p.Done, p.Kept))
		}
		arrived += max(l.Done, l.Kept)
		kept += l.Kept
	}
	if !found {
		b.layers = append(b.layers, &bar{name: name, Progress: p})
	}
	b.all.add(now, arrived-kept)
}

// draw draws, but not more often than eyes can follow.
func (b *bars) draw() {
	if time.Since(b.drawn) < drawEvery {
		return
	}
	b.drawn = time.Now()
	width := terminalWidth(b.f)
	var lines []string
	var done, total int64
	finished := 0
	for _, l := range b.layers {
		switch l.State {
		case transfer.Reading:
			lines = append(lines, l.line(b.drawn, width))
			done += l.Done
			total += l.Total
		case transfer.Waiting:
			total += l.Total
		case transfer.Unpacked:
			finished++
			done += l.Total
			total += l.Total
		case transfer.Present:
			finished++
		}
	}
	if len(b.layers) > 1 {
		lines = append(lines, fmt.Sprintf("%d of %d layers, %s of %s%s", finished, len(b.layers),
			image.SizeText(done), image.SizeText(total), b.all.text(b.drawn, total-done)))
	}
	var out strings.Builder
	b.up(&out)
	for _, line := range lines {
		if len(line) >= width {
			line = line[:max(0, width-1)]
		}
		out.WriteString(line + "\x1b[K\n")
	}
	out.WriteString("\x1b[J")
	b.lines = len(lines)
	b.f.WriteString(out.String())
}

// clear takes the bars off the screen.
func (b *bars) clear() {
	var out strings.Builder
	b.up(&out)
	out.WriteString("\x1b[J")
	b.f.WriteString(out.String())
	b.lines, b.drawn = 0, time.Time{}
}

// up goes to the first of the lines.
func (b *bars) up(out *strings.Builder) {
	if b.lines > 0 {
		fmt.Fprintf(out, "\x1b[%dA", b.lines)
	}
	out.WriteString("\r")
}

// line is one bar: name, bar, how much of how much, and how fast. All of it is ASCII, so
// that bytes are columns.
func (l *bar) line(now time.Time, width int) string {
	text := fmt.Sprintf("%6s of %6s%s", image.SizeText(l.Done), image.SizeText(l.Total), l.rate.text(now, l.Total-l.Done))
	if l.Done >= l.Total {
		text = fmt.Sprintf("%6s, finishing", image.SizeText(l.Total))
	}
	room := width - len(l.name) - len("  []  ") - len("999.9kB of 999.9MB, 99.9MB/s, 59m59s left") - 1
	if room < 10 || l.Total <= 0 {
		return l.name + "  " + text
	}
	room = min(room, 50)
	full := int(int64(room) * min(l.Done, l.Total) / l.Total)
	gauge := strings.Repeat("=", full) + strings.Repeat(" ", room-full)
	if full > 0 && full < room {
		gauge = gauge[:full-1] + ">" + gauge[full:]
	}
	return l.name + "  [" + gauge + "]  " + text
}

// rate is how fast bytes have come lately.
type rate struct{ at []sample }

type sample struct {
	when time.Time
	n    int64
}

func (r *rate) add(now time.Time, n int64) {
	if last := len(r.at) - 1; last >= 0 && now.Sub(r.at[last].when) < drawEvery {
		return
	}
	r.at = append(r.at, sample{now, n})
	for len(r.at) > 2 && now.Sub(r.at[1].when) > rateWindow {
		r.at = r.at[1:]
	}
}

// text is the rate, and how long the rest takes at it; nothing before there is anything to
// tell it by.
func (r *rate) text(now time.Time, rest int64) string {
	if len(r.at) < 2 {
		return ""
	}
	first, last := r.at[0], r.at[len(r.at)-1]
	// A connection that stands still slows down on the screen.
	perSecond := float64(last.n-first.n) / max(now.Sub(first.when), drawEvery).Seconds()
	if perSecond < 1 {
		return ", 0B/s"
	}
	s := ", " + image.SizeText(int64(perSecond)) + "/s"
	if left := time.Duration(float64(rest) / perSecond * float64(time.Second)); left >= time.Second && left < 24*time.Hour {
		s += ", " + left.Round(time.Second).String() + " left"
	}
	return s
}

// terminalWidth is in columns, or 0 if f is no terminal.
func terminalWidth(f *os.File) int {
	ws, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	if ws.Col == 0 { // it is one, and does not know
		return 80
	}
	return int(ws.Col)
}
