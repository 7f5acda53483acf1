package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// securityFlags are Docker's --security-opt, and how strictly a profile is read.
type securityFlags struct {
	options []string
	strict  bool
	read    readFlags
	reaper  bool              // whether the profile must do for --init, too
	reached func(step string) // told when a step is over, unless nil
}

func (f *securityFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.options, "security-opt", nil, "seccomp=FILE|builtin|unconfined, no-new-privileges, spec-allow")
	addStrictness(cmd, &f.strict, &f.read)
}

const securityAccepted = "accepted are seccomp=FILE, seccomp=builtin, seccomp=unconfined, no-new-privileges[=true|false] and spec-allow[=true|false]"

// securityChoice are what the options come to; of two the last counts.
type securityChoice struct {
	profile    string // a PROFILE or unconfined; empty if none is named
	noNewPrivs bool
	specAllow  *bool // nil if the profile is to say
}

func (f *securityFlags) parse() (o securityChoice, err error) {
	for _, opt := range f.options {
		key, value, found := strings.Cut(opt, "=")
		if !found {
			key, value, found = strings.Cut(opt, ":") // the spelling before Docker 1.11
		}
		on := true
		switch key {
		case "no-new-privileges", "spec-allow":
			if found {
				if on, err = strconv.ParseBool(value); err != nil {
					return o, hintf(fmt.Errorf("--security-opt: %q: want true or false", opt), securityAccepted)
				}
			}
			if key == "spec-allow" {
				o.specAllow = &on
			} else {
				o.noNewPrivs = on
			}
		case "seccomp":
			if value == "" {
				return o, hintf(fmt.Errorf("--security-opt: %q names no profile", opt), securityAccepted)
			}
			o.profile = value
		case "apparmor", "label":
			return o, hintf(fmt.Errorf("--security-opt: %q is not known", opt), "leave it out: weir sets no profile of AppArmor and no label of SELinux")
		default:
			return o, hintf(fmt.Errorf("--security-opt: %q is not known", opt), securityAccepted)
		}
	}
	return o, nil
}

// A confinement is a compiled profile, and what it was resolved from.
type confinement struct {
	*weir.Compiled
	profile *profile.Profile
	facts   seccomp.Facts
}

// A confining is a profile on its way to a filter, beside what else there is to do.
type confining struct {
	done chan struct{} // closed when c and err are there
	c    *confinement
	err  error
	note func() error // prints what the profile's notes are
}

// begin starts on the filter of a container, nil if it is to be unconfined. Its facts
// are what the container is really granted.
func (f *securityFlags) begin(spec *container.Spec, cmd *cobra.Command) (*confining, error) {
	o, err := f.parse()
	if err != nil {
		return nil, err
	}
	spec.NoNewPrivs = o.noNewPrivs
	if o.profile == "" {
		o.profile = "builtin"
		if spec.Privileged {
			o.profile = "unconfined"
		}
	}
	if o.profile == "unconfined" {
		return nil, nil
	}
	j := &confining{done: make(chan struct{})}
	j.note = sync.OnceValue(func() error { return printNotes(cmd.ErrOrStderr(), j.c.Notes, f.strict) })
	go func() {
		j.c, j.err = f.compile(o, spec.Caps, cmd)
		close(j.done)
	}()
	if o.profile == "-" {
		<-j.done // before the container reads what follows
	}
	return j, nil
}

// filter is a container's [container.Spec.Filter].
func (j *confining) filter() (bpf.Program, seccomp.Flag, error) {
	c, err := j.wait()
	if err != nil {
		return nil, 0, err
	}
	return c.Program, c.Flags, nil
}

// wait returns what the profile has become.
func (j *confining) wait() (*confinement, error) {
	if j == nil {
		return nil, nil
	}
	<-j.done
	if j.err == nil {
		j.err = j.note()
	}
	return j.c, j.err
}

func (f *securityFlags) compile(o securityChoice, caps seccomp.Caps, cmd *cobra.Command) (*confinement, error) {
	facts := seccomp.Facts{Caps: caps}
	var err error
	if facts.Arch, err = hostArch(); err != nil {
		return nil, err
	}
	if facts.Kernel, err = hostKernel(); err != nil {
		return nil, err
	}
	p, err := f.read.read(o.profile, cmd.InOrStdin())
	if err != nil {
		return nil, err
	}
	if f.reached != nil {
		f.reached("profile")
	}
	c, err := weir.Compile(p, facts, weir.Options{Lenient: f.read.lenient, Reached: f.reached})
	if err != nil {
		return nil, err
	}
	if o.specAllow != nil {
		c.Flags &^= seccomp.FlagSpecAllow
		if *o.specAllow {
			c.Flags |= seccomp.FlagSpecAllow
		}
	}
	return &confinement{c, p, facts}, f.startable(p.File, c.Policy)
}

// startable refuses a policy under which nothing can run here: one that never
// lets execve through, or that hands calls to a supervisor, which there is not.
func (f *securityFlags) startable(file string, p *policy.Policy) error {
	for _, abi := range p.ABIs {
		for _, row := range abi.Rows {
			for _, rule := range row.Rules {
				if rule.Return.Action() == seccomp.ActNotify {
					return hintf(fmt.Errorf("%s: %s of %s: weir run has no supervisor to ask", file, seccomp.ActNotify, rowName(&row)),
						"give these calls another action, or run the container under an engine with a listener")
				}
			}
		}
	}
	if !lets(p, "execve") {
		return hintf(fmt.Errorf("%s: %w", file, errNoExecve), "allow execve: the container's program is started by it, under the filter")
	}
	for _, name := range container.ReaperCalls {
		if f.reaper && !lets(p, name) {
			return hintf(fmt.Errorf("%s: the profile never allows %s, and --init needs it", file, name),
				"allow %s, or leave out --init", strings.Join(container.ReaperCalls, ", "))
		}
	}
	return nil
}

// lets reports whether a policy lets a call through, with whatever arguments.
func lets(p *policy.Policy, name string) bool {
	call, _ := syscalls.Lookup(name)
	nr, _ := call.Nr(p.Native)
	for _, rule := range p.ABI(p.Native.Audit()).Row(nr).Rules {
		switch rule.Return.Action() {
		case seccomp.ActAllow, seccomp.ActLog:
			return true
		}
	}
	return false
}

var errNoExecve = errors.New("the profile never allows execve, so no program can start")

func rowName(row *policy.Row) string {
	if call := row.Call(row.First); call != 0 {
		return call.String()
	}
	return "unnamed calls"
}
