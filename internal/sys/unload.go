package sys

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Unload takes the pages of b out of the process's memory. They are pages of the
// executable, such as those of an embedded file, that nobody has written to: they come
// back from there when they are read again. Of any other memory it would lose the
// contents. madvise(2), MADV_DONTNEED.
func Unload(b []byte) {
	size := uintptr(os.Getpagesize())
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	before := -start & (size - 1) // what shares the first page with others
	if uintptr(len(b)) < before+size {
		return
	}
	whole := (uintptr(len(b)) - before) &^ (size - 1)
	unix.Madvise(b[before:before+whole], unix.MADV_DONTNEED) // it only saves memory
}
