package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/layer"
	"github.com/weir-dev/weir/internal/image/transfer"
	"github.com/weir-dev/weir/internal/registry"
)

// A progress shows layers as they arrive: one line for each that is done, and on a
// terminal below them what is under way.
type progress struct {
	w     io.Writer
	quiet bool
	local bool // there is no news in a layer that is here

	mu     sync.Mutex
	bars   *bars // nil unless w is a terminal
	end    chan struct{}
	unlike layer.Result // how far what was unpacked is unlike what the layers say
}

func newProgress(w io.Writer, quiet bool) *progress {
	p := &progress{w: w, quiet: quiet, end: make(chan struct{})}
	if f, ok := w.(*os.File); ok && !quiet && terminalWidth(f) > 0 && os.Getenv("TERM") != "dumb" {
		p.bars = &bars{f: f}
		go p.tick()
	}
	return p
}

// tick shows that time passes also when nothing else happens.
func (p *progress) tick() {
	for {
		select {
		case <-p.end:
			return
		case <-time.After(2 * drawEvery):
			p.mu.Lock()
			if p.bars != nil {
				p.bars.draw()
			}
			p.mu.Unlock()
		}
	}
}

func (p *progress) options() transfer.Options {
	return transfer.Options{Progress: p.layer, Unpacked: p.unpacked, Registry: p.registry()}
}

func (p *progress) registry() registry.Options { return registry.Options{Notice: p.notice} }

func (p *progress) layer(l transfer.Progress) {
	name := l.Layer
	if d, err := image.ParseDigest(name); err == nil {
		name = d.Short()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bars != nil {
		p.bars.update(name, l)
	}
	switch {
	case l.State == transfer.Present && p.local:
	case l.State == transfer.Present:
		p.line("%s: already here", name)
	case l.State == transfer.Unpacked && l.Kept > 0:
		p.line("%s: unpacked, %s, of which %s were here from before", name, image.SizeText(l.Total), image.SizeText(l.Kept))
	case l.State == transfer.Unpacked:
		p.line("%s: unpacked, %s", name, image.SizeText(l.Total))
	case p.bars != nil:
		p.bars.draw()
	}
}

// notice says why something takes longer.
func (p *progress) notice(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("%s", text)
}

func (p *progress) line(format string, args ...any) {
	if p.quiet {
		return
	}
	if p.bars != nil {
		p.bars.clear()
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

func (p *progress) unpacked(r layer.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlike.Owners += r.Owners
	p.unlike.Devices += r.Devices
	p.unlike.Attributes += r.Attributes
}

// close removes what is below the lines, and says what could not be kept.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.end)
	if p.bars != nil {
		p.bars.clear()
		p.bars = nil
	}
	if n := p.unlike.Owners; n > 0 {
		fmt.Fprintf(p.w, "weir: note: %s given to root, as you have no ids for the owners\n", count(n, "file was", "files were"))
		fmt.Fprintln(p.w, "hint: install newuidmap (package uidmap) and have lines for you in /etc/subuid and /etc/subgid; weir check shows what is there")
	}
	if n := p.unlike.Devices; n > 0 {
		fmt.Fprintf(p.w, "weir: note: %s left out, which take root to make\n", count(n, "device node was", "device nodes were"))
	}
	if n := p.unlike.Attributes; n > 0 {
		fmt.Fprintf(p.w, "weir: note: %s left out, which take root to set\n", count(n, "extended attribute was", "extended attributes were"))
	}
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
