//go:build linux

package kerneltest

import (
	"os"
	"sync/atomic"
	"unsafe"

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

// Words returns the results as words: value, errno, signal and, last to be
// written, the End.
func (p *Page) Words() [][4]uint64 {
	return unsafe.Slice((*[4]uint64)(unsafe.Pointer(&p.mem[0])), len(p.mem)/resultSize)
}

// Put stores the result of call i.
func (p *Page) Put(i int, r Result) {
	w := &p.Words()[i]
	w[0], w[1], w[2] = r.Value, uint64(r.Errno), uint64(r.Signal)
	atomic.StoreUint64(&w[3], uint64(r.End))
}

// Get returns the result of call i.
func (p *Page) Get(i int) Result {
	w := &p.Words()[i]
	end := atomic.LoadUint64(&w[3])
	return Result{End(end), w[0], unix.Errno(w[1]), unix.Signal(w[2])}
}

// made returns the results from the given one up to the first that is missing.
func (p *Page) made(from int) []Result {
	var results []Result
	for i := from; i < len(p.mem)/resultSize && p.Get(i).End != Unmade; i++ {
		results = append(results, p.Get(i))
	}
	return results
}
