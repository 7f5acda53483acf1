//go:build linux

package call

// Int80 makes a system call of i386 from a 64-bit process: int 0x80, with i386's
// numbers. The result is the kernel's word: above 0xfffff000 it is a negated
// errno. Pointers must lie below 4 GiB. On a kernel without IA32 emulation
// the instruction raises SIGSEGV.
//
// The call is raw and the frame pointer holds the sixth argument meanwhile, so
// it should be one that does not block.
//
//go:noescape
func Int80(nr uint32, args *[6]uint32) uint32
