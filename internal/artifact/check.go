package artifact

import (
	"fmt"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// maxEntries is how often the runtimes let a profile name one call.
const maxEntries = 128

// check refuses a profile that the runtimes of Kubernetes would refuse, or read otherwise than it is meant.
func check(file string, src []byte) error {
	if len(src) > maxSize {
		return fmt.Errorf("%s: the profile is %d bytes long, %d are the most", file, len(src), maxSize)
	}
	p, err := profile.Parse(file, src, profile.Options{Dialect: profile.OCI})
	if err != nil {
		return err
	}
	switch {
	case p.ListenerPath != "":
		return fmt.Errorf("%s: listenerPath and listenerMetadata are the node's to say, and runtimes refuse them in an artifact", file)
	case p.Flags&seccomp.FlagSpecAllow != 0:
		return fmt.Errorf("%s: flags: runtimes refuse %v in an artifact: it leaves the processor's speculation open", file, seccomp.FlagSpecAllow)
	case p.Default.Action() == seccomp.ActNotify:
		return &profile.Error{Problems: []profile.Problem{p.Problem(p.DefaultPos, "defaultAction", refusedNotify, "")}}
	}
	entries := map[string]int{}
	for _, r := range p.Rules {
		path := fmt.Sprintf("syscalls[%d]", r.Index)
		if r.Return.Action() == seccomp.ActNotify {
			return &profile.Error{Problems: []profile.Problem{p.Problem(r.Pos, path+".action", refusedNotify, "")}}
		}
		for _, n := range r.Names {
			if entries[n.Text]++; entries[n.Text] > maxEntries {
				return &profile.Error{Problems: []profile.Problem{p.Problem(n.Pos, path,
					fmt.Sprintf("%s is named more than %d times, and runtimes refuse that in an artifact", n.Text, maxEntries), "")}}
			}
		}
	}
	return nil
}

const refusedNotify = "runtimes refuse SCMP_ACT_NOTIFY in an artifact: it needs a supervisor that the node provides"
