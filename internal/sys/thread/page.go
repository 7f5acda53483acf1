//go:build linux

package thread

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageSize is how much of a shared file a [Page] takes up, from its start.
const PageSize = 4096

// A Page is memory that two processes share: a container's first one leaves word in it of
// how far it came, where the launcher reads it once the process has ended. A
// store into memory is the one way of telling that no filter can deny. execve
// removes the mapping, so the program of the container never sees it.
type Page struct {
	phase Phase
	errno uint32
	kind  uint32
	size  uint32
	call  uint32
	_     uint32
	times [stages]int64
	text  [PageSize - 24 - 8*int(stages)]byte
}

var _ [PageSize]byte = [unsafe.Sizeof(Page{})]byte{}

// A Phase is how far the process came.
type Phase uint32

// The phases. The page of a process that became the program stays at PhaseExec.
const (
	PhaseSetup         Phase = iota // setting up the container
	PhaseSetupFailed                // Failure says at what
	PhaseCallFailed                 // Refused says which call of the script, and why
	PhaseExec                       // about to attach the filter and execute the program, or past it
	PhaseFilterRefused              // the kernel refused the filter; Errno says why
	PhaseExecFailed                 // the kernel, or the filter, refused execve; Errno says why
	PhaseLimitRefused               // a limit that is set last was refused; Errno says why
	PhaseForkFailed                 // there was no child for the program; Errno says why
)

// A Stage is a part of the setup that takes time of its own.
type Stage int

// The stages. Of each the page has the time at which it was over.
const (
	StageStart Stage = iota // entering the namespaces, or starting weir-init
	StageRoot               // mounting the root file system and entering it
	StageMount              // all other mounts, devices and masks
	StageReady              // user, program, and the script that is left
	stages
)

// Reach records that a stage is over.
func (p *Page) Reach(s Stage) { p.times[s] = Now() }

// Reached returns when a stage was over, by the clock of [Now]; 0 if it never was.
func (p *Page) Reached(s Stage) int64 { return p.times[s] }

// Now is the kernel's monotonic clock, which two processes share, in nanoseconds.
func Now() int64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // it has this clock
	return ts.Nano()
}

// MapPage maps the first PageSize bytes of fd, a file of at least that size. The
// mapping lasts until execve or [Page.Unmap].
func MapPage(fd int) (*Page, error) {
	b, err := unix.Mmap(fd, 0, PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*Page)(unsafe.Pointer(&b[0])), nil
}

// Unmap ends the mapping; p is not to be used after it.
func (p *Page) Unmap() error {
	return unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(p)), PageSize))
}

// Fail records a failure: a kind, which only the two sides understand, and a
// text, of which what fits is kept.
func (p *Page) Fail(kind uint32, text string) {
	p.kind = kind
	p.size = uint32(copy(p.text[:], text))
	atomic.StoreUint32((*uint32)(&p.phase), uint32(PhaseSetupFailed))
}

// Phase returns how far the other side has come.
func (p *Page) Phase() Phase { return Phase(atomic.LoadUint32((*uint32)(&p.phase))) }

// Errno returns why the filter or execve was refused.
func (p *Page) Errno() unix.Errno { return unix.Errno(atomic.LoadUint32(&p.errno)) }

// Refused returns the index of the call of the script that failed, and why.
func (p *Page) Refused() (int, unix.Errno) { return int(atomic.LoadUint32(&p.call)), p.Errno() }

// Failure returns what Fail recorded.
func (p *Page) Failure() (kind uint32, text string) {
	return p.kind, string(p.text[:min(int(p.size), len(p.text))])
}
