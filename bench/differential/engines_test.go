package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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
		cases = append(cases, random(1, i), apart(i))
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
				if strings.HasPrefix(c.Name, "apart/") {
					t.Fatalf("%s: %s is not predicted\n%s", c.Name, call(d), c.Source)
				}
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

// apart makes a profile whose rules have several actions for a call, each for other
// values of one argument: they differ in its last three bits.
func apart(number int) Case {
	rng := rand.New(rand.NewPCG(1, uint64(number)))
	rules := []string{`{"names": ["read", "write", "openat"], "action": "SCMP_ACT_ALLOW"}`}
	for _, name := range []string{"kcmp", "socket", "fcntl", "bpf", "kill"}[:1+rng.IntN(5)] {
		arg := rng.IntN(3)
		for low := range 2 + rng.IntN(6) {
			op, value, second := "EQ", uint64(low)+8*rng.Uint64N(8)+pick(rng, []uint64{0, 0, 1 << 32}), uint64(0)
			if rng.IntN(2) == 0 {
				op, value, second = "MASKED_EQ", 7|pick(rng, []uint64{0, 8, 0xfffffff8, 1 << 40}), uint64(low)
			}
			action := pick(rng, []string{`"SCMP_ACT_ALLOW"`, `"SCMP_ACT_LOG"`, `"SCMP_ACT_ERRNO", "errnoRet": 5`})
			rules = append(rules, fmt.Sprintf(`{"names": [%q], "action": %s, "args": [{"index": %d, "op": "SCMP_CMP_%s", "value": %d, "valueTwo": %d}]}`,
				name, action, arg, op, value, second))
		}
	}
	return Case{
		Name: fmt.Sprintf("apart/%d", number), Lenient: true, Seed: uint64(number),
		Source: fmt.Appendf(nil, `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], "syscalls": [%s]}`, strings.Join(rules, ",\n")),
		Facts:  seccomp.Facts{Arch: seccomp.ArchX86_64, Kernel: kernels[len(kernels)-1], Caps: seccomp.DefaultCaps},
	}
}
