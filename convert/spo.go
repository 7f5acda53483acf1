package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// The manifest, as api/seccompprofile/v1 of the security-profiles-operator
// declares it. It has no defaultErrnoRet, and takes an errnoRet of 0 for none.
type (
	manifest struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   metadata `json:"metadata"`
		Spec       spec     `json:"spec"`
	}
	metadata struct {
		Name string `json:"name"`
	}
	spec struct {
		DefaultAction    string          `json:"defaultAction"`
		Architectures    []string        `json:"architectures,omitempty"`
		Flags            []string        `json:"flags,omitempty"`
		ListenerPath     string          `json:"listenerPath,omitempty"`
		ListenerMetadata string          `json:"listenerMetadata,omitempty"`
		Syscalls         json.RawMessage `json:"syscalls"`
	}
)

// maxListenerPath is what fits into a sockaddr_un.
const maxListenerPath = 107

// takesListener reports whether the operator lets a listener be there: in its own
// directory, by a name of letters, digits, "_", "." and "-".
func takesListener(path string) bool {
	name, inside := strings.CutPrefix(path, "/var/run/security-profiles-operator/")
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
	}
	return inside && name != "" && strings.IndexFunc(name, odd) < 0 && len(path) <= maxListenerPath
}

// spo writes the manifest of what forEngines made. The spec is returned a second
// time, as the JSON that the operator hands to the runtime.
func (c *conversion) spo(resolved *profile.Profile) (text, readBack []byte) {
	q := c.spoProfile(resolved)
	if len(c.refused) > 0 {
		return nil, nil
	}
	m := manifest{
		APIVersion: "security-profiles-operator.x-k8s.io/v1",
		Kind:       "SeccompProfile",
		Metadata:   metadata{objectName(c.profile.File)},
	}
	if err := json.Unmarshal(q.MarshalOCI(c.facts), &m.Spec); err != nil {
		panic("convert: what profile writes does not decode: " + err.Error())
	}
	tree, err := parseJSON("", encode(m))
	if err != nil {
		panic("convert: what encoding/json writes does not parse: " + err.Error())
	}
	return yaml(tree), encode(m.Spec)
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	if err := e.Encode(v); err != nil {
		panic("convert: strings and JSON do not encode: " + err.Error())
	}
	return b.Bytes()
}

// spoProfile makes a profile of what the manifest can say.
func (c *conversion) spoProfile(p *profile.Profile) *profile.Profile {
	q := &profile.Profile{
		File: p.File, Default: p.Default,
		Flags: p.Flags, FlagsSet: p.FlagsSet,
		ListenerPath: p.ListenerPath, ListenerMetadata: p.ListenerMetadata,
	}
	if p.Default.Action() == seccomp.ActNotify {
		c.refuse(p.DefaultPos, "defaultAction", "a SeccompProfile cannot have SCMP_ACT_NOTIFY as the default action", "")
	}
	if p.Default.Action().TakesErrno() && seccomp.Errno(p.Default.Data()) != seccomp.EPERM {
		q.Default, c.changed = p.Default.Action().With(uint16(seccomp.EPERM)), true
		c.lose(p.DefaultPos, "defaultErrnoRet", fmt.Sprintf("a SeccompProfile has no defaultErrnoRet: %v becomes %v", p.Default, q.Default), "")
	}
	if p.FlagsSet && p.Flags == 0 {
		c.lose(0, "flags", "a SeccompProfile cannot have an empty list of flags: the runtime then uses SECCOMP_FILTER_FLAG_SPEC_ALLOW", "")
	}
	if p.ListenerPath != "" && !takesListener(p.ListenerPath) {
		c.refuse(0, "listenerPath", fmt.Sprintf("the operator takes no listener at %q", p.ListenerPath),
			"it must be a file in /var/run/security-profiles-operator")
	}
	for _, a := range c.archs {
		if a != seccomp.ArchLOONGARCH64 {
			q.Architectures = append(q.Architectures, profile.ArchRef{Arch: a})
		} else if a != c.facts.Arch || len(c.archs) > 1 {
			c.refuse(0, "architectures", "a SeccompProfile cannot list "+a.String(), "")
		}
	}
	for i := range p.Rules {
		if len(p.Rules[i].Names) > 0 {
			q.Rules = append(q.Rules, c.spoRule(&p.Rules[i]))
		}
	}
	return q
}

func (c *conversion) spoRule(r *profile.Rule) profile.Rule {
	path := fmt.Sprintf("syscalls[%d]", r.Index)
	out := profile.Rule{Return: r.Return, Args: r.Args}
	for _, n := range r.Names {
		same := func(have profile.Name) bool { return have.Text == n.Text }
		if !slices.ContainsFunc(out.Names, same) { // a name twice is refused
			out.Names = append(out.Names, n)
		}
	}
	if r.Return.Action().TakesErrno() {
		switch data := r.Return.Data(); {
		case data == 0:
			out.Return, c.changed = r.Return.Action().With(uint16(seccomp.EPERM)), true
			c.lose(r.Pos, path+".errnoRet", fmt.Sprintf("a SeccompProfile takes errnoRet 0 for none: %v becomes %v", r.Return, out.Return), "")
		case data > uint16(seccomp.MaxErrno):
			c.refuse(r.Pos, path+".errnoRet", fmt.Sprintf("%d: the largest errnoRet of a SeccompProfile is %d", data, seccomp.MaxErrno), "")
		}
	}
	if most := 6; len(r.Args) > most {
		c.refuse(r.Pos, path+".args", fmt.Sprintf("%d conditions: a rule of a SeccompProfile has at most %d", len(r.Args), most), "write a rule for each")
	}
	for j, a := range r.Args {
		if a.Value > math.MaxInt64 || a.ValueTwo > math.MaxInt64 {
			c.refuse(a.Pos, fmt.Sprintf("%s.args[%d]", path, j), "a value above 9223372036854775807 does not fit into a SeccompProfile",
				"an argument of 32 bits needs no more than those of its value")
		}
	}
	return out
}

// objectName makes a Kubernetes name of a file's: lower case letters, digits and
// dashes.
func objectName(file string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	words := strings.FieldsFunc(base, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := strings.Join(words, "-")
	if name == "" {
		return "profile"
	}
	return strings.TrimRight(name[:min(len(name), 253)], "-")
}
