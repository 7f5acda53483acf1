package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/bench/corpus"
	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/convert"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// conversions counts how what libseccomp compiles of converted profiles compares.
type conversions struct {
	convert func(*profile.Profile, seccomp.Facts, policy.Options) (*convert.Result, error)

	profiles, exact, named, notStarted, calls int
}

func (n *conversions) String() string {
	return fmt.Sprintf("%d profiles: %d exact, %d that differ as a loss says, %d not started; %d calls", n.profiles, n.exact, n.named, n.notStarted, n.calls)
}

// holds converts a case for OCI runtimes, has libseccomp compile the result, and
// holds that program against what the original means on a host whose libseccomp
// knows the same names. Where a loss says that a call differs it may; nowhere else.
func (n *conversions) holds(t *testing.T, w *libseccomp.Worker, host *plain.Host, c *Case) {
	t.Helper()
	p, err := profile.Parse(c.Name, c.Source, profile.Options{Lenient: c.Lenient})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	pol, _, err := policy.Resolve(p, c.Facts, policy.Options{Lenient: c.Lenient})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	r, err := n.convert(p, c.Facts, policy.Options{Lenient: c.Lenient})
	if err != nil && strings.Contains(err.Error(), "flattening") && strings.Contains(c.Name, "random") {
		return // it says which call cannot be written
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", c.Name, err, c.Source)
		return
	}
	n.profiles++
	engineLosses := slices.DeleteFunc(slices.Clone(r.Losses), func(p profile.Problem) bool { return !strings.Contains(p.Msg, "runtimes with libseccomp") })
	fail := func(format string, args ...any) {
		t.Errorf("%s on %s: %s\nfrom %s\nto %s\nlosses %v", c.Name, c.Facts.Arch.Name(), fmt.Sprintf(format, args...), c.Source, r.Text, engineLosses)
	}
	rules := resolvedPlain(t, r.Text, c.Facts, host)
	filter, err := runc.Filter(rules)
	if err != nil {
		return // runc does not take NOTIFY there, whatever the form
	}
	program, err := w.Program(filter)
	var refused *libseccomp.Refusal
	switch {
	case errors.As(err, &refused) && refused.Doing == "adding loongarch64":
		n.notStarted++ // libseccomp knows it since 2.6
		return
	case err != nil && len(engineLosses) > 0:
		n.notStarted++
		return
	case err != nil:
		fail("libseccomp: %v", err)
		return
	}
	differs := false
	original := resolvedPlain(t, c.Source, c.Facts, host)
	inputs(original, pol, rand.New(rand.NewPCG(c.Seed, 2)), func(d *seccomp.Data) {
		n.calls++
		got, err := runc.Answer(rules, program, d)
		if err != nil {
			t.Fatal(err)
		}
		want := original.Answers(d, plain.Names)[0]
		// A rule that is added for ipc or socketcall is a name that the host knows, where it
		// may not know those behind it, so that less is newer than the profile.
		if got == want || got == original.Answers(d, 0)[0] || differs && t.Failed() {
			return
		}
		for _, a := range seccomp.Archs() {
			call, ok := syscalls.At(a, d.Nr)
			named := func(p profile.Problem) bool {
				return strings.Contains(p.Msg, call.String()) || strings.Contains(p.Msg, "every call of ") && strings.Contains(p.Msg, " "+a.Name()+":")
			}
			if a.Audit() == d.Arch && (ok || strings.Contains(fmt.Sprint(engineLosses), "every call of ")) && slices.ContainsFunc(engineLosses, named) {
				differs = true
				return
			}
		}
		differs = true
		fail("%s: the profile says %v, libseccomp does %v", call(d), want, got)
	})
	if differs {
		n.named++
	} else {
		n.exact++
	}
}

func resolvedPlain(t *testing.T, src []byte, f seccomp.Facts, host *plain.Host) *plain.Rules {
	t.Helper()
	d, err := plain.Read(src)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := d.Resolve(f, host)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// What people run converts without any difference; of random profiles, which
// contradict themselves on purpose, most do, and a loss names each call of the rest.
func TestWhatIsConvertedForEnginesMeansTheSameToLibseccomp(t *testing.T) {
	holdAll(t, 3000, func(p *profile.Profile, f seccomp.Facts, o policy.Options) (*convert.Result, error) {
		return convert.Profile(p, convert.OCI, f, o)
	})
}

// So does what is flattened, where every rule is written anew.
func TestWhatIsFlattenedMeansTheSameToLibseccomp(t *testing.T) {
	holdAll(t, 1000, convert.Flatten)
}

func holdAll(t *testing.T, randoms int, to func(*profile.Profile, seccomp.Facts, policy.Options) (*convert.Result, error)) {
	t.Helper()
	host := plain.NewHost()
	w := &libseccomp.Worker{Limit: 5 * time.Second}
	defer w.Close()

	people := conversions{convert: to}
	for _, native := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchAARCH64, seccomp.ArchS390X, seccomp.ArchX86} {
		for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
			c := facts("docker", []byte(profile.Default().Source()), native, kernels[len(kernels)-1], caps)
			people.holds(t, w, host, &c)
		}
	}
	for _, p := range corpus.Profiles() {
		c := facts(p.Name, p.JSON, seccomp.ArchX86_64, kernels[len(kernels)-1], seccomp.DefaultCaps)
		people.holds(t, w, host, &c)
	}
	if people.exact != people.profiles {
		t.Errorf("of the profiles that people run, some differ: %s", &people)
	}

	chance := conversions{convert: to}
	for i := range randoms {
		c := random(3, i)
		chance.holds(t, w, host, &c)
		if t.Failed() {
			break
		}
	}
	t.Logf("people's %s, random %s", &people, &chance)
	if chance.exact*2 < chance.profiles || chance.named == 0 {
		t.Errorf("random profiles have lost their teeth: %s", &chance)
	}
}
