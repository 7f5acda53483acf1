package plain

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/seccomp"
)

// Rules are a profile under facts: what an engine is left with.
type Rules struct {
	Native  seccomp.Arch
	Archs   []seccomp.Arch // with the native one
	Default seccomp.Return
	Rules   []Rule // in the order of the file, one or more for each name of an entry
	Named   int    // how many names the entries have

	host *Host
	mine *index // over weir's tables, once it is needed
	his  *index // over libseccomp's
}

// A Rule is one name of one entry.
type Rule struct {
	Name   string
	Return seccomp.Return
	Conds  []Cond
}

// A Cond is a condition as it is written.
type Cond struct {
	Arg             uint8
	Op              seccomp.Op
	Value, ValueTwo uint64
}

// Resolve decides which entries apply. An entry that names an argument twice
// becomes a rule for each of its conditions, as runc has it. The host is needed
// by who asks for an answer. One goroutine uses the rules.
func (d *Document) Resolve(f seccomp.Facts, host *Host) (*Rules, error) {
	r := &Rules{Native: f.Arch, host: host}
	var err error
	if r.Default, err = answer(d.DefaultAction, d.DefaultErrnoRet, d.DefaultErrno); err != nil {
		return nil, err
	}
	listed := d.Architectures
	for _, m := range d.ArchMap {
		if m.Architecture == f.Arch.String() {
			listed = append([]string{m.Architecture}, m.SubArchitectures...)
			break
		}
	}
	for _, name := range append([]string{f.Arch.String()}, listed...) {
		a, ok := seccomp.ParseArch(name)
		if !ok {
			return nil, fmt.Errorf("unknown architecture %q", name)
		}
		if !slices.Contains(r.Archs, a) {
			r.Archs = append(r.Archs, a)
		}
	}
	for i := range d.Syscalls {
		if e := &d.Syscalls[i]; e.applies(f) {
			if err := r.add(e); err != nil {
				return nil, fmt.Errorf("syscalls[%d]: %w", i, err)
			}
		}
	}
	return r, nil
}

func (r *Rules) add(e *Entry) error {
	ret, err := answer(e.Action, e.ErrnoRet, e.Errno)
	if err != nil {
		return err
	}
	var conds []Cond
	var times [6]int
	repeated := false
	for _, a := range e.Args {
		op, ok := seccomp.ParseOp(a.Op)
		if !ok || a.Index > 5 {
			return fmt.Errorf("bad condition %+v", a)
		}
		times[a.Index]++
		repeated = repeated || times[a.Index] > 1
		conds = append(conds, Cond{uint8(a.Index), op, a.Value, a.ValueTwo})
	}
	names := e.Names
	if e.Name != "" {
		names = append([]string{e.Name}, names...)
	}
	r.Named += len(names)
	for _, name := range names {
		if !repeated {
			r.Rules = append(r.Rules, Rule{name, ret, conds})
			continue
		}
		for _, c := range conds {
			r.Rules = append(r.Rules, Rule{name, ret, []Cond{c}})
		}
	}
	return nil
}
