//go:build linux

package thread

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Script is a list of system calls for a process to make, laid out in memory
// beforehand: the process needs nothing else, neither a stack nor Go's runtime. It
// makes them in order and ends at the first that fails; the last is execve.
//
// Either the process that writes it runs it, with [Script.Run] and [Script.Become], or
// the one that package first starts, which has its [Area] mapped elsewhere. The
// addresses in it are those of whoever runs it.
type Script struct {
	page  uintptr // for whoever runs it
	mem   memory
	calls []*call
	where uintptr // of calls, for whoever runs them
	free  []call  // room for more of them
	what  []doing
	err   error
}

// A memory is where a script lies. It gives out room of n bytes, zeroed and aligned to
// 8, and its address for whoever runs the script.
type memory interface {
	alloc(n int) ([]byte, uintptr, error)
}

// own is the memory of a script that its writer runs. Its room stays where it is: Go moves
// nothing but stacks.
type own struct {
	kept [][]uint64
	free []uint64 // of the last one kept
}

func (o *own) alloc(n int) ([]byte, uintptr, error) {
	const chunk = 16 << 10
	words := (n+7)/8 + 1
	if words > len(o.free) {
		o.free = make([]uint64, max(chunk, words))
		o.kept = append(o.kept, o.free)
	}
	first := unsafe.Pointer(&o.free[0])
	o.free = o.free[words:]
	return unsafe.Slice((*byte)(first), n), uintptr(first), nil
}

// NewScript returns an empty script for the calling process, which has the page; nil for
// one that leaves nothing there.
func NewScript(page *Page) *Script { return newScript(&own{}, uintptr(unsafe.Pointer(page))) }

// call is one call as it lies in memory. Package first reads it.
type call struct {
	nr    uint32 // or one of the numbers below
	phase uint8  // of the page, when it fails
	how   uint8
	ok    uint16 // the errno that is no failure; 0 for none
	args  [6]uintptr
	store uintptr // where the result goes to, 32 bits; 0 for nowhere
}

// What is no system call.
const (
	opEnd    = 0xffffffff - iota // of what [Script.Run] runs
	opMark                       // args[1] to the 32 bits at args[0]
	opUnless                     // exit, unless args[1] is what the 32 bits at args[0] are
	opDigits                     // the 32 bits at args[0] in decimal and a NUL to args[1]
)

// How a call is made.
const (
	howSome   = 1 << iota // a result of 0 is a failure
	howBranch             // a result of 0 goes on at the call args[5]
	howAgain              // ok: make it once more
	howIgnore             // no failure ends it
	howFrom               // the first argument is the 32 bits at args[0]
)

// maxCalls is how many calls a script may have.
const maxCalls = 512

type doing struct {
	text    string
	explain func(error) error
}

func newScript(m memory, page uintptr) *Script {
	s := &Script{mem: m, page: page}
	b, where, err := m.alloc(maxCalls * int(unsafe.Sizeof(call{})))
	s.where, s.err = where, err
	if err == nil {
		s.free = unsafe.Slice((*call)(unsafe.Pointer(&b[0])), maxCalls)
	}
	return s
}

var (
	errCalls = errors.New("more calls than a script has room for")
	errNUL   = errors.New("a string with a NUL byte in it")
)

// Err returns what went wrong when the script was written.
func (s *Script) Err() error { return s.err }

// A Call is a call of a script that is being written.
type Call struct {
	s *Script
	c *call
}

// Call adds a system call. What it does is for the error of its failure.
func (s *Script) Call(what string, nr uintptr, args ...uintptr) Call {
	if len(s.calls) == len(s.free) && s.err == nil {
		s.err = errCalls
	}
	c := &call{}
	if s.err == nil {
		c = &s.free[len(s.calls)]
	}
	c.nr, c.phase = uint32(nr), uint8(PhaseCallFailed)
	copy(c.args[:], args)
	s.calls = append(s.calls, c)
	s.what = append(s.what, doing{text: what})
	return Call{s, c}
}

// In has a failure leave a phase of its own in the page.
func (c Call) In(p Phase) Call { c.c.phase = uint8(p); return c }

// Some makes a result of 0 a failure: the end of a file.
func (c Call) Some() Call { c.c.how |= howSome; return c }

// Tolerate makes an errno a success.
func (c Call) Tolerate(e unix.Errno) Call { c.c.ok = uint16(e); return c }

// Again has the call made once more as long as it fails with an errno.
func (c Call) Again(e unix.Errno) Call { c.c.how |= howAgain; return c.Tolerate(e) }

// Ignore makes every failure a success.
func (c Call) Ignore() Call { c.c.how |= howIgnore; return c }

// From has the first argument taken from an address when the call is made.
func (c Call) From(a uintptr) Call { c.c.how |= howFrom; c.c.args[0] = a; return c }

// Explain gives the error of a failure another text.
func (c Call) Explain(f func(error) error) Call { c.s.what[len(c.s.what)-1].explain = f; return c }

// Result keeps the result of the call, and returns the address where.
func (c Call) Result() uintptr {
	_, a := c.s.Room(4)
	c.Store(a)
	return a
}

// Store keeps the result of the call, 32 bits, at an address.
func (c Call) Store(a uintptr) { c.c.store = a }

// Branch has the call go on at the next one of [Script.Land] if its result is 0: as
// the child of a fork.
func (c Call) Branch() Call { c.c.how |= howBranch; return c }

// Land is where the call of a branch goes on.
func (s *Script) Land(c Call) { c.c.args[5] = s.where + uintptr(len(s.calls))*unsafe.Sizeof(call{}) }

// Room returns zeroed memory, and its address for whoever runs the script.
func (s *Script) Room(n int) ([]byte, uintptr) {
	if s.err == nil {
		b, a, err := s.mem.alloc(n)
		if err == nil {
			return b, a
		}
		s.err = err
	}
	return make([]byte, n), 0
}

// Bytes lays out bytes and returns their address.
func (s *Script) Bytes(b []byte) uintptr {
	room, a := s.Room(len(b))
	copy(room, b)
	return a
}

// String lays out a string and the NUL behind it.
func (s *Script) String(text string) uintptr {
	for i := range len(text) {
		if text[i] == 0 && s.err == nil {
			s.err = errNUL
		}
	}
	b, a := s.Room(len(text) + 1)
	copy(b, text)
	return a
}

// Words lays out numbers of the size of an address.
func (s *Script) Words(w ...uintptr) uintptr {
	if len(w) == 0 {
		return 0
	}
	return s.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), len(w)*int(unsafe.Sizeof(w[0]))))
}

// Words64 lays out numbers of 64 bits.
func (s *Script) Words64(w ...uint64) uintptr {
	return s.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), 8*len(w)))
}

// Each lays out strings, and returns their addresses with a zero behind them.
func (s *Script) Each(list []string) []uintptr {
	w := make([]uintptr, len(list)+1)
	for i, text := range list {
		w[i] = s.String(text)
	}
	return w
}

// Strings lays out strings, their addresses, and a zero behind those: argv, envp.
func (s *Script) Strings(list []string) uintptr { return s.Words(s.Each(list)...) }

// Mark adds a note in the page of how far the process has come.
func (s *Script) Mark(p Phase) {
	s.Call("", opMark, s.page+unsafe.Offsetof(Page{}.phase), uintptr(p))
}

// Unless adds an exit, unless the process has come as far as p.
func (s *Script) Unless(p Phase) {
	s.Call("", opUnless, s.page+unsafe.Offsetof(Page{}.phase), uintptr(p))
}

// Digits adds the number at an address, in decimal, to a place with room for eleven bytes.
func (s *Script) Digits(from, to uintptr) { s.Call("", opDigits, from, to) }

// End ends what [Script.Run] runs.
func (s *Script) End() { s.Call("", opEnd) }

// Failure returns the error of the call at index i, which is the page's or Run's.
func (s *Script) Failure(i int, errno unix.Errno) error {
	if i < 0 || i >= len(s.what) {
		return errno
	}
	var err error = errno
	if errno == 0 {
		err = errors.New("the launcher has died")
	}
	w := s.what[i]
	if w.explain != nil {
		err = w.explain(err)
	}
	if w.text == "" {
		return err
	}
	return errors.New(w.text + ": " + err.Error())
}

// Run makes the calls from the start to the first End in the calling thread, which the
// caller has locked. It returns the error of the one that failed.
func (s *Script) Run() error {
	if s.err != nil {
		return s.err
	}
	if failed, errno := run(s.calls[0]); failed != nil {
		return s.Failure(s.index(failed), errno)
	}
	return nil
}

// Become makes the calls from the first one on and does not return: the last of them is
// execve. What fails is left in the page, with no system call, for the filter may allow
// none; then the process exits, and if the filter denies even that, it traps.
//
// The caller has locked the thread. From here on nothing is allocated and no handler of
// Go's runtime runs.
func (s *Script) Become(page *Page) {
	if s.err != nil {
		page.Fail(0, s.err.Error())
		unix.Exit(1)
	}
	become(s.calls[0], page)
}

func (s *Script) index(c *call) int {
	return int((uintptr(unsafe.Pointer(c)) - uintptr(unsafe.Pointer(&s.free[0]))) / unsafe.Sizeof(*c))
}
