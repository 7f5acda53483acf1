//go:build linux

package kernel

import "github.com/weir-dev/weir/seccomp"

// An Answer is what is known about a feature of the kernel.
type Answer uint8

const (
	Unknown Answer = iota // it could not be found out
	No
	Yes
)

func (a Answer) String() string { return [...]string{"unknown", "no", "yes"}[a] }

// MarshalText makes the answer "yes", "no" or "unknown" in JSON.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Support is what a kernel has of seccomp.
type Support struct {
	Release  string    `json:"release"`      // what uname -r prints
	Arch     string    `json:"architecture"` // the native one, such as x86_64
	Features []Feature `json:"features"`     // on one architecture always the same ones, in the same order
}

// A Feature is one thing that the kernel has or has not.
type Feature struct {
	Group string `json:"group"` // a heading
	Key   Key    `json:"key"`
	Name  string `json:"name"`            // as the kernel, or a profile, spells it
	Since string `json:"since,omitempty"` // the first Linux with it
	Has   Answer `json:"has"`
	How   string `json:"how"`   // how the answer was found
	Gives string `json:"gives"` // what weir does with it
}

// A Key names a feature. Keys never change.
type Key string

// The features that weir asks for by name. There are more: "action." with the
// kernel's name of each action, "flag." with that of each flag, and "arch."
// with the name of the native architecture and those beside it.
const (
	KeyConfig       Key = "config.seccomp"
	KeyConfigFilter Key = "config.filter"
	KeyFilter       Key = "filter"
	KeySyscall      Key = "syscall"
	KeyListener     Key = "notify.listener"
	KeyContinue     Key = "notify.continue"
	KeyAddFD        Key = "notify.addfd"
	KeyAddFDSend    Key = "notify.addfd_send"
	KeySyncWakeUp   Key = "notify.sync_wakeup"
	KeyReadBack     Key = "readback"
	KeyBitmap       Key = "bitmap"
	KeyLog          Key = "log"
)

// KeyArch returns the key of an architecture.
func KeyArch(a seccomp.Arch) Key { return Key("arch." + a.Name()) }

// Has returns what is known about a feature, Unknown for a key that is none.
func (s Support) Has(k Key) Answer {
	for _, f := range s.Features {
		if f.Key == k {
			return f.Has
		}
	}
	return Unknown
}

// Confines says whether weir can confine containers on this kernel: whether it
// filters system calls, and takes filters in the way that weir attaches them.
func (s Support) Confines() Answer {
	filter, syscall := s.Has(KeyFilter), s.Has(KeySyscall)
	switch {
	case filter == No || syscall == No:
		return No
	case filter == Yes && syscall == Yes:
		return Yes
	}
	return Unknown
}
