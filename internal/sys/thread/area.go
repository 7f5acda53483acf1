//go:build linux

package thread

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// An Area is a shared file with a page at its start and a script behind it: what the
// process of package first is given. That one has it mapped at AreaBase.
type Area struct {
	fd   int
	b    []byte // AreaSize bytes, of which the file has size
	size int
	used int
}

// AreaBase and AreaSize are where the process of package first maps its area, and how
// much of it: what execve takes of arguments and environment fits. It counts each with its
// NUL and its address, 6 MiB of them; here a string of one byte takes up eight, and has
// another address for the reaper: 24 bytes for 10.
const (
	AreaBase = 0x20000000
	AreaSize = 16 << 20
)

// NewArea maps an empty file as an area.
func NewArea(fd int) (*Area, error) {
	b, err := unix.Mmap(fd, 0, AreaSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	a := &Area{fd: fd, b: b}
	if _, _, err := a.alloc(PageSize); err != nil {
		a.Unmap()
		return nil, err
	}
	return a, nil
}

// Page is the page of the area.
func (a *Area) Page() *Page { return (*Page)(unsafe.Pointer(&a.b[0])) }

// Script returns an empty script for the process that has the area. It is the only one.
func (a *Area) Script() *Script { return newScript(a, AreaBase) }

// Unmap ends the mapping; nothing of the area is to be used after it.
func (a *Area) Unmap() error { return unix.Munmap(a.b) }

func (a *Area) alloc(n int) ([]byte, uintptr, error) {
	const step = 64 << 10
	start := (a.used + 7) &^ 7
	if n > AreaSize-start {
		return nil, 0, unix.E2BIG
	}
	if end := start + n; end > a.size {
		size := min((end+step-1)&^(step-1), AreaSize)
		if err := unix.Ftruncate(a.fd, int64(size)); err != nil {
			return nil, 0, err
		}
		a.size = size
	}
	a.used = start + n
	return a.b[start:a.used:a.used], AreaBase + uintptr(start), nil
}
