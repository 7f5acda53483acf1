package convert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// local are the ABIs of whose calls systemd makes a filter beside the native one
// (seccomp_local_archs of src/shared/seccomp-util.c).
var local = []struct{ native, others string }{
	{"SCMP_ARCH_X86_64", `"SCMP_ARCH_X86", "SCMP_ARCH_X32"`},
	{"SCMP_ARCH_AARCH64", `"SCMP_ARCH_ARM"`},
	{"SCMP_ARCH_MIPS64", `"SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64N32"`},
	{"SCMP_ARCH_MIPSEL64", `"SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"`},
	{"SCMP_ARCH_PPC64", `"SCMP_ARCH_PPC"`},
	{"SCMP_ARCH_S390X", `"SCMP_ARCH_S390"`},
}

// write makes the profile. The kernel runs systemd's filters one beside the other: one
// for the lists, whose answer a call gets, unless the log turns what is allowed into
// logged, and one that kills other architectures.
func (u *unitReader) write() {
	byDefault := u.answer("")
	at := profile.Position{File: u.file, Line: 1, Column: 1}
	u.token(at, `{"defaultAction": %q,`, byDefault.Action())
	if byDefault.Action() == seccomp.ActErrno {
		u.token(u.at, `"defaultErrnoRet": %d,`, byDefault.Data())
	}
	if u.archsSet {
		u.token(at, `"architectures": [`)
		for i, a := range u.archs {
			u.token(a.at, "%s%q", comma(i), a.name)
		}
		u.token(at, "],")
	} else {
		u.token(at, `"archMap": [`)
		for i, l := range local {
			u.token(at, `%s{"architecture": %q, "subArchitectures": [%s]}`, comma(i), l.native, l.others)
		}
		u.token(at, "],")
	}
	u.token(at, `"syscalls": [`)
	u.rules(byDefault)
	u.token(at, "]}")
	if byDefault.Action() != seccomp.ActAllow && byDefault.Action() != seccomp.ActLog {
		u.lose(u.at, "", fmt.Sprintf("systemd answers calls that are newer than the list with %v, a profile with ENOSYS", byDefault), "")
	}
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// rules writes the calls that get another answer than the default, those with one
// answer together, in the order in which the unit first has one.
func (u *unitReader) rules(byDefault seccomp.Return) {
	names := make(map[seccomp.Return][]word)
	var answers []seccomp.Return
	all := make(map[string]profile.Position)
	for name, l := range u.log.calls {
		all[name] = l.at
	}
	for name, l := range u.filter.calls {
		all[name] = l.at
	}
	var sorted []word
	for name, at := range all {
		sorted = append(sorted, word{name, at})
	}
	slices.SortFunc(sorted, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column), cmp.Compare(a.text, b.text))
	})
	for _, w := range sorted {
		ret := u.answer(w.text)
		if ret == byDefault {
			continue
		}
		if names[ret] == nil {
			answers = append(answers, ret)
		}
		names[ret] = append(names[ret], w)
	}
	for i, ret := range answers {
		first := names[ret][0].at
		u.token(first, `%s{"names": [`, comma(i))
		for j, w := range names[ret] {
			text, _ := json.Marshal(w.text)
			u.token(w.at, "%s%s", comma(j), text)
		}
		u.token(first, `], "action": %q`, ret.Action())
		if ret.Action() == seccomp.ActErrno {
			u.token(first, `, "errnoRet": %d`, ret.Data())
		}
		u.token(first, "}")
	}
}

// answer returns what a call gets; with no name, a call that no list has.
func (u *unitReader) answer(name string) seccomp.Return {
	ret := seccomp.ActAllow.Return()
	l, has := u.filter.calls[name]
	switch {
	case has && l.errno != own:
		ret = errnoOrKill(l.errno)
	case u.filter.begun && has != u.filter.allow:
		ret = errnoOrKill(u.violation)
	}
	_, named := u.log.calls[name]
	if u.log.begun && named == u.log.allow && ret.Action() == seccomp.ActAllow {
		return seccomp.ActLog.Return()
	}
	return ret
}

func errnoOrKill(errno int) seccomp.Return {
	if errno == kills {
		return seccomp.ActKillProcess.Return()
	}
	return seccomp.ReturnErrno(seccomp.Errno(errno))
}
