package convert_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// A unit is what systemd.exec(5) makes of a [Service] section: the answer for
// each listed call, and for the others.
type unit struct {
	others seccomp.Return
	calls  map[string]seccomp.Return
	logged map[string]bool
}

// implicit stands for the set @default, which systemd adds to an allow list.
var implicit = []string{"execve", "exit", "exit_group", "rt_sigreturn", "getpid"}

func readUnit(t *testing.T, text []byte) unit {
	t.Helper()
	u := unit{calls: map[string]seccomp.Return{}, logged: map[string]bool{}, others: seccomp.ActAllow.Return()}
	violation := seccomp.ActKillProcess.Return()
	first := true
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		list, inverted := strings.CutPrefix(value, "~")
		switch key {
		case "SystemCallErrorNumber":
			violation = answer(t, value)
		case "SystemCallLog":
			for name := range strings.FieldsSeq(value) {
				u.logged[name] = true
			}
		case "SystemCallFilter":
			if first && !inverted {
				u.others = violation
				list += " @default"
			}
			first = false
			for word := range strings.FieldsSeq(strings.ReplaceAll(list, "@default", strings.Join(implicit, " "))) {
				name, errno, own := strings.Cut(word, ":")
				switch {
				case own:
					u.calls[name] = answer(t, errno)
				case inverted:
					delete(u.calls, name)
				default:
					u.calls[name] = seccomp.ActAllow.Return()
				}
			}
		}
	}
	return u
}

func answer(t *testing.T, s string) seccomp.Return {
	if s == "kill" {
		return seccomp.ActKillProcess.Return()
	}
	if e, ok := seccomp.ParseErrno(s); ok {
		return seccomp.ReturnErrno(e)
	}
	n, err := strconv.ParseUint(s, 10, 12)
	if err != nil {
		t.Fatal(err)
	}
	return seccomp.ReturnErrno(seccomp.Errno(n))
}

// get returns what a call gets from the unit.
func (u unit) get(name string) seccomp.Return {
	ret, ok := u.calls[name]
	if !ok {
		ret = u.others
	}
	if u.logged[name] && !ret.Stricter(seccomp.ActLog.Return()) {
		return seccomp.ActLog.Return()
	}
	return ret
}

func TestAUnitIsNeverLooserThanTheProfile(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		src := randomProfile(random)
		p, err := profile.Parse("p.json", []byte(src), profile.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		r, err := convert.Profile(p, convert.Systemd, amd64, policy.Options{Lenient: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		pol, _, err := policy.Resolve(p, amd64, policy.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		u := readUnit(t, r.Text)
		for _, a := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86} {
			for _, call := range syscalls.On(a) {
				nr, _ := call.Nr(a)
				for range 8 {
					d := seccomp.Data{Arch: a.Audit(), Nr: nr}
					for i := range d.Args {
						d.Args[i] = random.Uint64N(80)
					}
					_, rule := pol.Eval(&d)
					if got := u.get(call.String()); rule.Return.Stricter(got) {
						t.Fatalf("%v %v%v gets %v, the profile says %v\n%s\n%s", a, call, d.Args, got, rule.Return, src, r.Text)
					}
				}
			}
		}
	}
}

func TestWhatAUnitCanSayItSaysExactly(t *testing.T) {
	cases := []struct{ name, src, want string }{
		{"several errnos in an allow list",
			`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
				{"names":["write","read"],"action":"SCMP_ACT_ALLOW"},
				{"names":["uname"],"action":"SCMP_ACT_LOG"},
				{"names":["reboot"],"action":"SCMP_ACT_KILL_PROCESS"},
				{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}`,
			`[Service]
SystemCallArchitectures=native x86 x32
SystemCallErrorNumber=EPERM
# The first list begins one of allowed calls, and systemd adds @default to it; the second empties it.
SystemCallFilter=@default
SystemCallFilter=~@default
SystemCallFilter=read uname write
SystemCallFilter=~clone3:ENOSYS reboot:kill
SystemCallLog=uname
`},
		{"a list that kills",
			`{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`,
			`[Service]
SystemCallArchitectures=native
# The first list begins one of allowed calls, and systemd adds @default to it; the second empties it.
SystemCallFilter=@default
SystemCallFilter=~@default
SystemCallFilter=read
`},
		{"a deny list",
			`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
				{"names":["reboot"],"action":"SCMP_ACT_KILL_PROCESS"},
				{"names":["mount","bpf"],"action":"SCMP_ACT_ERRNO"},
				{"names":["sync"],"action":"SCMP_ACT_ERRNO","errnoRet":0}]}`,
			`[Service]
SystemCallArchitectures=native
SystemCallFilter=~bpf:EPERM mount:EPERM reboot:kill sync:0
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(into(t, parse(t, c.src), convert.Systemd, amd64).Text); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
