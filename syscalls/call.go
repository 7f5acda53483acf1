package syscalls

import (
	"iter"

	"github.com/weir-dev/weir/seccomp"
)

//go:generate go run ../internal/cmd/gensyscalls -C ..

// A Call is the name of a system call, on whatever architecture. The zero Call
// is none. Calls are in the order of their names; their values change from
// release to release and mean nothing outside of the process.
type Call uint16

// Lookup returns the call of a name, exactly as the kernel's tables spell it:
// openat, newfstatat, _newselect.
func Lookup(name string) (Call, bool) {
	h := hash(name)
	c := slots[slot(h, multipliers[h%buckets])]
	if c == 0 || names[nameEnd[c-1]:nameEnd[c]] != name {
		return 0, false
	}
	return c, true
}

// String returns the name, empty for the zero Call.
func (c Call) String() string {
	if !c.valid() {
		return ""
	}
	return names[nameEnd[c-1]:nameEnd[c]]
}

// Count returns how many names there are.
func Count() int { return count }

// Calls iterates over every call, in the order of the names.
func Calls() iter.Seq[Call] {
	return func(yield func(Call) bool) {
		for c := Call(1); c.valid(); c++ {
			if !yield(c) {
				return
			}
		}
	}
}

func (c Call) valid() bool { return c != 0 && c <= count }

// Nr returns the number of the call as the kernel of the architecture shows it
// to a filter: with bit 30 on x32, from 4000, 5000 or 6000 on MIPS. Where a
// call has left the kernel it is the number that it had, which is not given to
// another.
func (c Call) Nr(a seccomp.Arch) (seccomp.Nr, bool) {
	if !c.valid() || !a.Valid() {
		return 0, false
	}
	nr := numbers[abiOf[a]][c]
	if nr < 0 {
		return 0, false
	}
	return seccomp.Nr(nr), true
}

// At returns the call that has the number on the architecture.
func At(a seccomp.Arch, nr seccomp.Nr) (Call, bool) {
	on := sorted(a)
	for len(on) > 0 {
		c := on[len(on)/2]
		switch n := seccomp.Nr(numbers[abiOf[a]][c]); {
		case n == nr:
			return c, true
		case n < nr:
			on = on[len(on)/2+1:]
		default:
			on = on[:len(on)/2]
		}
	}
	return 0, false
}

// On returns the calls of the architecture, in the order of their numbers.
func On(a seccomp.Arch) []Call {
	return append([]Call(nil), sorted(a)...)
}

// sorted is On without the copy.
func sorted(a seccomp.Arch) []Call {
	if !a.Valid() {
		return nil
	}
	i := abiOf[a]
	return byNumber[abiStart[i]:abiStart[i+1]]
}
