//go:build linux

package kerneltest

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// A Page is memory that the test shares with its child, for one result a call:
// the one way of telling that no filter can deny. A result is four words, the
// End last, because it says that the others are there.
type Page struct {
	file *os.File
	mem  []byte
}

const resultSize = 4 * 8

// NewPage makes a page for n results.
func NewPage(n int) (*Page, error) {
	fd, err := unix.MemfdCreate("results", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "results")
	if err := f.Truncate(int64(max(n, 1) * resultSize)); err != nil {
		f.Close()
		return nil, err
	}
	return MapPage(f)
}

// MapPage maps the page in a file that NewPage made.
func MapPage(f *os.File) (*Page, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return &Page{f, mem}, err
}

// Close gives the page back.
func (p *Page) Close() {
	unix.Munmap(p.mem)
	p.file.Close()
}

// Put stores the result of call i, with stores into memory alone.
func (p *Page) Put(i int, r Result) {
	at := p.mem[i*resultSize:][:resultSize]
	binary.NativeEndian.PutUint64(at, r.Value)
	binary.NativeEndian.PutUint64(at[8:], uint64(r.Errno))
	binary.NativeEndian.PutUint64(at[16:], uint64(r.Signal))
	binary.NativeEndian.PutUint64(at[24:], uint64(r.End))
}

// Get returns the result of call i.
func (p *Page) Get(i int) Result {
	at := p.mem[i*resultSize:][:resultSize]
	return Result{
		Value:  binary.NativeEndian.Uint64(at),
		Errno:  unix.Errno(binary.NativeEndian.Uint64(at[8:])),
		Signal: unix.Signal(binary.NativeEndian.Uint64(at[16:])),
		End:    End(binary.NativeEndian.Uint64(at[24:])),
	}
}

// made returns the results from the given one up to the first that is missing.
func (p *Page) made(from int) []Result {
	var results []Result
	for i := from; i < len(p.mem)/resultSize && p.Get(i).End != Unmade; i++ {
		results = append(results, p.Get(i))
	}
	return results
}
