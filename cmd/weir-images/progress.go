package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
)

// A progress shows layers as they arrive: a line that is redrawn on a terminal,
// one line for each finished layer elsewhere.
type progress struct {
	w        io.Writer
	terminal bool

	mu     sync.Mutex
	drawn  time.Time
	open   bool // the last line has no end yet
	before map[string]bool
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && isTerminal(f), before: make(map[string]bool)}
}

func (p *progress) options() transfer.Options {
	return transfer.Options{Progress: p.layer}
}

func (p *progress) layer(name string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name = shortDigest(name)
	switch {
	case p.before[name]:
	case total == 0:
		p.line("%s: already here", name)
		p.before[name] = true
	case done >= total:
		p.line("%s: unpacked, %s", name, image.SizeText(total))
		p.before[name] = true
	case p.terminal && time.Since(p.drawn) > 100*time.Millisecond:
		p.drawn = time.Now()
		p.open = true
		fmt.Fprintf(p.w, "\r\x1b[K%s: %s of %s, %d %%", name, image.SizeText(done), image.SizeText(total), 100*done/total)
	}
}

func (p *progress) line(format string, args ...any) {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// close ends a line that was left open.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func shortDigest(s string) string {
	d, err := image.ParseDigest(s)
	if err != nil {
		return s
	}
	return d.Short()
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
