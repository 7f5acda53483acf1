package profile

import (
	"bytes"
	"encoding/json"

	"github.com/weir-dev/weir/seccomp"
)

// Marshal writes the profile in Docker's dialect, indented with tabs. Reading it
// again, with the same options, gives the same profile but for places and notes.
// The same profile always gives the same bytes. Of a profile that is composed of
// several files it writes the first, and "extends" as it was.
func (p *Profile) Marshal() []byte {
	doc := p.document()
	doc.Extends = nameTexts(p.Extends)
	for i := range p.ArchMap {
		e := &p.ArchMap[i]
		doc.ArchMap = append(doc.ArchMap, jsonArchMapEntry{e.Arch.Arch.String(), archTexts(e.Sub)})
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Layer > 0 {
			continue
		}
		entry := r.entry()
		entry.Comment = r.Comment
		entry.Includes, entry.Excludes = r.Includes.object(), r.Excludes.object()
		doc.Syscalls = append(doc.Syscalls, entry)
	}
	return encode(doc)
}

// MarshalOCI writes what the profile is for the facts as linux.seccomp of the OCI
// runtime specification, indented with tabs: conditional rules are there or not,
// and comments are gone, for which that format has no place. It returns nil for a
// profile that is not [Profile.Plain]: package convert makes it plain.
func (p *Profile) MarshalOCI(f seccomp.Facts) []byte {
	if !p.Plain() {
		return nil
	}
	rules, archs := p.Flatten(f)
	doc := p.document()
	doc.Architectures = texts(archs)
	for _, i := range rules {
		doc.Syscalls = append(doc.Syscalls, p.Rules[i].entry())
	}
	return encode(doc)
}

// The documents' keys, in the order in which Docker writes them.
type (
	jsonProfile struct {
		Extends          []string           `json:"extends,omitempty"`
		DefaultAction    string             `json:"defaultAction"`
		DefaultErrnoRet  *uint16            `json:"defaultErrnoRet,omitempty"`
		Architectures    []string           `json:"architectures,omitempty"`
		Flags            *[]string          `json:"flags,omitempty"`
		ListenerPath     string             `json:"listenerPath,omitempty"`
		ListenerMetadata string             `json:"listenerMetadata,omitempty"`
		ArchMap          []jsonArchMapEntry `json:"archMap,omitempty"`
		Syscalls         []jsonRule         `json:"syscalls"`
	}
	jsonArchMapEntry struct {
		Architecture     string   `json:"architecture"`
		SubArchitectures []string `json:"subArchitectures"`
	}
	jsonRule struct {
		Names    []string    `json:"names"`
		Action   string      `json:"action"`
		ErrnoRet *uint16     `json:"errnoRet,omitempty"`
		Args     []jsonArg   `json:"args,omitempty"`
		Comment  string      `json:"comment,omitempty"`
		Includes *jsonFilter `json:"includes,omitempty"`
		Excludes *jsonFilter `json:"excludes,omitempty"`
	}
	jsonArg struct {
		Index    uint8  `json:"index"`
		Value    any    `json:"value"` // a number, or constants by name
		ValueTwo any    `json:"valueTwo,omitempty"`
		Op       string `json:"op"`
	}
	jsonFilter struct {
		Caps      []string `json:"caps,omitempty"`
		Arches    []string `json:"arches,omitempty"`
		MinKernel *string  `json:"minKernel,omitempty"`
	}
)

// document makes what both dialects have but for the rules.
func (p *Profile) document() jsonProfile {
	doc := jsonProfile{
		DefaultAction:    p.Default.Action().String(),
		DefaultErrnoRet:  errnoRet(p.Default),
		Architectures:    archTexts(p.Architectures),
		ListenerPath:     p.ListenerPath,
		ListenerMetadata: p.ListenerMetadata,
		Syscalls:         []jsonRule{},
	}
	if p.FlagsSet {
		flags := []string{}
		for f := seccomp.Flag(1); f != 0; f <<= 1 {
			if p.Flags&f != 0 {
				flags = append(flags, f.String())
			}
		}
		doc.Flags = &flags
	}
	return doc
}

// entry makes what both dialects have of a rule.
func (r *Rule) entry() jsonRule {
	e := jsonRule{Names: nameTexts(r.Names), Action: r.Return.Action().String(), ErrnoRet: errnoRet(r.Return)}
	for _, a := range r.Args {
		arg := jsonArg{Index: a.Index, Value: a.Value, Op: a.Op.String()}
		if a.ValueTwo != 0 {
			arg.ValueTwo = a.ValueTwo
		}
		if a.Named != nil && a.Named.Value.Text != "" {
			arg.Value = a.Named.Value.Text
		}
		if a.Named != nil && a.Named.ValueTwo.Text != "" {
			arg.ValueTwo = a.Named.ValueTwo.Text
		}
		e.Args = append(e.Args, arg)
	}
	return e
}

// errnoRet is written even where it is the default, EPERM: every reader then
// reads the same.
func errnoRet(r seccomp.Return) *uint16 {
	if !r.Action().TakesErrno() {
		return nil
	}
	return new(r.Data())
}

func (f *Filter) object() *jsonFilter {
	if f.Empty() {
		return nil
	}
	o := &jsonFilter{
		Caps:   append(texts(f.Caps.List()), nameTexts(f.UnknownCaps)...),
		Arches: nameTexts(f.Arches),
	}
	if v := f.MinKernel; v != nil && *v == (seccomp.KernelVersion{}) {
		o.MinKernel = new("")
	} else if v != nil {
		o.MinKernel = new(v.String())
	}
	return o
}

func archTexts(refs []ArchRef) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.Arch.String()
	}
	return out
}

func nameTexts(names []Name) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Text
	}
	return out
}

func encode(doc jsonProfile) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	if err := e.Encode(doc); err != nil {
		panic("profile: strings and numbers do not encode: " + err.Error())
	}
	return b.Bytes()
}
