package compose

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// inherit gives each file the settings of those that it extends, where it has none
// of its own and they agree, and holds its default action against theirs. Files
// come before those that they extend; whole is what they have been composed into,
// which knows their places.
func inherit(whole *profile.Profile, files []*profile.Profile, below [][]int, lenient bool) error {
	for i := len(files) - 1; i >= 0; i-- {
		p := files[i]
		for at, b := range below[i] {
			if err := checkDefault(whole, p, files[b], lenient); err != nil {
				return err
			}
			for _, s := range settings {
				if s.own(p) || !s.own(files[b]) {
					continue
				}
				for _, other := range below[i][:at] {
					if s.own(files[other]) && !s.same(files[other], files[b]) {
						return refuse(whole, fmt.Sprintf("extends[%d]", at), p.Extends[at].Pos,
							fmt.Sprintf("%s and %s have different %s", files[other].File, files[b].File, s.name), "say here which")
					}
				}
			}
		}
		for _, s := range settings {
			if s.own(p) {
				continue
			}
			for _, b := range below[i] {
				if s.own(files[b]) {
					s.take(p, files[b])
					break
				}
			}
		}
	}
	return nil
}

// checkDefault refuses a default action that is looser than that of a file below:
// everything that the other denies by default would be let through.
func checkDefault(whole, p, below *profile.Profile, lenient bool) error {
	if !below.Default.Stricter(p.Default) {
		return nil
	}
	msg := fmt.Sprintf("the default action, %v, is looser than that of %s, %v", p.Default, below.File, below.Default)
	if lenient {
		whole.Notes = append(whole.Notes, whole.Problem(p.DefaultPos, "defaultAction", msg+"; it is the one that counts", ""))
		return nil
	}
	return refuse(whole, "defaultAction", p.DefaultPos, msg, "repeat the strictest default action of what is extended: only the file's own counts")
}

func refuse(whole *profile.Profile, path string, pos profile.Pos, msg, hint string) error {
	return &profile.Error{Problems: []profile.Problem{whole.Problem(pos, path, msg, hint)}}
}

// A setting is what a file has as a whole.
type setting struct {
	name string
	own  func(p *profile.Profile) bool // it says something about it
	same func(p, q *profile.Profile) bool
	take func(p, from *profile.Profile)
}

var settings = [...]setting{
	{
		name: "architectures",
		own:  func(p *profile.Profile) bool { return len(p.Architectures)+len(p.ArchMap) > 0 },
		same: sameArchitectures,
		take: func(p, from *profile.Profile) { p.Architectures, p.ArchMap = from.Architectures, from.ArchMap },
	},
	{
		name: "flags",
		own:  func(p *profile.Profile) bool { return p.FlagsSet },
		same: func(p, q *profile.Profile) bool { return p.Flags == q.Flags },
		take: func(p, from *profile.Profile) { p.Flags, p.FlagsSet = from.Flags, true },
	},
	{
		name: "listeners",
		own:  func(p *profile.Profile) bool { return p.ListenerPath != "" },
		same: func(p, q *profile.Profile) bool {
			return p.ListenerPath == q.ListenerPath && p.ListenerMetadata == q.ListenerMetadata
		},
		take: func(p, from *profile.Profile) {
			p.ListenerPath, p.ListenerMetadata = from.ListenerPath, from.ListenerMetadata
		},
	},
}

func sameArchitectures(p, q *profile.Profile) bool {
	return slices.Equal(archsOf(p.Architectures), archsOf(q.Architectures)) &&
		slices.EqualFunc(p.ArchMap, q.ArchMap, func(a, b profile.ArchMapEntry) bool {
			return a.Arch.Arch == b.Arch.Arch && slices.Equal(archsOf(a.Sub), archsOf(b.Sub))
		})
}

func archsOf(refs []profile.ArchRef) []seccomp.Arch {
	var archs []seccomp.Arch
	for _, ref := range refs {
		archs = append(archs, ref.Arch)
	}
	return archs
}
