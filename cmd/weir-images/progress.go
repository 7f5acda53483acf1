package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/weir-dev/weir/internal/image"
	"github.com/weir-dev/weir/internal/image/transfer"
	"github.com/weir-dev/weir/internal/registry"
)

// A progress shows layers as they arrive: one line for each that is done, and on a
// terminal below them what is under way.
type progress struct {
	w     io.Writer
	quiet bool
	local bool // there is no news in a layer that is here

	mu   sync.Mutex
	bars *bars // nil unless w is a terminal
	end  chan struct{}
}

func newProgress(w io.Writer, quiet bool) *progress {
	p := &progress{w: w, quiet: quiet, end: make(chan struct{})}
	if f, ok := w.(*os.File); ok && !quiet && terminalWidth(f) > 0 {
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
	return transfer.Options{Progress: p.layer, Registry: p.registry()}
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

// close removes what is below the lines.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.end)
	if p.bars != nil {
		p.bars.clear()
		p.bars = nil
	}
}
