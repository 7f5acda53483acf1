package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// checkDoors finds denials that the author wrote and that another call goes
// round. ENOSYS is no denial but an invitation to fall back, and what the
// default action denies nobody has named.
func (c *checker) checkDoors() {
	type subject struct {
		call     syscalls.Call
		withArgs bool
	}
	known := make(map[subject][]string)
	for _, i := range c.rules {
		r := &c.profile.Rules[i]
		if !denies(r.Return) || c.fallsBack(r.Return) {
			continue
		}
		for j, n := range r.Names {
			call, _ := syscalls.Lookup(n.Text)
			open, ok := known[subject{call, len(r.Args) > 0}]
			if !ok {
				for _, a := range c.archs {
					open = c.openDoors(open, r, call, a)
				}
				known[subject{call, len(r.Args) > 0}] = open
			}
			if len(open) > 0 {
				c.add(sideDoor, Warning, n.Pos, path(r, fmt.Sprintf(".names[%d]", r.Written(j))), fmt.Sprintf("%s: %v, but %s allowed", n.Text, r.Return, isAre(open)),
					"deny these too, or silence this if the difference is what is meant")
			}
		}
	}
}

// greater are calls that are denied for what their family cannot do; lesser
// ones are those of a family that do harmlessly little of it.
var (
	greater = []string{"open_by_handle_at"}
	lesser  = []string{"fork", "vfork", "adjtimex", "clock_adjtime", "clock_adjtime64"}
)

// openDoors appends the calls that run whatever their arguments and do what the
// denied one does. Where the denial has conditions, only those count that do
// all of it.
func (c *checker) openDoors(open []string, r *profile.Rule, call syscalls.Call, a seccomp.Arch) []string {
	if v, _ := c.verdict(a, call); v == runs {
		return open
	}
	for _, d := range calls.Doors(call) {
		all := d.Same || d.Call.String() == "io_uring_setup"
		partly := len(r.Args) == 0 && !slices.Contains(greater, call.String()) && !slices.Contains(lesser, d.Call.String())
		if v, _ := c.verdict(a, d.Call); v != runs || !all && !partly {
			continue
		}
		// Where only another ABI has the call, its name alone would mislead.
		var about []string
		if _, ok := d.Call.Nr(c.policy.Native); !ok {
			about = append(about, "on "+a.Name())
		}
		if d.How != "" {
			about = append(about, d.How)
		}
		name := d.Call.String()
		if len(about) > 0 {
			name += " (" + strings.Join(about, ": ") + ")"
		}
		if !slices.Contains(open, name) {
			open = append(open, name)
		}
	}
	return open
}

// isAre joins the subjects of a sentence with their verb.
func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are"
}

// takeovers are calls by which a process with the right capability owns the
// host, or by which one without has got it, again and again. Package calls says
// how.
var takeovers = [...]string{
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf", "open_by_handle_at", "iopl", "ioperm",
	"mount", "move_mount", "setns", "unshare", "userfaultfd", "keyctl", "io_uring_setup", "perf_event_open", "reboot",
}

// checkDangerous finds these calls where no capability is asked for.
func (c *checker) checkDangerous() {
	var byDefault []string
	for _, name := range takeovers {
		v, rule := c.native(name)
		if v != runs {
			continue
		}
		pos, at := c.place(rule, name)
		if at == "defaultAction" {
			byDefault = append(byDefault, name)
			continue
		}
		if c.profile.Rules[rule.Origin].Includes.Caps != 0 {
			continue
		}
		call, _ := syscalls.Lookup(name)
		why := ""
		for _, g := range calls.Guarded(calls.Call{Arch: c.policy.Native, Syscall: call}) {
			why = ": it " + g.What
			break
		}
		c.add(dangerous, Warning, pos, at, fmt.Sprintf("%s is allowed to everybody%s", name, why), `remove it, or ask for the capability by "includes"`)
	}
	if len(byDefault) > 0 {
		c.add(dangerous, Warning, c.profile.DefaultPos, "defaultAction", fmt.Sprintf("nothing denies %s", few(byDefault)), "deny by default and name what programs need")
	}
}
