package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/convert"
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

// checkMiscompiled finds rules that engines with libseccomp take differently, whatever
// else the profile says.
func (c *checker) checkMiscompiled() {
	for _, m := range convert.MiscompiledIn(c.profile, c.rules) {
		pos := m.Rule.Pos
		for _, n := range m.Rule.Names {
			if n.Text == m.Call.String() {
				pos = n.Pos
			}
		}
		c.add(miscompiled, Warning, pos, path(m.Rule, ""), fmt.Sprintf("%v: runc and crun may enforce something else, or never start the container: libseccomp does not compile several rules of a call rightly that compare several arguments, or large numbers, by other than equality", m.Call),
			"compare by SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ; weir convert --to oci rewrites what can be, and weir run is not affected")
	}
}
