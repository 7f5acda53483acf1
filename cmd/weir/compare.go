package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/kernel"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// Limits of a comparison. A step takes some 20 nanoseconds.
const (
	compareSteps   = 50_000_000
	maxDifferences = 100_000
)

// A subject is what diff and verify compare, with what people call it.
type subject struct {
	name string
	verify.Subject
}

// readSubject reads what is no process: a profile, or a program in any form.
func readSubject(arg string, facts seccomp.Facts, read *readFlags, stdin io.Reader, stderr io.Writer) (subject, error) {
	name, p, prog, err := read.readEither(arg, facts.Arch, stdin)
	if err != nil {
		return subject{}, err
	}
	if p != nil {
		return resolved(name, p, facts, read.lenient, stderr)
	}
	return inFile(name, prog).subject, nil
}

// readEither reads a PROFILE, or a program in any form; the other of the two is nil.
func (f *readFlags) readEither(arg string, arch seccomp.Arch, stdin io.Reader) (name string, p *profile.Profile, prog bpf.Program, err error) {
	name, src, err := readSource(arg, stdin)
	if err != nil {
		return name, nil, nil, err
	}
	if beginsObject(src) {
		p, err = f.parse(name, src)
		return name, p, nil, err
	}
	if prog, err = decodeProgram(name, src, arch); err != nil {
		err = orOfOtherForm(name, src, err)
	}
	return name, nil, prog, err
}

// readProgram reads a program in any form.
func readProgram(arg string, arch seccomp.Arch, stdin io.Reader) (name string, prog bpf.Program, err error) {
	lenient := readFlags{as: "docker", lenient: true}
	name, profile, prog, err := lenient.readEither(arg, arch, stdin)
	if err == nil && profile != nil {
		err = hintf(fmt.Errorf("%s: not a program", name), "it is a profile: weir explain shows it, weir compile makes a program of it")
	}
	return name, prog, err
}

// decodeProgram reads a program that a kernel of arch would take.
func decodeProgram(name string, src []byte, arch seccomp.Arch) (bpf.Program, error) {
	prog, err := bpf.Decode(src, arch.ByteOrder())
	if err == nil {
		err = prog.Check()
	}
	if err != nil {
		return nil, hintf(fmt.Errorf("%s: neither a profile nor a program: %w", name, err), "a profile is JSON and begins with {; a program is in a form that weir compile writes")
	}
	return prog, nil
}

// beginsObject recognises the beginning of a JSON object. No form of a program
// begins so: that in JSON is a list, and braces in C have numbers.
func beginsObject(src []byte) bool {
	rest, brace := bytes.CutPrefix(bytes.TrimSpace(src), []byte("{"))
	rest = bytes.TrimSpace(rest)
	return brace && len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
}

func resolved(name string, p *profile.Profile, facts seccomp.Facts, lenient bool, stderr io.Writer) (subject, error) {
	pol, notes, err := policy.Resolve(p, facts, policy.Options{Lenient: lenient})
	if err != nil {
		return subject{}, err
	}
	return subject{name, verify.Subject{Policy: pol}}, printNotes(stderr, slices.Concat(p.Notes, notes), false)
}

// A process is a subject with what was found out on the way.
type process struct {
	subject
	pid     int
	filters []kernel.Filter
	took    time.Duration // from before it was stopped to after it went on
}

// unconfined reports that a process was read, and has no filter: the kernel lets
// every call through.
func unconfined(err error) bool { return errors.Is(err, kernel.ErrNoFilter) }

// readRunning reads pid:N and container:NAME.
func readRunning(arg string) (p process, ok bool, err error) {
	if number, ok := strings.CutPrefix(arg, "pid:"); ok {
		pid, err := strconv.Atoi(number)
		if err != nil || pid <= 0 {
			return p, true, fmt.Errorf("%s: not the number of a process", arg)
		}
		p, err = readProcess(pid)
		return p, true, err
	}
	if name, ok := strings.CutPrefix(arg, "container:"); ok {
		p, err := readContainer(name)
		return p, true, err
	}
	return p, false, nil
}

// logs reports whether all filters log what they deny.
func (p *process) logs() bool {
	for _, f := range p.filters {
		if f.Flags&seccomp.FlagLog == 0 {
			return false
		}
	}
	return len(p.filters) > 0
}

func readProcess(pid int) (process, error) {
	start := time.Now()
	filters, err := kernel.ReadBack(pid)
	p := process{subject: subject{name: fmt.Sprintf("process %d", pid)}, pid: pid, filters: filters, took: time.Since(start)}
	if err != nil {
		var failed *kernel.Error
		if errors.As(err, &failed) && failed.Hint() != "" {
			err = hintf(err, "%s", failed.Hint())
		}
		return p, err
	}
	for _, f := range filters {
		p.Filters = append(p.Filters, f.Program)
	}
	return p, nil
}

// caps are the capabilities that a process can have: those for which its profile
// was resolved.
func (p *process) caps() (seccomp.Caps, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0, fmt.Errorf("read the capabilities of process %d: %w", p.pid, err)
	}
	for line := range bytes.Lines(status) {
		if set, ok := bytes.CutPrefix(line, []byte("CapBnd:")); ok {
			caps, err := strconv.ParseUint(string(bytes.TrimSpace(set)), 16, 64)
			return seccomp.Caps(caps) & seccomp.AllCaps, err
		}
	}
	return 0, fmt.Errorf("read the capabilities of process %d: its status does not show them", p.pid)
}

// A change is a difference as people see it: of one call, or of a range of
// numbers that are no calls.
type change struct {
	Direction string `json:"direction"`      // looser, tighter or different: from a to b
	ABI       string `json:"abi"`            // other: whatever else there is
	Audit     uint32 `json:"audit"`          // the architecture of the witness, AUDIT_ARCH_*
	Call      string `json:"call,omitempty"` // its name, if it has one
	First     uint32 `json:"first"`
	Last      uint32 `json:"last"`
	Witness   string `json:"witness"` // a call, as strace writes it
	A         string `json:"a"`       // its answers
	B         string `json:"b"`

	Why []string `json:"why,omitempty"` // what of an engine leads to b

	zero bool // all arguments of the witness are
}

// changes lists differences by call.
func changes(differences []verify.Difference) []change {
	list := []change{}
	for _, d := range differences {
		if d.Foreign {
			list = append(list, newChange(d, 0, "other", ""))
			continue
		}
		for rest, more := d, true; more; {
			next := rest
			arch, call, last := owner(rest.Witness.Arch, rest.First)
			next.Last = min(last, rest.Last)
			abi, name := fmt.Sprintf("arch %#x", uint32(rest.Witness.Arch)), ""
			if arch != 0 {
				abi = arch.Name()
			}
			if call != 0 {
				name = call.String()
			}
			list = append(list, newChange(next, arch, abi, name))
			more = next.Last < rest.Last
			rest.First = next.Last + 1
		}
	}
	return list
}

// owner says whose number it is, and up to which the answer is the same.
func owner(audit seccomp.AuditArch, nr seccomp.Nr) (arch seccomp.Arch, call syscalls.Call, last seccomp.Nr) {
	last = 1<<32 - 1
	for _, a := range seccomp.Archs() {
		if a.Audit() != audit {
			continue
		}
		if arch == 0 || a == seccomp.ArchX86_64 {
			arch = a
		}
		for _, c := range syscalls.On(a) {
			switch n, _ := c.Nr(a); {
			case n == nr:
				return a, c, nr
			case n > nr:
				last = min(last, n-1)
			}
		}
	}
	if arch == seccomp.ArchX86_64 && nr.X32() {
		arch = seccomp.ArchX32
	}
	return arch, 0, last
}

func newChange(d verify.Difference, arch seccomp.Arch, abi, name string) change {
	d.Witness.Nr = d.First
	c := change{Direction: "different", ABI: abi, Audit: uint32(d.Witness.Arch), Call: name, First: uint32(d.First), Last: uint32(d.Last),
		Witness: calls.Format(arch, d.Witness), A: d.A.String(), B: d.B.String(),
		zero: d.Witness.Args == [6]uint64{} && d.Witness.IP == 0}
	if d.A.Stricter(d.B) {
		c.Direction = "looser"
	} else if d.B.Stricter(d.A) {
		c.Direction = "tighter"
	}
	return c
}

// text is the witness, with all the numbers that it stands for. A name alone, or
// a range, stands for calls with all arguments 0.
func (c change) text() string {
	text := c.Witness
	switch {
	case c.First != c.Last:
		text = fmt.Sprintf("numbers %s to %s", numeral(c.First), numeral(c.Last))
		if !c.zero {
			text += ", such as " + c.Witness
		}
	case c.zero && c.Call != "":
		text = c.Call
	case c.zero:
		text = "number " + numeral(c.First)
	}
	return text
}

// numeral writes a number of a call: the large ones are flags and a number.
func numeral(nr uint32) string {
	if nr >= 1<<16 {
		return fmt.Sprintf("%#x", nr)
	}
	return strconv.Itoa(int(nr))
}
