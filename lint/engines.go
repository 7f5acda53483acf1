package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/seccomp"
)

// checkEngines finds profiles under which runc or crun does not get as far as
// the program. weir run does: its filter goes in last.
func (c *checker) checkEngines() {
	for _, e := range engines.Newest() {
		plain, late := c.missing(e.Plain), c.missing(e.Late)
		if len(plain) == 0 && len(late) == 0 {
			continue
		}
		msg := fmt.Sprintf("%s does not start a container under this profile: it needs %s", e.Engine, strings.Join(plain, ", "))
		if len(late) == 0 {
			msg += "; with no_new_privs it starts"
		} else if len(late) < len(plain) {
			msg += "; with no_new_privs, " + strings.Join(late, ", ")
		}
		c.add(engineStart, Note, c.profile.DefaultPos, "defaultAction", msg, "weir run needs none of these but execve")
	}
}

// missing returns which of the needed calls are denied, and of the others those
// that would kill, or more than one that fails.
func (c *checker) missing(n engines.Needs) []string {
	var list, failing []string
	for _, name := range strings.Fields(n.Must) {
		if v, _ := c.native(name); v == denied {
			list = append(list, name)
		}
	}
	for _, name := range strings.Fields(n.Also + " " + n.Maybe) {
		v, rule := c.native(name)
		switch {
		case v != denied:
		case rule.Return.Action() != seccomp.ActErrno:
			list = append(list, name)
		case slices.Contains(strings.Fields(n.Also), name):
			failing = append(failing, name)
		}
	}
	if len(failing) > 1 {
		list = append(list, failing...)
	}
	return list
}
