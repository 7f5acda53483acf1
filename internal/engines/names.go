package engines

import "strings"

// What libseccomp knows of the names that weir does, by asking Debian's builds of
// 2.5.1, 2.5.4, 2.6.0 and 2.6.1. Every other name was known to the first of them.
// Between the two versions it depends on the build: distributions bring tables
// up to date.
var newNames = [...]struct {
	unknown, known Version // the last that did not know them, the first that did
	names          string
}{
	{Version{2, 5, 1}, Version{2, 5, 4}, "futex_waitv set_mempolicy_home_node"},
	{Version{2, 5, 1}, Version{2, 6, 0}, "cachestat fchmodat2 futex_requeue futex_wait futex_wake map_shadow_stack"},
	{Version{2, 5, 4}, Version{2, 6, 0}, "getxattrat listmount listxattrat lsm_get_self_attr lsm_list_modules lsm_set_self_attr " +
		"mseal removexattrat riscv_hwprobe setxattrat statmount uretprobe"},
	{Version{2, 6, 0}, Version{2, 6, 1}, "file_getattr file_setattr listns open_tree_attr rseq_slice_yield uprobe"},
	{Version{2, 6, 1}, Version{}, "fchroot"},
}

// A knowledge is whether the engine's libseccomp knows a name.
type knowledge uint8

const (
	known knowledge = iota
	unknown
	unsure
)

func (e Engine) knows(name string) knowledge {
	if mistaken(name) != "" {
		return unsure
	}
	for _, n := range newNames {
		for _, new := range strings.Fields(n.names) {
			switch {
			case new != name:
			case e.Libseccomp == (Version{}):
				return unsure
			case !n.unknown.before(e.Libseccomp):
				return unknown
			case n.known != (Version{}) && !e.Libseccomp.before(n.known):
				return known
			default:
				return unsure
			}
		}
	}
	return known
}

// mistaken returns the call that libseccomp takes a name for on the architectures
// that have both, which share a stand-in elsewhere.
func mistaken(name string) string {
	switch name {
	case "sys_debug_setcontext":
		return "switch_endian"
	case "switch_endian":
		return "sys_debug_setcontext"
	}
	return ""
}
