package calls

import (
	"slices"

	"github.com/weir-dev/weir/syscalls"
)

// A Door is another call through which the same act goes.
type Door struct {
	Call syscalls.Call
	How  string // what it does of the act

	// Same says that it takes the same arguments in the same places, or is the
	// call itself under the name of another ABI.
	Same bool
}

// Doors returns the other calls through which what a call does can be done. Its
// own number on another ABI is not among them, nor are socketcall and ipc: see
// [syscalls.Call.Multiplexed].
func Doors(c syscalls.Call) []Door {
	var found []Door
	name := c.String()
	for _, f := range families {
		if slices.ContainsFunc(f.calls, func(m member) bool { return m.call == name }) {
			found = f.others(found, name)
		}
	}
	for _, op := range ringOps {
		if op.call == name {
			setup, _ := syscalls.Lookup("io_uring_setup")
			found = append(found, Door{Call: setup, How: "its " + op.op + " does it, and no filter sees that"})
		}
	}
	return found
}

// others appends the members of the family but one, and those that are there
// already.
func (f *family) others(found []Door, name string) []Door {
	for _, m := range f.calls {
		call, ok := syscalls.Lookup(m.call)
		if !ok || m.call == name {
			continue
		}
		if i := slices.IndexFunc(found, func(d Door) bool { return d.Call == call }); i >= 0 {
			found[i].Same = found[i].Same || f.same
			continue
		}
		found = append(found, Door{Call: call, How: m.how, Same: f.same})
	}
	return found
}
