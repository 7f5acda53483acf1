package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Case is a profile under facts.
type Case struct {
	Name    string // unique; -case runs it alone
	Source  []byte
	Lenient bool // weir reads what would loosen the profile as runc does
	Facts   seccomp.Facts
	Seed    uint64 // of the calls that are tried

	// Sweep, if not nil, gives these calls in their place.
	Sweep func(f func(*seccomp.Data))
}

// small are profiles of a few lines, each about one thing that libseccomp does.
//
//go:embed testdata
var small embed.FS

var kernels = []seccomp.KernelVersion{{Major: 4, Minor: 4}, {Major: 4, Minor: 8}, {Major: 4, Minor: 14}, {Major: 5, Minor: 10}, {Major: 6, Minor: 18}}

// fixed returns the cases that do not depend on chance.
func fixed() ([]Case, error) {
	cases := sweeps() // the longest first
	docker := []byte(profile.DefaultSource())
	cases = append(cases, shipped("docker", docker)...)
	old, err := oldShape(docker)
	if err != nil {
		return nil, err
	}
	for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
		cases = append(cases, facts("docker-old-shape", old, seccomp.ArchX86_64, kernels[len(kernels)-1], caps))
	}

	podman, err := os.ReadFile(podmanProfile)
	switch {
	case err == nil:
		cases = append(cases, shipped("podman", podman)...)
	case os.Getenv("WEIR_TEST_MUST_RUN") == "1":
		return nil, fmt.Errorf("reading Podman's profile: %w (Debian has it in %s)", err, podmanPackage)
	default:
		fmt.Printf("skipped: Podman's profile: %v (Debian has it in %s)\n", err, podmanPackage)
	}

	files, err := small.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		src, err := small.ReadFile("testdata/" + file.Name())
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(file.Name(), ".json")
		for _, native := range []seccomp.Arch{seccomp.ArchX86_64, seccomp.ArchX86, seccomp.ArchS390X} {
			for _, caps := range []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps} {
				cases = append(cases, facts(name, src, native, kernels[len(kernels)-1], caps))
			}
		}
	}
	return cases, nil
}

const (
	podmanProfile = "/usr/share/containers/seccomp.json"
	podmanPackage = "golang-github-containers-common"
)

// shipped crosses a profile that people run with what it depends on: on x86_64
// each capability that it names alone, each two of them, none, Docker's fourteen
// and all; elsewhere the last three and the one that opens most.
func shipped(name string, src []byte) []Case {
	var cases []Case
	few := []seccomp.Caps{0, seccomp.DefaultCaps, seccomp.AllCaps, seccomp.CapSet(capNamed("CAP_SYS_ADMIN"))}
	for _, native := range seccomp.Archs() {
		if native == seccomp.ArchX32 {
			continue // no kernel's native one
		}
		sets := few
		if native == seccomp.ArchX86_64 {
			sets = append(capSets(src), few...)
		}
		for _, caps := range sets {
			for _, kernel := range kernels {
				cases = append(cases, facts(name, src, native, kernel, caps))
			}
		}
	}
	return cases
}

func facts(name string, src []byte, native seccomp.Arch, kernel seccomp.KernelVersion, caps seccomp.Caps) Case {
	return Case{
		Name:   fmt.Sprintf("%s/%s/%v/%#x", name, native.Name(), kernel, uint64(caps)),
		Source: src,
		Facts:  seccomp.Facts{Arch: native, Kernel: kernel, Caps: caps},
		Seed:   uint64(caps) ^ uint64(native)<<48 ^ uint64(kernel.Major)<<56 ^ uint64(kernel.Minor),
	}
}

// oldShape writes a profile as they were before 2016: an entry for each name.
func oldShape(src []byte) ([]byte, error) {
	d, err := plain.Read(src)
	if err != nil {
		return nil, err
	}
	var entries []plain.Entry
	for _, e := range d.Syscalls {
		for _, name := range e.Names {
			e.Name, e.Names = name, nil
			entries = append(entries, e)
		}
	}
	d.Syscalls = entries
	return json.Marshal(d)
}

// capSets returns every capability that a profile names, alone and in pairs.
func capSets(src []byte) []seccomp.Caps {
	var doc struct {
		Syscalls []struct {
			Includes, Excludes struct{ Caps []string }
		}
	}
	if err := json.Unmarshal(src, &doc); err != nil {
		panic(err) // a profile that ships, and that weir's parser has read
	}
	var named seccomp.Caps
	for _, e := range doc.Syscalls {
		for _, c := range append(e.Includes.Caps, e.Excludes.Caps...) {
			named |= seccomp.CapSet(capNamed(c))
		}
	}
	var sets []seccomp.Caps
	list := named.List()
	for i, a := range list {
		sets = append(sets, seccomp.CapSet(a))
		for _, b := range list[:i] {
			sets = append(sets, seccomp.CapSet(a, b))
		}
	}
	return sets
}

func capNamed(s string) seccomp.Cap {
	c, ok := seccomp.ParseCap(s)
	if !ok {
		panic("unknown capability " + s)
	}
	return c
}
