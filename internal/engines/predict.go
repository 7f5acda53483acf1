package engines

import (
	"fmt"
	"slices"

	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Prediction is what an engine makes of a document.
type Prediction struct {
	Engine Engine
	Native seccomp.Arch

	// Policy is what the filter does, but for what is unsure.
	Policy *policy.Policy

	// Lost are names that nobody knows, in the order of the document.
	Lost []string

	unsure    []unsureRange
	left      map[unsureRange]bool // the same
	refusals  []string             // why the engine does not start the container, whatever its init
	doubts    []string             // why it may not
	whys      map[place][]string
	noArchMap bool // the profile has one, and its reader did not read it
}

// mostSaid bounds each list of what is said: nobody reads more, and a profile may
// have a hundred thousand rules.
const mostSaid = 100

// say adds to a list what it does not have yet.
func say(list []string, what string) []string {
	switch {
	case slices.Contains(list, what) || len(list) > mostSaid:
	case len(list) == mostSaid:
		list = append(list, "and more")
	default:
		list = append(list, what)
	}
	return list
}

// A place is a call on an architecture, as a filter sees it.
type place struct {
	audit seccomp.AuditArch
	nr    seccomp.Nr
}

type unsureRange struct {
	audit       seccomp.AuditArch
	first, last seccomp.Nr
	why         string
}

// Refused reports whether there is no filter, because the engine or libseccomp
// refuses the document.
func (p *Prediction) Refused() bool { return len(p.refusals) > 0 }

// Doubtful reports whether they may, or never end.
func (p *Prediction) Doubtful() bool { return len(p.doubts) > 0 }

// Unsure reports whether, and why, what becomes of a number depends on what
// cannot be known from the document.
func (p *Prediction) Unsure(audit seccomp.AuditArch, nr seccomp.Nr) (why string, unsure bool) {
	for _, u := range p.unsure {
		if u.audit == audit && u.first <= nr && nr <= u.last {
			return u.why, true
		}
	}
	return "", false
}

// Ranges calls f for all numbers that are unsure, in the order in which they were
// found. They may overlap.
func (p *Prediction) Ranges(f func(audit seccomp.AuditArch, first, last seccomp.Nr, why string)) {
	for _, u := range p.unsure {
		f(u.audit, u.first, u.last, u.why)
	}
}

// Why says what of the engine may lead to another answer to a number than a
// policy has.
func (p *Prediction) Why(meant *policy.Policy, audit seccomp.AuditArch, nr seccomp.Nr) []string {
	if p.noArchMap && !foreign(meant, audit, nr) && foreign(p.Policy, audit, nr) {
		return []string{"containerd does not read archMap"}
	}
	if why := p.whys[place{audit, nr}]; why != nil {
		return why
	}
	mine, its := newer(meant, audit, nr), newer(p.Policy, audit, nr)
	switch {
	case mine == its:
		return nil
	case its:
		return []string{"to runc it is newer than the profile: above the largest number whose name " + p.Engine.library() + " knows"}
	case p.Engine.Name == Crun.Name:
		return []string{"crun gives calls that are newer than the profile the default action"}
	case p.Engine.Version.before(nativeToo):
		return []string{"runc " + p.Engine.Version.String() + " answers newer calls with ENOSYS on the architectures that are listed alone"}
	}
	return nil
}

// foreign reports whether a policy does not list the architecture of a number.
func foreign(p *policy.Policy, audit seccomp.AuditArch, nr seccomp.Nr) bool {
	abi := p.ABI(audit)
	return abi == nil || abi.Row(nr).Rules[0].Why == policy.WhyForeign
}

// newer reports whether a policy answers a number as newer than the profile.
func newer(p *policy.Policy, audit seccomp.AuditArch, nr seccomp.Nr) bool {
	abi := p.ABI(audit)
	return abi != nil && abi.Row(nr).Rules[0].Why == policy.WhyNewer
}

// leave makes no prediction about numbers.
func (p *Prediction) leave(u unsureRange) {
	if !p.left[u] {
		p.left[u] = true
		p.unsure = append(p.unsure, u)
	}
}

func (p *Prediction) because(at place, why string) { p.whys[at] = say(p.whys[at], why) }

func (p *Prediction) refuse(why string) { p.refusals = say(p.refusals, why) }

func (p *Prediction) doubt(why string) { p.doubts = say(p.doubts, why) }

// Predict says what the engine makes of a profile, which was parsed in the
// dialect of its reader, leniently: Docker, Podman and containerd refuse less
// than weir does.
func Predict(e Engine, p *profile.Profile, f seccomp.Facts) (*Prediction, error) {
	d, err := Hand(p, f)
	if err != nil {
		return nil, err
	}
	m := &model{
		Prediction: &Prediction{Engine: e, Native: f.Arch, left: map[unsureRange]bool{}, whys: map[place][]string{}},
		profile:    p,
		document:   d,
		byDefault:  answer(d.DefaultAction, d.DefaultErrnoRet),
		calls:      map[place]*decision{},
		last:       map[seccomp.Arch]boundary{},
	}
	if err := m.architectures(); err != nil {
		return nil, err
	}
	m.check()
	for i := range d.Syscalls {
		m.entry(&d.Syscalls[i])
	}
	m.decide()
	m.build()
	return m.Prediction, nil
}

// A model is a prediction in the making.
type model struct {
	*Prediction
	profile   *profile.Profile
	document  *Document
	archs     []seccomp.Arch // the native one among them, in the order of their numbers
	byDefault seccomp.Return

	calls map[place]*decision
	last  map[seccomp.Arch]boundary

	absent bool // a name is of a call that not every architecture has
}

// architectures reads the list, to which libseccomp adds the native one.
func (m *model) architectures() error {
	m.archs = []seccomp.Arch{m.Native}
	m.knowsArch(m.Native)
	for _, text := range m.document.Architectures {
		a, ok := seccomp.ParseArch(text)
		if !ok {
			return fmt.Errorf("unknown architecture %q", text)
		}
		m.knowsArch(a)
		if a.ByteOrder() != m.Native.ByteOrder() {
			m.refuse(fmt.Sprintf("libseccomp refuses %v beside %v: they have another byte order", a, m.Native))
			continue
		}
		if !slices.Contains(m.archs, a) {
			m.archs = append(m.archs, a)
		}
	}
	slices.Sort(m.archs)
	return nil
}

// knowsArch looks for the one architecture that came to libseccomp late.
func (m *model) knowsArch(a seccomp.Arch) {
	lib := m.Engine.Libseccomp
	switch {
	case a != seccomp.ArchLOONGARCH64 || !lib.before(Version{2, 6, 0}):
	case lib != (Version{}) && !(Version{2, 5, 4}).before(lib):
		m.refuse(fmt.Sprintf("libseccomp %v does not know %v", lib, a))
	case a != m.Native:
		m.doubt(fmt.Sprintf("libseccomp knows %v since 2.6.0", a))
	}
}

// check finds what the engine refuses.
func (m *model) check() {
	d, runc := m.document, m.Engine.Name == Runc.Name
	notifies := m.byDefault.Action() == seccomp.ActNotify
	m.checkErrno("defaultErrnoRet", d.DefaultAction, d.DefaultErrnoRet)
	for i := range d.Syscalls {
		e := &d.Syscalls[i]
		m.checkErrno(m.path(e)+".errnoRet", e.Action, e.ErrnoRet)
		if !runc && len(e.Args) > 6 {
			m.doubt(fmt.Sprintf("%s has more than 6 conditions, of which some versions of crun read 6", m.path(e)))
		}
		if answer(e.Action, nil).Action() != seccomp.ActNotify {
			continue
		}
		notifies = true
		if runc && slices.Contains(e.Names, "write") {
			m.refuse("runc refuses SCMP_ACT_NOTIFY for write, which it needs to hand over the listener")
		}
	}
	if runc && len(d.Flags) > 0 && m.Engine.Version.before(Version{1, 2, 0}) {
		m.refuse("runc before 1.2 refuses any flag")
	}
	if runc && slices.Contains(d.Flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") && !m.Engine.Version.before(Version{1, 2, 0}) {
		m.doubt("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV takes libseccomp 2.6 and a listener")
	}
	switch {
	case !notifies:
	case runc && m.byDefault.Action() == seccomp.ActNotify:
		m.refuse("runc refuses SCMP_ACT_NOTIFY as the default action")
	case runc && d.ListenerPath == "":
		m.refuse("runc refuses SCMP_ACT_NOTIFY without a listenerPath")
	}
	if d.ListenerPath != "" && (notifies || !runc) {
		m.doubt("it takes a supervisor that listens at " + d.ListenerPath)
	}
}

// checkErrno looks at an errno that libseccomp, or crun, does not take.
func (m *model) checkErrno(path, action string, errno *uint) {
	if errno == nil {
		return
	}
	a, _ := seccomp.ParseAction(action)
	switch {
	case !a.TakesErrno() && m.Engine.Name == Crun.Name:
		m.refuse(fmt.Sprintf("crun refuses %s: %s takes no errno", path, action))
	case a == seccomp.ActErrno && uint16(*errno) >= uint16(seccomp.MaxErrno):
		m.refuse(fmt.Sprintf("libseccomp refuses %s: the largest errno is 4094 to it", path))
	}
}

func (m *model) path(e *Entry) string {
	return fmt.Sprintf("syscalls[%d]", m.profile.Rules[e.rule].Index)
}

// Ignored notes the conditions of Docker's that containerd, which read the profile
// as the OCI's, did not decide: meant is the profile as it is written.
func (p *Prediction) Ignored(meant *profile.Profile, f seccomp.Facts) {
	applies, archs := meant.Flatten(f)
	if !slices.Contains(archs, f.Arch) {
		archs = append(archs, f.Arch)
	}
	for i := range meant.Rules {
		r := &meant.Rules[i]
		if slices.Contains(applies, i) {
			continue
		}
		for _, n := range r.Names {
			for _, a := range archs {
				if at, ok := placeOf(n.Text, a); ok {
					p.because(at, "its rule has conditions of Docker's, and containerd does not read them")
				}
			}
		}
	}
	p.noArchMap = len(meant.ArchMap) > 0
}
