//go:build linux

package thread

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// run makes calls until one fails, which it returns, or until an end. Package first has
// the same in assembly.
//
//go:nosplit
//go:norace
func run(c *call) (*call, syscall.Errno) {
	for {
		switch c.nr {
		case opEnd:
			return nil, 0
		case opMark:
			*at(&c.args[0]) = uint32(c.args[1])
		case opUnless:
			if *at(&c.args[0]) != uint32(c.args[1]) {
				exit()
			}
		case opDigits:
			digits(*at(&c.args[0]), &c.args[1])
		default:
			first := c.args[0]
			if c.how&howFrom != 0 {
				first = uintptr(*at(&c.args[0]))
			}
			result, _, errno := syscall.RawSyscall6(uintptr(c.nr), first, c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
			switch {
			case errno != 0 && uint16(errno) == c.ok && c.how&howAgain != 0:
				continue
			case errno != 0 && uint16(errno) != c.ok && c.how&howIgnore == 0:
				return c, errno
			case errno != 0:
			case result == 0 && c.how&howSome != 0:
				return c, 0
			case result == 0 && c.how&howBranch != 0:
				c = *(**call)(unsafe.Pointer(&c.args[5]))
				continue
			case c.store != 0:
				*at(&c.store) = uint32(result)
			}
		}
		c = (*call)(unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c)))
	}
}

// at is the 32 bits at an address.
//
//go:nosplit
func at(address *uintptr) *uint32 { return *(**uint32)(unsafe.Pointer(address)) }

//go:nosplit
//go:norace
func digits(n uint32, to *uintptr) {
	count := 1
	for m := n; m >= 10; m /= 10 {
		count++
	}
	text := *(*unsafe.Pointer)(unsafe.Pointer(to))
	*(*byte)(unsafe.Add(text, count)) = 0
	for i := count - 1; i >= 0; i-- {
		*(*byte)(unsafe.Add(text, i)) = byte('0' + n%10)
		n /= 10
	}
}

// become makes calls, the last of which does not return.
//
//go:nosplit
//go:norace
func become(c *call, page *Page) {
	failed, errno := run(c)
	page.errno = uint32(errno)
	page.call = uint32((uintptr(unsafe.Pointer(failed)) - uintptr(unsafe.Pointer(c))) / unsafe.Sizeof(*c))
	page.phase = Phase(failed.phase)
	exit()
}

// exit ends a process that may not even be allowed to: then its SIGSEGV, whose action is
// the default by now, cannot be blocked by a filter.
//
//go:nosplit
//go:norace
func exit() {
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	var nowhere *uint32
	*nowhere = 0
}
