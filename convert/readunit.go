package convert

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A unitReader reads the settings of a unit that filter calls, as systemd.exec(5) and
// config_parse_syscall_filter of systemd 252 (src/core/load-fragment.c) have it.
type unitReader struct {
	document
	lost, refused []profile.Problem

	filter, log listing
	violation   int // the errno of SystemCallErrorNumber=, or kills
	at          profile.Position
	archs       []placedArch
	archsSet    bool
}

type placedArch struct {
	name string
	at   profile.Position
}

// A listing is what the lines of one setting add up to: the calls whose answer is not
// that of all others.
type listing struct {
	begun bool
	allow bool // the first line had no ~: the calls are allowed
	calls map[string]listed
}

type listed struct {
	errno int // or kills, or the setting's own answer
	at    profile.Position
}

const (
	own   = -1
	kills = -2
)

// A word of a setting's value.
type word struct {
	text string
	at   profile.Position
}

// readUnit reads a unit, or a fragment of one.
func readUnit(file, text string, o profile.Options) (*Source, error) {
	u := &unitReader{document: document{file: file}, violation: kills, at: profile.Position{File: file}}
	u.lines(text)
	if !u.filter.begun && !u.log.begun && !u.archsSet && len(u.refused) == 0 {
		u.refuse(profile.Position{File: file}, "", "no SystemCallFilter=, SystemCallLog= or SystemCallArchitectures= has a value", "")
	}
	if len(u.refused) > 0 {
		return nil, &profile.Error{Problems: u.refused}
	}
	u.write()
	p, err := u.parse(o)
	if err != nil {
		return nil, err
	}
	return &Source{Profile: p, Losses: u.lost}, nil
}

func (u *unitReader) lose(at profile.Position, path, msg, hint string) {
	u.lost = append(u.lost, profile.Problem{Pos: at, Path: path, Msg: msg, Hint: hint})
}

func (u *unitReader) refuse(at profile.Position, path, msg, hint string) {
	u.refused = append(u.refused, profile.Problem{Pos: at, Path: path, Msg: msg, Hint: hint})
}

// isSetting reports whether a key is one that is read.
func isSetting(key string) bool {
	switch key {
	case "SystemCallFilter", "SystemCallLog", "SystemCallErrorNumber", "SystemCallArchitectures":
		return true
	}
	return false
}

// others are settings that filter calls, too, by rules that no list says.
var others = []string{"LockPersonality", "MemoryDenyWriteExecute", "PrivateDevices", "ProtectClock", "ProtectHostname", "ProtectKernelLogs",
	"ProtectKernelModules", "ProtectKernelTunables", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"}

// list adds a line to a listing. An empty one takes all before it back.
func (u *unitReader) list(l *listing, key string, words []word, at profile.Position) {
	if len(words) == 0 {
		*l = listing{}
		return
	}
	rest, inverted := strings.CutPrefix(words[0].text, "~")
	if inverted {
		words[0].text = rest
		words[0].at.Column++
	}
	log := key == "SystemCallLog"
	if !l.begun {
		*l = listing{begun: true, allow: !inverted, calls: make(map[string]listed)}
		if l.allow && !log {
			u.add(l, key, word{"@default", at}, own, false)
		}
	}
	for _, w := range words {
		if w.text == "" {
			continue // ~ alone
		}
		name, number, given := strings.Cut(w.text, ":")
		errno := own
		if given {
			e, ok := unitErrno(number)
			switch {
			case number == "kill":
				e = kills
			case !ok:
				u.refuse(w.at, key, fmt.Sprintf("%s: neither kill nor an errno, by name or 0 to 4095", w.text), "")
				continue
			}
			errno = e
		}
		if given && (!inverted || log) {
			// systemd drops the word with a message, and the call with it.
			u.lose(w.at, key, fmt.Sprintf("%s: systemd ignores what has an errno and is not in a list of denied calls", w.text), "")
			continue
		}
		u.add(l, key, word{name, w.at}, errno, inverted)
	}
}

// add adds a call or a group to a listing, or takes it out.
func (u *unitReader) add(l *listing, key string, w word, errno int, inverted bool) {
	if strings.HasPrefix(w.text, "@") {
		calls, ok := syscalls.Group(w.text)
		if !ok {
			u.refuse(w.at, key, fmt.Sprintf("there is no group %s in systemd 252, which ignores it then", w.text), "the groups are "+strings.Join(syscalls.Groups(), ", "))
		}
		for _, call := range calls {
			u.add(l, key, word{call, w.at}, errno, inverted)
		}
		return
	}
	if !inverted == l.allow || inverted && errno != own {
		l.calls[w.text] = listed{errno, w.at}
	} else {
		delete(l.calls, w.text)
	}
}

// unitErrno reads an errno.
func unitErrno(s string) (int, bool) {
	if e, ok := seccomp.ParseErrno(s); ok {
		return int(e), true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && n <= uint64(seccomp.MaxErrno)
}

// arch reads a name of ConditionArchitecture=, or native.
func (u *unitReader) arch(w word) {
	if w.text == "native" {
		return // which a profile always has
	}
	for _, a := range seccomp.Archs() {
		if unitArch(a) == w.text {
			u.archs = append(u.archs, placedArch{a.String(), w.at})
			return
		}
	}
	u.refuse(w.at, "SystemCallArchitectures", fmt.Sprintf("unknown architecture %q", w.text), "systemd.unit(5) lists them at ConditionArchitecture=")
}
