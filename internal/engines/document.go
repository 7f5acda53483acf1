package engines

import (
	"encoding/json"
	"fmt"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Document is linux.seccomp of the OCI's config.json: what an engine is given,
// whoever has read the profile before it.
type Document struct {
	DefaultAction    string   `json:"defaultAction"`
	DefaultErrnoRet  *uint    `json:"defaultErrnoRet,omitempty"`
	Architectures    []string `json:"architectures,omitempty"`
	Flags            []string `json:"flags,omitempty"`
	ListenerPath     string   `json:"listenerPath,omitempty"`
	ListenerMetadata string   `json:"listenerMetadata,omitempty"`
	Syscalls         []Entry  `json:"syscalls,omitempty"`
}

// An Entry is a rule as it is written.
type Entry struct {
	Names    []string  `json:"names"`
	Action   string    `json:"action"`
	ErrnoRet *uint     `json:"errnoRet,omitempty"`
	Args     []Operand `json:"args,omitempty"`

	rule int // its index in Profile.Rules
}

// An Operand is a condition as it is written.
type Operand struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

// Hand returns what an engine is given for a profile that was parsed in the
// dialect of whoever reads it: Docker decides its conditions and lists the
// architectures, containerd takes the document as the OCI's. Neither looks at
// Podman's names of errnos, and both read JSON as Go does.
func Hand(p *profile.Profile, f seccomp.Facts) (*Document, error) {
	var d Document
	if err := json.Unmarshal([]byte(p.Source()), &d); err != nil {
		return nil, fmt.Errorf("read profile %s: %w", p.File, err)
	}
	rules, archs := p.Flatten(f)
	d.Architectures = nil
	for _, a := range archs {
		d.Architectures = append(d.Architectures, a.String())
	}
	written := d.Syscalls
	d.Syscalls = nil
	for _, i := range rules {
		e := written[p.Rules[i].Index]
		e.rule = i
		e.Names = nil // with Docker's "name" among them
		for _, n := range p.Rules[i].Names {
			e.Names = append(e.Names, n.Text)
		}
		d.Syscalls = append(d.Syscalls, e)
	}
	return &d, nil
}

// Unconfined reports whether Docker, and runc, take a document for none: it has
// neither a default action nor a rule.
func Unconfined(src []byte) bool {
	var d Document
	return json.Unmarshal(src, &d) == nil && d.DefaultAction == "" && len(d.Syscalls) == 0
}

// answer is the word that an engine makes of an action and its errno, which both
// cut to 16 bits, and EPERM without one.
func answer(action string, errno *uint) seccomp.Return {
	a, _ := seccomp.ParseAction(action)
	if !a.TakesErrno() {
		return a.Return()
	}
	if errno == nil {
		return a.With(uint16(seccomp.EPERM))
	}
	return a.With(uint16(*errno))
}
