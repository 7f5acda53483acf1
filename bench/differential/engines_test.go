package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weir-dev/weir/bench/libseccomp"
	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/bench/runc"
	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// What package engines predicts of runc must be what libseccomp makes of the same
// profile, but for what it calls unsure.
func TestThePredictionForRuncIsWhatLibseccompMakes(t *testing.T) {
	version, err := engines.ParseVersion(libseccomp.Version())
	if err != nil {
		t.Fatal(err)
	}
	engine := engines.Runc
	engine.Libseccomp = version
	host := plain.NewHost()
	worker, patient := libseccomp.Worker{Limit: 2 * time.Second}, libseccomp.Worker{Limit: time.Minute}
	defer worker.Close()
	defer patient.Close()
	cases, err := fixed()
	if err != nil {
		t.Fatal(err)
	}
	cases = slices.DeleteFunc(cases, func(c Case) bool { // of Docker's and Podman's profiles one kernel is enough
		return c.Facts.Kernel != kernels[len(kernels)-1]
	})
	for i := range 300 {
		cases = append(cases, random(1, i))
	}
	var sure, unsure, refused int
	made := &programs{made: make(map[string]made)}
	for i := range cases {
		c := &cases[i]
		p, err := profile.Parse(c.Name, c.Source, profile.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := engines.Predict(engine, p, c.Facts)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := plain.Read(c.Source)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := doc.Resolve(c.Facts, host)
		if err != nil {
			t.Fatal(err)
		}
		start := predicted.Starts(false)
		f, err := runc.Filter(rules)
		if err != nil {
			if !predicted.Refused() {
				t.Errorf("%s: runc does not ask libseccomp, and no refusal is predicted", c.Name)
			}
			continue
		}
		prog, err := made.of(&worker, f)
		if errors.Is(err, libseccomp.ErrTimeout) && !predicted.Doubtful() {
			prog, err = patient.Program(f) // the machine may be busy
		}
		var refusal *libseccomp.Refusal
		switch {
		case errors.As(err, &refusal), errors.Is(err, libseccomp.ErrTimeout), errors.Is(err, libseccomp.ErrDied):
			if !predicted.Refused() && !predicted.Doubtful() {
				t.Errorf("%s: %v, and it is not predicted: %v\n%.1500s", c.Name, err, start, c.Source)
			}
			refused++
			continue
		case err != nil:
			t.Fatal(err)
		case predicted.Refused():
			if c.Facts.Arch == seccomp.ArchX86_64 && !slices.Contains(start.Why, "runc refuses SCMP_ACT_NOTIFY without a listenerPath") {
				t.Errorf("%s: libseccomp takes it, predicted: %v\n%.1500s", c.Name, start, c.Source)
			}
			continue
		}
		bad := 0
		inputs(rules, predicted.Policy, rand.New(rand.NewPCG(c.Seed, 1)), func(d *seccomp.Data) {
			if _, ok := predicted.Unsure(d.Arch, d.Nr); ok {
				unsure++
				return
			}
			sure++
			theirs, err := runc.Answer(rules, prog, d)
			if err != nil {
				t.Fatal(err)
			}
			_, rule := predicted.Policy.Eval(d)
			if rule.Return != theirs {
				if bad++; bad == 1 {
					t.Errorf("%s: %s: predicted %v, libseccomp %v\n%.2000s", c.Name, call(d), rule.Return, theirs, c.Source)
				}
			}
		})
	}
	t.Logf("%d answers were predicted, %d not; libseccomp refused %d profiles", sure, unsure, refused)
}
