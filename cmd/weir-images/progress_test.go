package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/containerd/console"

	"github.com/weir-dev/weir/internal/image/transfer"
)

const digest = "sha256:0123456789ab0000000000000000000000000000000000000000000000000000"

func TestElsewhereThanOnATerminalThereIsALineForEachLayer(t *testing.T) {
	for _, c := range []struct {
		name         string
		quiet, local bool
		want         string
	}{
		{"", false, false, "0123456789ab: unpacked, 2MB\nx: unpacked, 3MB, of which 1MB were here from before\ny: already here\nregistry: busy\n"},
		{"quiet", true, false, ""},
		{"of an archive", false, true, "0123456789ab: unpacked, 2MB\nx: unpacked, 3MB, of which 1MB were here from before\nregistry: busy\n"},
	} {
		var out bytes.Buffer
		p := newProgress(&out, c.quiet)
		p.local = c.local
		p.layer(transfer.Progress{Layer: digest, Total: 2e6})
		p.layer(transfer.Progress{Layer: digest, State: transfer.Reading, Done: 1e6, Total: 2e6})
		p.layer(transfer.Progress{Layer: digest, State: transfer.Unpacked, Done: 2e6, Total: 2e6})
		p.layer(transfer.Progress{Layer: "x", State: transfer.Unpacked, Done: 3e6, Kept: 1e6, Total: 3e6})
		p.layer(transfer.Progress{Layer: "y", State: transfer.Present, Total: 3e6})
		p.notice("registry: busy")
		p.close()
		if out.String() != c.want {
			t.Errorf("%s: got %q", c.name, out.String())
		}
	}
}

// screen is as much of a terminal as bars use.
type screen struct {
	lines    []string
	row, col int
}

func (s *screen) write(text string) {
	for len(text) > 0 {
		for len(s.lines) <= s.row {
			s.lines = append(s.lines, "")
		}
		var up int
		switch {
		case strings.HasPrefix(text, "\x1b[K"):
			s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
			s.lines = s.lines[:s.row+1]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			fmt.Sscanf(text, "\x1b[%dA", &up)
			s.row -= up
			text = text[strings.IndexByte(text, 'A')+1:]
		case text[0] == '\r':
			s.col = 0
			text = text[1:]
		case text[0] == '\n':
			s.row, s.col = s.row+1, 0
			text = text[1:]
		default:
			s.lines[s.row] = s.lines[s.row][:s.col] + text[:1] + s.lines[s.row][min(s.col+1, len(s.lines[s.row])):]
			s.col++
			text = text[1:]
		}
	}
}

func TestOnATerminalBarsStandBelowTheLines(t *testing.T) {
	t.Setenv("TERM", "xterm")
	pty, name, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	tty, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Resize(console.WinSize{Width: 90, Height: 10}); err != nil {
		t.Fatal(err)
	}
	written := make(chan string)
	go func() {
		var all bytes.Buffer
		buf := make([]byte, 4096)
		for {
			n, err := pty.Read(buf)
			all.Write(buf[:n])
			if err != nil { // the other end is closed
				written <- all.String()
				return
			}
		}
	}()

	p := newProgress(tty, false)
	show := func(l transfer.Progress) {
		p.mu.Lock()
		p.bars.drawn = time.Time{} // as if time had passed
		p.mu.Unlock()
		p.layer(l)
	}
	show(transfer.Progress{Layer: "a", Total: 4e6})
	show(transfer.Progress{Layer: "b", Total: 6e6})
	show(transfer.Progress{Layer: "a", State: transfer.Reading, Done: 1e6, Total: 4e6})
	show(transfer.Progress{Layer: "a", State: transfer.Unpacked, Done: 4e6, Total: 4e6})
	show(transfer.Progress{Layer: "b", State: transfer.Reading, Done: 3e6, Total: 6e6})
	p.mu.Lock()
	tty.WriteString("MARK")
	p.mu.Unlock()
	p.close()
	tty.Close()
	all := strings.ReplaceAll(<-written, "\r\n", "\n")

	before, after, ok := strings.Cut(all, "MARK")
	if !ok {
		t.Fatalf("got %q", all)
	}
	var s screen
	s.write(before)
	if len(s.lines) < 3 || s.lines[0] != "a: unpacked, 4MB" ||
		!strings.HasPrefix(s.lines[1], "b  [====") || !strings.Contains(s.lines[1], ">     ") || !strings.Contains(s.lines[1], "]     3MB of    6MB") ||
		!strings.HasPrefix(s.lines[2], "1 of 2 layers, 7MB of 10MB") {
		t.Errorf("the screen is\n%s", strings.Join(s.lines, "\n"))
	}
	s.write(after)
	if got := strings.TrimRight(strings.Join(s.lines, "\n"), "\n"); got != "a: unpacked, 4MB" {
		t.Errorf("in the end the screen is\n%s", got)
	}
}

func TestHowFastBytesCame(t *testing.T) {
	var r rate
	at := func(seconds float64) time.Time { return time.Unix(0, int64(seconds*1e9)) }
	if got := r.text(at(0), 1e6); got != "" {
		t.Errorf("before anything came: %q", got)
	}
	for i := range 100 { // 1 MB/s
		r.add(at(float64(i)/10), int64(i)*1e5)
	}
	if got := r.text(at(9.9), 5e6); got != ", 1MB/s, 5s left" {
		t.Errorf("got %q", got)
	}
	if got := r.text(at(9.9), 5e5); got != ", 1MB/s" {
		t.Errorf("near the end: got %q", got)
	}
	if got := r.text(at(15.9), 5e6); got != ", 341kB/s, 15s left" {
		t.Errorf("when nothing came for 6 seconds: got %q", got)
	}
	if len(r.at) > 40 {
		t.Errorf("%d samples are kept", len(r.at))
	}
}

func TestLinesFitTheTerminal(t *testing.T) {
	b := bar{name: "0123456789ab", Progress: transfer.Progress{State: transfer.Reading, Done: 123_000, Total: 456_000_000}}
	for width := range 200 {
		if line := b.line(time.Now(), width); strings.Contains(line, "[") && len(line) >= width {
			t.Errorf("%d columns: %q", width, line)
		}
	}
	for done, want := range map[int64]string{0: "[     ", 456_000_000: "finishing"} {
		b.Done = done
		if line := b.line(time.Now(), 120); !strings.Contains(line, want) {
			t.Errorf("%d: %q", done, line)
		}
	}
}
