//go:build linux

package inside

import (
	"errors"
	"strings"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// Build makes the container that the plan describes around the calling thread, which the
// caller has locked, and which shares neither root, working directory nor umask with
// another one. It has all of the container's namespaces but that of processes, perhaps.
//
// If proc is not nil it returns the plan's new /proc, detached, which another process has
// made; the container's cgroup namespace is entered when it returns. Reach is told of
// each stage when it is over.
func Build(p *handover.Plan, proc func() (int, error), reach func(thread.Stage)) (*Root, error) {
	r := &Root{plan: p, Master: -1, Slave: -1, fd: -1, dir: -1}
	if err := r.build(proc, reach); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Root) build(proc func() (int, error), reach func(thread.Stage)) (err error) {
	p := r.plan
	unix.Umask(0) // the modes of nodes and directories are exact
	if err := r.enter(proc); err != nil {
		return err
	}
	reach(thread.StageRoot)
	for m, ok := next(&r.mounts); ok; m, ok = next(&r.mounts) {
		if err := r.mount(m); err != nil {
			return Doing("mount "+m.Source+" at "+m.Target, err)
		}
	}
	if err := r.populateDev(p); err != nil {
		return err
	}
	if err := identity(r, p); err != nil {
		return err
	}
	if p.Terminal {
		if err := r.makeTerminal(); err != nil {
			return Doing("open a terminal", err)
		}
	}
	if err := r.makeCwd(p.Cwd); err != nil {
		return Doing("make the working directory "+p.Cwd, err)
	}
	if err := r.restrict(p); err != nil {
		return err
	}
	reach(thread.StageMount)
	r.user, err = r.lookupUser(p.User, p.Groups)
	return err
}

// Settle adds what a process whose root the container is does before anything that
// depends on its user's rights. It is as good as in the container after it: no descriptor
// but the standard streams survives its execve.
func (r *Root) Settle(s *thread.Script) {
	s.Call("leave the caller's session keyring", unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0).Tolerate(unix.ENOSYS)
	r.openStdio(s)
	r.enterCwd(s)
	s.Call("set the umask", unix.SYS_UMASK, 0o022)
	r.setRlimits(s)
	r.setCredentials(s)
	// The launcher's death is to kill the container, also where it takes the guard with
	// it. That was arranged at the start, but a change of credentials takes it back
	// (prctl(2)).
	s.Prctl("tie the container to the launcher", unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL))
	s.Call("close the descriptors", unix.SYS_CLOSE_RANGE, 3, ^uintptr(0)>>(unix.SizeofPtr*8-32), unix.CLOSE_RANGE_CLOEXEC)
}

// Rights adds what gives a thread the working directory of the container, and over files
// the rights of its user, so that it finds what the program's process would.
func (r *Root) Rights(s *thread.Script) {
	r.enterCwd(s)
	r.setFileRights(s)
}

// Become adds the rest: the filter of a confined plan, which is returned for its program
// to be set, and the execve of the program at path, which Lookup has found. A limit of
// late is set just before the filter is attached.
func (r *Root) Become(s *thread.Script, path string, late Late) *thread.Filter {
	p := r.plan
	env := s.Strings(withHome(p.Env, r.user.home))
	args := s.Each(p.Args)
	file, argv := s.String(path), s.Words(args...)
	var filter *thread.Filter
	if p.Confined {
		filter = s.NewFilter()
	}
	s.ResetSignals()
	s.Mark(thread.PhaseExec)
	if p.Reaper {
		s.Fork(thread.Reaper{
			Path: handover.FirstPath, Name: handover.ReaperName, Args: append([]uintptr{s.String("--")}, args[:len(p.Args)]...),
			Env: env, Foreground: p.Terminal,
		}, filter)
	}
	if len(late.Text) > 0 {
		s.Call("", unix.SYS_WRITE, uintptr(late.Fd), s.Bytes(late.Text), uintptr(len(late.Text))).In(thread.PhaseLimitRefused)
	}
	if filter != nil {
		filter.Attach()
	}
	s.Execve(file, argv, env)
	return filter
}

// A Late is a file of the container's cgroup and what to write to it; without text there
// is none.
type Late struct {
	Fd   int
	Text []byte
}

// Lookup finds the plan's program with the rights of the calling thread. The kind of a
// failure is that of package handover.
func (r *Root) Lookup() (path string, kind uint32, err error) {
	return lookupProgram(r.plan.Args[0], withHome(r.plan.Env, r.user.home))
}

// MakeProc adds what makes the plan's new /proc, detached, in the process's own PID
// namespace. The result of the last call is its descriptor. There may be none to make.
func MakeProc(s *thread.Script, p *handover.Plan) (last thread.Call, ok bool) {
	for _, m := range p.Mounts {
		if m.Kind != handover.KindNew || m.Type != "proc" {
			continue
		}
		what := "mount " + m.Source + " at " + m.Target
		fs := s.Call(what, unix.SYS_FSOPEN, s.String(m.Type), unix.FSOPEN_CLOEXEC).Result()
		s.Call(what, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_STRING, s.String("source"), s.String(m.Source), 0).From(fs)
		for _, o := range m.Options {
			key, value, has := strings.Cut(o, "=")
			if has {
				s.Call(what, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_STRING, s.String(key), s.String(value), 0).From(fs)
			} else {
				s.Call(what, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_FLAG, s.String(key), 0, 0).From(fs)
			}
		}
		s.Call(what, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_CMD_CREATE, 0, 0, 0).From(fs)
		return s.Call(what, unix.SYS_FSMOUNT, 0, unix.FSMOUNT_CLOEXEC, uintptr(m.Attrs)).From(fs), true
	}
	return last, false
}

// Doing is err with what was being done when it came.
func Doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(what + ": " + err.Error())
}
