package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

var amd64 = seccomp.Facts{
	Arch:   seccomp.ArchX86_64,
	Kernel: seccomp.KernelVersion{Major: 6, Minor: 18},
	Caps:   seccomp.DefaultCaps,
}

const (
	x86   = seccomp.ArchX86
	x8664 = seccomp.ArchX86_64
	x32   = seccomp.ArchX32
)

func ExampleResolve() {
	p, err := profile.Parse("nice.json", []byte(`{
		"defaultAction": "SCMP_ACT_ERRNO",
		"syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ALLOW",
			"args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}`), profile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pol, _, err := policy.Resolve(p, amd64, policy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, persona := range []uint64{8, 0x100000008, 9} {
		call := seccomp.Data{Arch: x8664.Audit(), Nr: 135, Args: [6]uint64{persona}}
		row, rule := pol.Eval(&call)
		fmt.Printf("%s(%#x): %v\n", row.Call(row.First), persona, rule.Return)
	}
	// Output:
	// personality(0x8): allow
	// personality(0x100000008): allow
	// personality(0x9): errno EPERM
}

// resolve parses and resolves a profile that both must accept.
func resolve(t *testing.T, src string, f seccomp.Facts) (*policy.Policy, []profile.Problem) {
	t.Helper()
	p, err := profile.Parse("p.json", []byte(src), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pol, notes, err := policy.Resolve(p, f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return pol, notes
}

func call(t *testing.T, a seccomp.Arch, name string, args ...uint64) *seccomp.Data {
	t.Helper()
	c, ok := syscalls.Lookup(name)
	nr, on := c.Nr(a)
	if !ok || !on {
		t.Fatalf("%s has no %s", a.Name(), name)
	}
	d := seccomp.Data{Arch: a.Audit(), Nr: nr}
	copy(d.Args[:], args)
	return &d
}

// profileOf puts rules between a default action and the three ABIs of amd64.
func profileOf(def string, rules ...string) string {
	return `{"defaultAction":"SCMP_ACT_` + def + `","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[` +
		strings.Join(rules, ",") + `]}`
}

// ruleOf writes a rule; args are "index OP value valueTwo".
func ruleOf(names, action string, args ...string) string {
	quotedNames := `"` + strings.ReplaceAll(names, " ", `","`) + `"`
	action, errno, _ := strings.Cut(action, " ")
	s := `{"names":[` + quotedNames + `],"action":"SCMP_ACT_` + action + `"`
	if errno != "" {
		s += `,"errnoRet":` + errno
	}
	var conds []string
	for _, a := range args {
		f := append(strings.Fields(a), "0")
		conds = append(conds, fmt.Sprintf(`{"index":%s,"op":"SCMP_CMP_%s","value":%s,"valueTwo":%s}`, f[0], f[1], f[2], f[3]))
	}
	if conds != nil {
		s += `,"args":[` + strings.Join(conds, ",") + `]`
	}
	return s + `}`
}

const (
	allow  = seccomp.Return(seccomp.ActAllow)
	kill   = seccomp.Return(seccomp.ActKillThread)
	eperm  = seccomp.Return(seccomp.ActErrno) | 1
	enosys = seccomp.Return(seccomp.ActErrno) | 38
	eacces = seccomp.Return(seccomp.ActErrno) | 13
)

func TestMeaning(t *testing.T) {
	const negative = 0xffffffffffffffff
	for _, tc := range []struct {
		name    string
		profile string
		arch    seccomp.Arch
		call    string
		args    []uint64
		want    seccomp.Return
	}{
		{"conditions of an entry must all hold", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 EQ 1", "1 EQ 2")), x8664, "getpid", []uint64{1, 2}, allow},
		{"one that fails is enough", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 EQ 1", "1 EQ 2")), x8664, "getpid", []uint64{1, 3}, eperm},
		{"entries of one call are alternatives", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 EQ 1"), ruleOf("getpid", "ALLOW", "0 EQ 2")), x8664, "getpid", []uint64{2}, allow},
		{"an argument named twice makes every condition an alternative", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 EQ 1", "0 EQ 2", "1 EQ 9")), x8664, "getpid", []uint64{7, 9}, allow},

		{"of two unconditional rules the first wins", profileOf("ERRNO", ruleOf("getpid", "ALLOW"), ruleOf("getpid", "ERRNO 13")), x8664, "getpid", nil, allow},
		{"also when it equals the default", profileOf("ERRNO", ruleOf("getpid", "ERRNO 1"), ruleOf("getpid", "ALLOW")), x8664, "getpid", nil, eperm},
		{"a conditional denial wins against an unconditional permission", profileOf("ERRNO", ruleOf("getpid", "ALLOW"), ruleOf("getpid", "ERRNO 13", "0 EQ 5")), x8664, "getpid", []uint64{5}, eacces},
		{"and leaves the rest permitted", profileOf("ERRNO", ruleOf("getpid", "ALLOW"), ruleOf("getpid", "ERRNO 13", "0 EQ 5")), x8664, "getpid", []uint64{6}, allow},
		{"a conditional permission loses against an unconditional denial", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 EQ 5"), ruleOf("getpid", "ERRNO 13")), x8664, "getpid", []uint64{5}, eacces},
		{"of two conditional rules the stricter action wins", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "0 NE 16"), ruleOf("getpid", "ERRNO 13", "0 EQ 10")), x8664, "getpid", []uint64{10}, eacces},
		{"of two errnos the first in the file wins", profileOf("ALLOW", ruleOf("getpid", "ERRNO 13", "0 LT 9"), ruleOf("getpid", "ERRNO 38", "0 GT 3")), x8664, "getpid", []uint64{5}, eacces},
		{"kill is stricter than errno", profileOf("ALLOW", ruleOf("getpid", "ERRNO 13", "0 LT 9"), ruleOf("getpid", "KILL", "0 GT 3")), x8664, "getpid", []uint64{5}, kill},

		{"an int is compared in 32 bits", profileOf("ERRNO", ruleOf("personality", "ALLOW", "0 EQ 8")), x8664, "personality", []uint64{0xdead00000008}, allow},
		{"a negative value of an int means its 32 bits", profileOf("ERRNO", ruleOf("personality", "ALLOW", "0 EQ 18446744073709551615")), x8664, "personality", []uint64{0xffffffff}, allow},
		{"and is met by a sign-extended argument too", profileOf("ERRNO", ruleOf("personality", "ALLOW", "0 EQ 4294967295")), x8664, "personality", []uint64{negative}, allow},
		{"another value that is too wide equals nothing", profileOf("ERRNO", ruleOf("personality", "ALLOW", "0 EQ 4294967304")), x8664, "personality", []uint64{8}, eperm},
		{"and is greater than everything", profileOf("ERRNO", ruleOf("personality", "ALLOW", "0 LT 4294967304")), x8664, "personality", []uint64{negative}, allow},
		{"a mode is compared in 16 bits", profileOf("ALLOW", ruleOf("chmod", "ERRNO", "1 MASKED_EQ 2048 2048")), x8664, "chmod", []uint64{0, 0x10000 | 0o4755}, eperm},
		{"a bit above the mode does not count", profileOf("ALLOW", ruleOf("chmod", "ERRNO", "1 GT 65535")), x8664, "chmod", []uint64{0, 0x10000}, allow},
		{"a pointer is compared in 64 bits", profileOf("ERRNO", ruleOf("read", "ALLOW", "1 EQ 4294967297")), x8664, "read", []uint64{0, 1}, eperm},
		{"and in 32 on i386", profileOf("ERRNO", ruleOf("read", "ALLOW", "1 EQ 1")), x86, "read", []uint64{0, 0x100000001}, allow},
		{"and in 32 on x32", profileOf("ERRNO", ruleOf("getpid", "ALLOW", "1 EQ 1")), x32, "getpid", []uint64{0, 0x100000001}, allow},
		{"the datum is masked too", profileOf("ERRNO", ruleOf("kill", "ALLOW", "1 MASKED_EQ 255 255")), x8664, "kill", []uint64{0, 0x1ff}, allow},

		{"a rule about socket opens the door that socketcall is, without its conditions", profileOf("ERRNO", ruleOf("socket", "ALLOW", "0 EQ 1")), x86, "socketcall", []uint64{1}, allow},
		{"for denials alike", profileOf("ALLOW", ruleOf("socket", "ERRNO", "0 EQ 38")), x86, "socketcall", []uint64{1}, eperm},
		{"but not for its neighbours", profileOf("ALLOW", ruleOf("socket", "ERRNO", "0 EQ 38")), x86, "socketcall", []uint64{2}, allow},
		{"unless the number is newer than the profile", profileOf("ERRNO", ruleOf("recv access", "ALLOW")), x86, "socketcall", []uint64{10}, enosys},
		{"a rule about socketcall itself decides alone", profileOf("ALLOW", ruleOf("socket", "ERRNO", "0 EQ 38"), ruleOf("socketcall", "ALLOW")), x86, "socketcall", []uint64{1}, allow},
		{"the version above the operation of ipc does not hide it", profileOf("ALLOW", ruleOf("semget", "ERRNO")), x86, "ipc", []uint64{0x10002}, eperm},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pol, _ := resolve(t, tc.profile, amd64)
			d := call(t, tc.arch, tc.call, tc.args...)
			if _, rule := pol.Eval(d); rule.Return != tc.want {
				t.Errorf("%s%#x on %s: %v, want %v", tc.call, tc.args, tc.arch.Name(), rule.Return, tc.want)
			}
		})
	}
}

func TestNumbersWithoutACall(t *testing.T) {
	three := profileOf("ERRNO", ruleOf("read openat2", "ALLOW"))
	one := `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[` + ruleOf("read openat2", "ALLOW") + `]}`
	open := `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[` + ruleOf("openat2", "ERRNO") + `]}`
	openX32 := profileOf("ALLOW", ruleOf("openat2", "ERRNO"))
	for _, tc := range []struct {
		name    string
		profile string
		audit   seccomp.AuditArch
		nr      seccomp.Nr
		want    seccomp.Return
		why     policy.Why
	}{
		{"a hole below the newest call gets the default", three, x8664.Audit(), 434, eperm, policy.WhyDefault},
		{"the newest call itself is what the rule says", three, x8664.Audit(), 437, allow, policy.WhyRule},
		{"above it lies what is newer", three, x8664.Audit(), 438, enosys, policy.WhyNewer},
		{"up to the bit of x32", three, x8664.Audit(), 0x3fffffff, enosys, policy.WhyNewer},
		{"x32 has a boundary of its own", three, x8664.Audit(), 0x40000000 + 434, eperm, policy.WhyDefault},
		{"above which it is newer too", three, x8664.Audit(), 0x40000000 + 438, enosys, policy.WhyNewer},
		{"a number without the bit above x32 is newer", three, x8664.Audit(), 0x80000000, enosys, policy.WhyNewer},
		{"number -1 is one like any other", three, x8664.Audit(), 0xffffffff, enosys, policy.WhyNewer},
		{"x32 kills if it is not listed", one, x8664.Audit(), 0x40000000, kill, policy.WhyForeign},
		{"up to its last number", one, x8664.Audit(), 0xfffffffe, kill, policy.WhyForeign},
		{"but number -1 gets the default", one, x8664.Audit(), 0xffffffff, eperm, policy.WhyDefault},
		{"and numbers without the bit are newer", one, x8664.Audit(), 0x80000000, enosys, policy.WhyNewer},
		{"another architecture kills", one, x86.Audit(), 3, kill, policy.WhyForeign},
		{"also under a default that permits", open, seccomp.ArchAARCH64.Audit(), 3, kill, policy.WhyForeign},
		{"nothing is newer to a default that permits", open, x8664.Audit(), 500, allow, policy.WhyDefault},
		{"but x32 kills there as well", open, x8664.Audit(), 0x40000001, kill, policy.WhyForeign},
		{"as do all numbers above it", open, x8664.Audit(), 0x80000000, kill, policy.WhyForeign},
		{"if x32 is listed, they get the default", openX32, x8664.Audit(), 0x80000000, allow, policy.WhyDefault},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pol, _ := resolve(t, tc.profile, amd64)
			_, rule := pol.Eval(&seccomp.Data{Arch: tc.audit, Nr: tc.nr})
			if rule.Return != tc.want || rule.Why != tc.why {
				t.Errorf("%v because %d, want %v because %d", rule.Return, rule.Why, tc.want, tc.why)
			}
		})
	}
}

func TestNumberZeroOfS390IsNewer(t *testing.T) {
	src := `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[` + ruleOf("read", "ALLOW") + `]}`
	pol, _ := resolve(t, src, seccomp.Facts{Arch: seccomp.ArchS390X})
	for nr, want := range map[seccomp.Nr]seccomp.Return{0: enosys, 1: eperm, 3: allow, 4: enosys} {
		if _, rule := pol.Eval(&seccomp.Data{Arch: seccomp.ArchS390X.Audit(), Nr: nr}); rule.Return != want {
			t.Errorf("number %d: %v, want %v", nr, rule.Return, want)
		}
	}
}

func TestNotesNameTheRulesThatDisagree(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rules []string
		want  string // in the only note, empty for none
	}{
		{"a rule after the first never applies", []string{ruleOf("setns", "ALLOW"), ruleOf("setns", "ERRNO 13")}, "setns: errno EACCES has no effect: the first rule wins, allow of syscalls[0]"},
		{"one that equals the default is dropped by runc", []string{ruleOf("setns", "ERRNO 1"), ruleOf("setns", "ALLOW")}, "runc and crun drop a rule that equals the default action and answer allow"},
		{"a condition that wins", []string{ruleOf("setns", "ALLOW"), ruleOf("setns", "ERRNO 13", "0 EQ 1")}, "libseccomp forgets the conditions and answers allow"},
		{"a condition that loses to an unconditional rule, as everywhere", []string{ruleOf("setns", "ALLOW", "0 EQ 1"), ruleOf("setns", "ERRNO 13")}, ""},
		{"conditions that overlap", []string{ruleOf("setns", "ALLOW", "0 NE 16"), ruleOf("setns", "ERRNO 13", "0 EQ 10")}, "allow gives way to the stricter errno EACCES of syscalls[1] (line 1) where both apply"},
		{"conditions that do not", []string{ruleOf("setns", "ALLOW", "0 LT 16"), ruleOf("setns", "ERRNO 13", "0 GE 16")}, ""},
		{"masks that do not", []string{ruleOf("setns", "ALLOW", "0 MASKED_EQ 15 1"), ruleOf("setns", "ERRNO 13", "0 MASKED_EQ 3 2")}, ""},
		{"the same action twice", []string{ruleOf("setns", "ALLOW", "0 EQ 1"), ruleOf("setns", "ALLOW")}, ""},
		{"an unknown name in a permission", []string{ruleOf("read opennat", "ALLOW")}, `no architecture has a system call "opennat"`},
		{"a name of another architecture", []string{ruleOf("read riscv_flush_icache", "ALLOW")}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, notes := resolve(t, profileOf("ERRNO", tc.rules...), amd64)
			switch {
			case tc.want == "" && len(notes) > 0:
				t.Errorf("note %v", notes[0])
			case tc.want != "" && (len(notes) != 1 || !strings.Contains(notes[0].String(), tc.want)):
				t.Errorf("notes %v, want one with %q", notes, tc.want)
			}
		})
	}
}

func TestWhatWouldLoosenIsAnError(t *testing.T) {
	for _, tc := range []struct{ name, profile, want string }{
		{"an unknown name in a denial", profileOf("ALLOW", ruleOf("opennat", "ERRNO")), `p.json:1:`},
		{"architectures of two byte orders", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_S390X"]}`,
			"architectures[1]: SCMP_ARCH_S390X has another byte order than the native SCMP_ARCH_X86_64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := profile.Parse("p.json", []byte(tc.profile), profile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = policy.Resolve(p, amd64, policy.Options{})
			var perr *profile.Error
			if !errors.As(err, &perr) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want a *profile.Error with %q", err, tc.want)
			}
		})
	}
	p, _ := profile.Parse("p.json", []byte(profileOf("ALLOW", ruleOf("opennat", "ERRNO"))), profile.Options{})
	_, notes, err := policy.Resolve(p, amd64, policy.Options{Lenient: true})
	if err != nil || len(notes) != 1 || notes[0].Hint != `did you mean "openat"?` {
		t.Errorf("lenient: notes %v, error %v", notes, err)
	}
}

func TestTheDefaultProfileYieldsNoNoteAnywhere(t *testing.T) {
	for _, a := range seccomp.Archs() {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			for _, kernel := range []seccomp.KernelVersion{{Major: 4, Minor: 4}, {Major: 6, Minor: 18}} {
				pol, notes, err := policy.Resolve(profile.Default(), seccomp.Facts{Arch: a, Kernel: kernel, Caps: caps}, policy.Options{})
				if err != nil || len(notes) > 0 {
					t.Fatalf("%s: %v %v", a.Name(), err, notes)
				}
				checkTotal(t, pol)
			}
		}
	}
}

// checkTotal checks what a policy promises about its rows.
func checkTotal(t *testing.T, pol *policy.Policy) {
	t.Helper()
	for _, abi := range pol.ABIs {
		next := uint64(0)
		for _, row := range abi.Rows {
			if uint64(row.First) != next || row.Last < row.First {
				t.Fatalf("%#x: row %#x to %#x where %#x is next", abi.Audit, row.First, row.Last, next)
			}
			next = uint64(row.Last) + 1
			for i, rule := range row.Rules {
				if last := i == len(row.Rules)-1; last != (len(rule.Conds) == 0) {
					t.Fatalf("%#x: %s: rule %d of %d has %d conditions", abi.Audit, row.Call(row.First), i, len(row.Rules), len(rule.Conds))
				}
			}
		}
		if next != 1<<32 {
			t.Fatalf("%#x: rows end at %#x", abi.Audit, next)
		}
	}
}

func BenchmarkResolveDefault(b *testing.B) {
	p := profile.Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := policy.Resolve(p, amd64, policy.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
