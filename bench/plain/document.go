package plain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// A Document is a profile as JSON has it: Docker's keys, the OCI's and Podman's.
type Document struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet *uint    `json:"defaultErrnoRet,omitempty"`
	DefaultErrno    string   `json:"defaultErrno,omitempty"`
	Architectures   []string `json:"architectures,omitempty"`
	ArchMap         []struct {
		Architecture     string   `json:"architecture"`
		SubArchitectures []string `json:"subArchitectures"`
	} `json:"archMap,omitempty"`
	Syscalls []Entry `json:"syscalls"`
}

// An Entry is one of "syscalls".
type Entry struct {
	Name     string   `json:"name,omitempty"`
	Names    []string `json:"names,omitempty"`
	Action   string   `json:"action"`
	ErrnoRet *uint    `json:"errnoRet,omitempty"`
	Errno    string   `json:"errno,omitempty"`
	Args     []Arg    `json:"args,omitempty"`
	Includes *Filter  `json:"includes,omitempty"`
	Excludes *Filter  `json:"excludes,omitempty"`
}

// An Arg is a condition of an entry.
type Arg struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

// A Filter is Docker's "includes" or "excludes".
type Filter struct {
	Caps      []string `json:"caps,omitempty"`
	Arches    []string `json:"arches,omitempty"`
	MinKernel string   `json:"minKernel,omitempty"`
}

// Read reads a profile.
func Read(src []byte) (*Document, error) {
	d := new(Document)
	if err := json.Unmarshal(src, d); err != nil {
		return nil, err
	}
	return d, nil
}

// answer makes the word that a filter returns of an action and its errno, by
// default EPERM. Podman's spelling of the errno wins.
func answer(action string, errnoRet *uint, errno string) (seccomp.Return, error) {
	a, ok := seccomp.ParseAction(action)
	if !ok {
		return 0, fmt.Errorf("unknown action %q", action)
	}
	if a != seccomp.ActErrno && a != seccomp.ActTrace {
		return a.Return(), nil
	}
	value := uint(seccomp.EPERM)
	if errnoRet != nil {
		value = *errnoRet
	}
	if errno != "" {
		if e, ok := seccomp.ParseErrno(errno); ok {
			value = uint(e)
		} else if n, err := strconv.ParseUint(errno, 10, 16); err == nil {
			value = uint(n)
		} else {
			return 0, fmt.Errorf("unknown errno %q", errno)
		}
	}
	if a == seccomp.ActErrno && uint16(value) > uint16(seccomp.MaxErrno) {
		value = uint(seccomp.MaxErrno) // what the kernel makes of it
	}
	return a.With(uint16(value)), nil
}

// dockerNames are the names of "arches" that differ from libseccomp's.
var dockerNames = map[seccomp.Arch]string{
	seccomp.ArchX86_64:      "amd64",
	seccomp.ArchAARCH64:     "arm64",
	seccomp.ArchMIPSEL64N32: "mips3l64n32", // so spelled
}

// applies decides about an entry as Docker does.
func (e *Entry) applies(f seccomp.Facts) bool {
	arch := dockerNames[f.Arch]
	if arch == "" {
		arch = strings.ToLower(strings.TrimPrefix(f.Arch.String(), "SCMP_ARCH_"))
	}
	held := func(name string) bool {
		return slices.ContainsFunc(f.Caps.List(), func(c seccomp.Cap) bool { return c.String() == name })
	}
	newEnough := func(version string) bool {
		var major, minor uint16
		fmt.Sscanf(version, "%d.%d", &major, &minor)
		return f.Kernel.Major > major || f.Kernel.Major == major && f.Kernel.Minor >= minor
	}
	if x := e.Excludes; x != nil {
		if slices.Contains(x.Arches, arch) || slices.ContainsFunc(x.Caps, held) ||
			x.MinKernel != "" && newEnough(x.MinKernel) {
			return false
		}
	}
	if x := e.Includes; x != nil {
		if len(x.Arches) > 0 && !slices.Contains(x.Arches, arch) {
			return false
		}
		for _, c := range x.Caps {
			if !held(c) {
				return false
			}
		}
		if x.MinKernel != "" && !newEnough(x.MinKernel) {
			return false
		}
	}
	return true
}
