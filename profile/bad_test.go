package profile_test

import (
	"strings"
	"testing"

	"github.com/weir-dev/weir/profile"
)

// allow is a profile with one rule that allows mount. The rest of the rule is
// its second line, so that messages count columns in what a test writes.
func allow(rest string) string {
	return `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW",` +
		"\n" + rest + "\n}]}"
}

// deny is the opposite: one rule that denies mount where the default allows.
func deny(rest string) string {
	return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO",` +
		"\n" + rest + "\n}]}"
}

// top is a profile with one more member, on its second line.
func top(member string) string {
	return `{"defaultAction": "SCMP_ACT_ERRNO",` + "\n" + member + "\n}"
}

// lines writes problems as the tests below have them.
func lines(problems []profile.Problem) string {
	var out []string
	for _, p := range problems {
		line := p.String()
		if p.Hint != "" {
			line += " (" + p.Hint + ")"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func wantErrors(t *testing.T, src string, o profile.Options, want string) {
	t.Helper()
	_, err := profile.Parse("p", []byte(src), o)
	if err == nil {
		t.Errorf("%.200s\n no error, want %s", src, want)
		return
	}
	if got := lines(err.(*profile.Error).Problems); got != want {
		t.Errorf("%.200s\n got %s\nwant %s", src, got, want)
	}
}

func TestNoJSON(t *testing.T) {
	for _, c := range [][2]string{
		{"", `p:1:1: the document is empty (a profile is at least {"defaultAction": "SCMP_ACT_ERRNO"})`},
		{"\xef\xbb\xbf{}", `p:1:1: the document begins with a byte order mark (save it as UTF-8 without a byte order mark)`},
		{"\xff\xfe{\x00}\x00", `p:1:1: the document is UTF-16 (save it as UTF-8)`},
		{"\x7fELF\x02\x01", `p:1:1: found the byte 0x7f, expected a value (is this a text file?)`},
		{"\x00", `p:1:1: found the byte 0x00, expected a value (is this a text file?)`},
		{`/etc/profile.json`, `p:1:1: found '/', expected a value`},
		{`defaultAction: SCMP_ACT_ERRNO`, `p:1:1: found "defaultAction", expected a value`},
		{"# why\n{}", `p:1:1: JSON has no comments (remove it; a rule may have a "comment")`},
		{"{} // why", `p:1:1: the profile has no "defaultAction" (it decides every call that no rule names; SCMP_ACT_ERRNO denies them)` + "\n" +
			`p:1:4: JSON has no comments (remove it; a rule may have a "comment")`},
		{"{ // why", `p:1:3: JSON has no comments (remove it; a rule may have a "comment")`},
		{`{}}`, `p:1:1: the profile has no "defaultAction" (it decides every call that no rule names; SCMP_ACT_ERRNO denies them)` + "\n" +
			`p:1:3: more text after the end of the profile (a file holds one profile)`},
		{`{'a': 1}`, `p:1:2: found '\'', expected a key in double quotes (strings are in double quotes)`},
		{`{a: 1}`, `p:1:2: found "a", expected a key in double quotes`},
		{`{"a" 1}`, `p:1:6: found '1', expected ":"`},
		{`{"a": }`, `p:1:7: found '}', expected a value`},
		{`{"a": 1 "b": 2}`, `p:1:9: found '"', expected "," or "}" (is a comma missing before it?)`},
		{`{"a": 1,}`, `p:1:8: a comma before "}" (remove it: JSON has no trailing commas)`},
		{`{"a": [1,]}`, `p:1:9: a comma before "]" (remove it: JSON has no trailing commas)`},
		{`{"a": [1}`, `p:1:9: found '}', expected "," or "]"`},
		{`{"a": [1`, `p:1:9: the document ends here, expected "," or "]" (is the file cut off?)`},
		{`{"a": True}`, `p:1:7: found "True", expected a value`},
		{`{"a": "b`, `p:1:7: the string is not closed (add a double quote where it ends, on the same line)`},
		{"{\"a\": \"b\n\"}", `p:1:7: the string is not closed (add a double quote where it ends, on the same line)`},
		{"{\"a\": \"b\tc\"}", `p:1:9: control character U+0009 in a string (write it as an escape, such as \t)`},
		{"{\"a\": \"b\x1fc\"}", `p:1:9: control character U+001F in a string (write it as an escape, such as \t)`},
		{"{\"a\": \"\xe9\"}", `p:1:8: the byte 0xe9 is not UTF-8 (save the file as UTF-8)`},
		{`{"a": "\d"}`, `p:1:8: a backslash begins no escape sequence here (write \\ for a backslash)`},
		{`{"a": "\u12"}`, `p:1:8: \u without four hexadecimal digits`},
		{`{"a": "\ud83d"}`, `p:1:8: half of a surrogate pair (write both halves, or the character itself)`},
		{`{"a": 010}`, `p:1:7: a number that begins with 0 (write it in decimal, without leading zeros)`},
		{`{"a": 00}`, `p:1:7: a number that begins with 0 (write it in decimal, without leading zeros)`},
		{`{"a": 0x10}`, `p:1:7: JSON has no hexadecimal numbers (write it in decimal)`},
		{`{"a": -}`, `p:1:8: found '}', expected a digit`},
		{`{"a": 1e+}`, `p:1:10: found '}', expected a digit`},
		{`{"a": 1.}`, `p:1:9: found '}', expected a digit`},
		{`{"a": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
			`p:1:108: more than 100 levels of nesting`},
		{strings.Repeat(" ", profile.MaxSize+1), `p: the document is larger than 8 MiB`},
	} {
		wantErrors(t, c[0], profile.Options{}, c[1])
	}
}

func TestNoProfile(t *testing.T) {
	noDefault := `p:1:1: the profile has no "defaultAction" (it decides every call that no rule names; SCMP_ACT_ERRNO denies them)`
	for _, c := range [][2]string{
		{`null`, `p:1:1: found null, expected an object`},
		{`[]`, `p:1:1: found a list, expected an object`},
		{`"builtin"`, `p:1:1: found a string, expected an object`},
		{`{}`, noDefault},
		{`{"syscalls": []}`, noDefault},
		{`{"defaultAction": null}`, noDefault},
		{`{"defaultAction": 0}`, `p:1:19: defaultAction: found a number, expected a string (write it in double quotes)`},
		{`{"defaultAction": "SCMP_ACT_ERNO"}`, `p:1:19: defaultAction: unknown action "SCMP_ACT_ERNO" (did you mean "SCMP_ACT_ERRNO"?)`},
		{`{"defaultAction": "allow"}`, `p:1:19: defaultAction: unknown action "allow" (did you mean "SCMP_ACT_ALLOW"?)`},
		{`{"DefaultAction": "SCMP_ACT_ERRNO"}`, `p:1:2: DefaultAction: unknown key "DefaultAction" (it is written "defaultAction")`},
		{`{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_ERRNO"}`,
			`p:1:37: defaultAction: the key "defaultAction" is there twice (runtimes disagree about which one counts: remove one)`},
		{`{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}`,
			`p:1:56: defaultErrnoRet: SCMP_ACT_ALLOW takes no errno (remove it; SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one)`},
	} {
		wantErrors(t, c[0], profile.Options{}, c[1])
	}
}

func TestBadMember(t *testing.T) {
	for _, c := range [][2]string{
		{`"defaultErrnoRet": "1"`, `p:2:20: defaultErrnoRet: found a string, expected a number (write 1, without quotes)`},
		{`"defaultErrnoRet": -1`, `p:2:20: defaultErrnoRet: -1 is negative`},
		{`"defaultErrnoRet": 1.5`, `p:2:20: defaultErrnoRet: 1.5 is not written as a whole number (write digits only)`},
		{`"defaultErrnoRet": 4096`, `p:2:20: defaultErrnoRet: errno 4096: the largest is 4095`},
		{`"defaultErrno": "ENOSIS"`, `p:2:17: defaultErrno: unknown errno "ENOSIS" (did you mean "ENOSYS"?)`},
		{`"defaultErrnoRet": 1, "defaultErrno": "ENOSYS"`,
			`p:2:39: defaultErrno: defaultErrnoRet is 1 and defaultErrno is 38 (Docker reads the one, Podman the other: remove one)`},
		{`"architectures": ["amd64"]`, `p:2:19: architectures[0]: unknown architecture "amd64" (it is written "SCMP_ARCH_X86_64")`},
		{`"architectures": ["SCMP_ARCH_x86"]`, `p:2:19: architectures[0]: unknown architecture "SCMP_ARCH_x86" (did you mean "SCMP_ARCH_X86"?)`},
		{`"architectures": ["SCMP_ARCH_PARISC64"]`,
			`p:2:19: architectures[0]: SCMP_ARCH_PARISC64 is not supported by weir (remove it: calls of that kind are then killed)`},
		{`"architectures": ["SCMP_ARCH_ARM"], "archMap": [{"architecture": "SCMP_ARCH_ARM"}]`,
			`p:2:48: both "architectures" and "archMap" are given (keep one of them)`},
		{`"archMap": ["SCMP_ARCH_ARM"]`, `p:2:13: archMap[0]: found a string, expected an object`},
		{`"archMap": [{"architecture": 3, "subArchitectures": "SCMP_ARCH_ARM"}]`,
			`p:2:30: archMap[0].architecture: found a number, expected a string (write it in double quotes)` + "\n" +
				`p:2:53: archMap[0].subArchitectures: found a string, expected a list (write ["SCMP_ARCH_ARM"])`},
		{`"archMap": [{"subArchitectures": []}]`, `p:2:13: archMap[0]: an entry without "architecture"`},
		{`"archMap": {"architecture": "SCMP_ARCH_ARM"}`, `p:2:12: archMap: found an object, expected a list (put it between [ and ])`},
		{`"flags": 1`, `p:2:10: flags: found a number, expected a list`},
		{`"flags": ["LOG"]`, `p:2:11: flags[0]: unknown flag "LOG" (did you mean "SECCOMP_FILTER_FLAG_LOG"?)`},
		{`"listenerMetadata": "x"`, `p:2:21: listenerMetadata: there is no "listenerPath" to send it to`},
		{`"listenerPath": "/run/\u0000"`, `p:2:17: listenerPath: control character U+0000 in "/run/\x00" (remove it)`},
		{`"` + strings.Repeat("a", 70) + `": [}`, `p:2:76: found '}', expected a value`},
		{`"defaultErrno": "` + strings.Repeat("a", 70) + `"`, `p:2:17: defaultErrno: unknown errno "` + strings.Repeat("a", 64) + `..."`},
		{`"syscals": []`, `p:2:1: syscals: unknown key "syscals" (did you mean "syscalls"?)`},
		{`"syscalls": {"names": ["read"]}`, `p:2:13: syscalls: found an object, expected a list (put it between [ and ])`},
		{`"syscalls": [null]`, `p:2:14: syscalls[0]: found null, expected an object`},
		{`"syscalls": ["read"]`, `p:2:14: syscalls[0]: found a string, expected an object`},
	} {
		wantErrors(t, top(c[0]), profile.Options{}, c[1])
	}
}

func TestBadRule(t *testing.T) {
	for _, c := range [][2]string{
		{`{}`, `p:2:14: syscalls[0]: a rule without "names" (name the calls, such as "names": ["mount"])` + "\n" +
			`p:2:14: syscalls[0]: a rule without "action"`},
		{`{"names": "read", "action": "SCMP_ACT_ALLOW"}`, `p:2:24: syscalls[0].names: found a string, expected a list (write ["read"])`},
		{`{"names": [""], "action": "SCMP_ACT_ALLOW"}`, `p:2:25: syscalls[0].names[0]: an empty name`},
		{`{"names": ["read", null], "action": "SCMP_ACT_ALLOW"}`, `p:2:33: syscalls[0].names[1]: found null, expected a string`},
		{`{"names": ["a\u0000b"], "action": "SCMP_ACT_ALLOW"}`, `p:2:25: syscalls[0].names[0]: control character U+0000 in "a\x00b" (remove it)`},
		{`{"names": ["read"], "name": "write", "action": "SCMP_ACT_ALLOW"}`, `p:2:42: syscalls[0]: both "name" and "names" are given (keep "names")`},
		{`{"NAMES": ["read"], "action": "SCMP_ACT_ALLOW"}`, `p:2:15: syscalls[0].NAMES: unknown key "NAMES" (it is written "names")`},
		{`{"names": ["read"], "action": "SCMP_ACT_DENY"}`,
			`p:2:44: syscalls[0].action: unknown action "SCMP_ACT_DENY" (it is one of SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, ` +
				`SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE, SCMP_ACT_LOG, SCMP_ACT_ALLOW)`},
		{`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errno": 38}`,
			`p:2:71: syscalls[0].errno: found a number, expected a string (write it in double quotes)`},
		{`{"names": ["read"], "action": "SCMP_ACT_TRACE", "errnoRet": 70000}`,
			`p:2:74: syscalls[0].errnoRet: message 70000: a tracer receives 16 bits`},
	} {
		wantErrors(t, top(`"syscalls": [`+c[0]+`]`), profile.Options{}, c[1])
	}
}

func TestBadConditionInRule(t *testing.T) {
	for _, c := range [][2]string{
		{`"arg": []`, `p:2:1: syscalls[0].arg: unknown key "arg" (did you mean "args"?)`},
		{`"errnoRet": 1`, `p:2:13: syscalls[0].errnoRet: SCMP_ACT_ALLOW takes no errno (remove it; SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one)`},
		{`"args": [{"index": 0, "value": 1}]`, `p:2:10: syscalls[0].args[0]: a condition without "op"`},
		{`"args": [{"value": 1, "op": "SCMP_CMP_EQ"}]`, `p:2:10: syscalls[0].args[0]: a condition without "index"`},
		{`"args": [{"index": 0, "op": "SCMP_CMP_EQ"}]`, `p:2:10: syscalls[0].args[0]: a condition without "value"`},
		{`"args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]`, `p:2:20: syscalls[0].args[0].index: argument 6: a call has the arguments 0 to 5`},
		{`"args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]`,
			`p:2:32: syscalls[0].args[0].value: -1 is negative (arguments are unsigned: write 4294967295 for an int, 18446744073709551615 for a long)`},
		{`"args": [{"index": 0, "value": -5000000000, "op": "SCMP_CMP_EQ"}]`,
			`p:2:32: syscalls[0].args[0].value: -5000000000 is negative (arguments are unsigned: write 18446744068709551616)`},
		{`"args": [{"index": 0, "value": -0, "op": "SCMP_CMP_EQ"}]`, `p:2:32: syscalls[0].args[0].value: -0 is negative (write 0)`},
		{`"args": [{"index": 0, "value": true, "op": 5}]`, `p:2:32: syscalls[0].args[0].value: found true, expected a number` + "\n" +
			`p:2:44: syscalls[0].args[0].op: found a number, expected a string (write it in double quotes)`},
		{`"args": ["x"]`, `p:2:10: syscalls[0].args[0]: found a string, expected an object`},
		{`"args": {}`, `p:2:9: syscalls[0].args: found an object, expected a list (put it between [ and ])`},
		{`"args": [{"index": 0, "value": 18446744073709551616, "op": "SCMP_CMP_EQ"}]`,
			`p:2:32: syscalls[0].args[0].value: 18446744073709551616 is more than 64 bits hold (the largest number is 18446744073709551615)`},
		{`"args": [{"index": 0, "value": 1e3, "op": "SCMP_CMP_EQ"}]`, `p:2:32: syscalls[0].args[0].value: 1e3 is not written as a whole number (write digits only)`},
		{`"args": [{"index": 0, "value": "0x10", "op": "SCMP_CMP_EQ"}]`,
			`p:2:32: syscalls[0].args[0].value: found a string, expected a number (write 16, without quotes)`},
		{`"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_GR"}]`, `p:2:41: syscalls[0].args[0].op: unknown operator "SCMP_CMP_GR" (did you mean "SCMP_CMP_GT"?)`},
		{`"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ", "mask": 3}]`,
			`p:2:56: syscalls[0].args[0].mask: unknown key "mask" (it is one of index, value, valueTwo, op)`},
		{`"args": [{"index": 0, "value": 0, "op": "SCMP_CMP_MASKED_EQ"}]`,
			`p:2:10: syscalls[0].args[0].value: a mask of 0 compares nothing (value is the mask, valueTwo what the masked argument must be)`},
		{`"args": [{"index": 0, "value": 255, "valueTwo": 256, "op": "SCMP_CMP_MASKED_EQ"}]`,
			`p:2:10: syscalls[0].args[0].valueTwo: 0x100 has bits outside of the mask 0xff (value is the mask, valueTwo what the masked argument must be)`},
		{`"includes": {"caps": ["SYS_ADMIN"]}`, `p:2:23: syscalls[0].includes.caps: unknown capability "SYS_ADMIN" (it is written "CAP_SYS_ADMIN")`},
		{`"includes": {"caps": ["cap_sys_admin"]}`, `p:2:23: syscalls[0].includes.caps: unknown capability "cap_sys_admin" (it is written "CAP_SYS_ADMIN")`},
		{`"excludes": {"caps": ["CAP_SYS_ADMN"]}`, `p:2:23: syscalls[0].excludes.caps: unknown capability "CAP_SYS_ADMN" (did you mean "CAP_SYS_ADMIN"?)`},
		{`"excludes": {"arches": ["x86_64"]}`, `p:2:25: syscalls[0].excludes.arches: unknown architecture "x86_64" (it is written "amd64")`},
		{`"includes": {"kernel": "4.8"}`, `p:2:14: syscalls[0].includes.kernel: unknown key "kernel" (it is one of caps, arches, minKernel)`},
		{`"includes": {"minKernel": "3"}`, `p:2:27: syscalls[0].includes.minKernel: "3" is not a kernel version (write its first two numbers, such as "4.8")`},
		{`"includes": {"minKernel": 3.12}`, `p:2:27: syscalls[0].includes.minKernel: found a number, expected a string (write it in double quotes)`},
		{`"includes": {"minKernel": "4.15abc"}`, `p:2:27: syscalls[0].includes.minKernel: "4.15abc" is not a kernel version (write its first two numbers, such as "4.8")`},
		{`"includes": {"minKernel": "0.0"}`, `p:2:27: syscalls[0].includes.minKernel: "0.0" is not a kernel version (write its first two numbers, such as "4.8")`},
		{`"includes": {"minKernel": "4.256"}`, `p:2:27: syscalls[0].includes.minKernel: "4.256" is not a kernel version (write its first two numbers, such as "4.8")`},
		{`"includes": ["CAP_SYS_ADMIN"]`, `p:2:13: syscalls[0].includes: found a list, expected an object`},
	} {
		wantErrors(t, allow(c[0]), profile.Options{}, c[1])
	}
	// In a rule that denies, other slips loosen.
	for _, c := range [][2]string{
		{`"includes": {"caps": ["CAP_SYS_ADMN"]}`, `p:2:23: syscalls[0].includes.caps: unknown capability "CAP_SYS_ADMN" (did you mean "CAP_SYS_ADMIN"?)`},
		{`"includes": {"arches": ["AMD64"]}`, `p:2:25: syscalls[0].includes.arches: unknown architecture "AMD64" (did you mean "amd64"?)`},
		{`"excludes": {"minKernel": ""}`, `p:1:50: syscalls[0].excludes.minKernel: the version is empty (remove it, or write one such as "4.8")`},
	} {
		wantErrors(t, deny(c[0]), profile.Options{}, c[1])
	}
}

func TestSeveralProblemsAreReportedAtOnceInOrder(t *testing.T) {
	wantErrors(t, allow(`"args": [{"index": 9, "value": 1, "op": "EQ"}],
"includes": {"caps": ["SYS_ADMIN"]},
"exclude": {}`), profile.Options{},
		`p:2:20: syscalls[0].args[0].index: argument 9: a call has the arguments 0 to 5
p:2:41: syscalls[0].args[0].op: unknown operator "EQ" (did you mean "SCMP_CMP_EQ"?)
p:3:23: syscalls[0].includes.caps: unknown capability "SYS_ADMIN" (it is written "CAP_SYS_ADMIN")
p:4:1: syscalls[0].exclude: unknown key "exclude" (did you mean "excludes"?)`)

	_, err := profile.Parse("p", []byte(top(`"flags": [`+strings.Repeat("1,", 1000)+`1]`)), profile.Options{})
	if n := len(err.(*profile.Error).Problems); n != 20 {
		t.Errorf("%d problems of 1001 are reported, want 20", n)
	}
}
