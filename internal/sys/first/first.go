//go:build linux && (amd64 || arm64)

package first

import (
	"encoding/binary"
	"unsafe"
)

// Exists tells whether there is the program for this processor.
const Exists = true

// text returns where the program is in the memory of this process, in which it is never
// executed. It does not depend on where it lies.
func text() (start, end uintptr)

// vaddr is where the program is mapped: the lowest address that the kernel gives to a
// process, on a page of any size. The area of the script lies above.
const vaddr = 0x10000

// ELF returns the program as an executable file, static and without sections.
func ELF() []byte {
	start, end := text()
	code := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&start))), end-start)
	const ehdr, phdr = 64, 56
	const headers = ehdr + 2*phdr
	le := binary.LittleEndian
	b := make([]byte, 0, headers+len(code))
	// Elf64_Ehdr: 64 bits, little-endian, no ABI of its own.
	b = append(b, 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint16(b, 2)             // ET_EXEC
	b = le.AppendUint16(b, machine)       //
	b = le.AppendUint32(b, 1)             // version
	b = le.AppendUint64(b, vaddr+headers) // entry
	b = le.AppendUint64(b, ehdr)          // program headers
	b = le.AppendUint64(b, 0)             // no section headers
	b = le.AppendUint32(b, 0)             // flags
	for _, n := range []uint16{ehdr, phdr, 2, 0, 0, 0} {
		b = le.AppendUint16(b, n)
	}
	segment := func(kind, flags uint32, address, size, align uint64) {
		b = le.AppendUint32(b, kind)
		b = le.AppendUint32(b, flags)
		for _, n := range []uint64{0, address, address, size, size, align} {
			b = le.AppendUint64(b, n)
		}
	}
	const x, w, r = 1, 2, 4
	segment(1, r|x, vaddr, uint64(cap(b)), vaddr) // PT_LOAD: all of the file
	segment(0x6474e551, r|w, 0, 0, 16)            // PT_GNU_STACK: not to be executed
	return append(b, code...)
}
