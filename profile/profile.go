package profile

import "github.com/weir-dev/weir/seccomp"

// A Profile is one file as its author wrote it: nothing is resolved yet, and
// conditional rules still carry their conditions. Parse guarantees that every
// value is one of the constants of package seccomp and that nothing required is
// missing. System call names are only text here; package policy knows them. A
// profile may also be made by hand, to be written; it then has no places.
type Profile struct {
	File string // for messages; what the caller said it is called

	Default    seccomp.Return // defaultAction with defaultErrnoRet, EPERM if there is none
	DefaultPos Pos            // of the value of defaultAction

	// At most one of the two has entries. ArchMap is Docker's: [Profile.Flatten]
	// chooses the entry of the native architecture.
	Architectures []ArchRef
	ArchMap       []ArchMapEntry

	// FlagsSet tells "flags": [] (none) from no flags at all (the runtime chooses).
	Flags    seccomp.Flag
	FlagsSet bool

	// Where the listener of NOTIFY goes, and what is sent along.
	ListenerPath     string
	ListenerMetadata string

	Rules []Rule // the entries of "syscalls", in the order of the file

	// Extends are what the profile is written on top of, as written: builtin,
	// files, artifacts. Package compose reads them and makes Layers.
	Extends []Name

	// Layers are the files that the profile is composed of, its own first. None
	// stands for one file that needs nothing else.
	Layers []Layer

	// Notes are what a reader should know and what loosens nothing, in the order
	// of the file.
	Notes []Problem

	source *source
	below  []placed // the sources of the other layers
	weirs  bool     // the file has what only weir reads: extends, groups, constants
}

// A Layer is one of the files that a profile is composed of.
type Layer struct {
	File  string
	Below []int // the layers that it extends, as indexes, each larger than its own
}

// Plain reports whether Docker and others read the profile as weir does: it
// extends no other, and names neither groups of calls nor constants.
func (p *Profile) Plain() bool { return !p.weirs }

// Pending reports that the profile has names that only package compose can look
// up, and that it has not. No policy can be made of it.
func (p *Profile) Pending() bool { return p.weirs && len(p.Layers) == 0 }

// An ArchRef is an architecture and where the profile names it.
type ArchRef struct {
	Arch seccomp.Arch
	Pos  Pos
}

// An ArchMapEntry lists the ABIs that are open beside a native one.
type ArchMapEntry struct {
	Arch ArchRef
	Sub  []ArchRef
}

// A Rule is one entry of "syscalls": what happens to the named calls if the
// conditions on the arguments hold. Includes and Excludes decide, from facts,
// whether the rule is there at all.
type Rule struct {
	Index  int // in "syscalls" of its file
	Layer  int // the file that it is from, as an index into Profile.Layers
	Pos    Pos // of the entry's opening brace
	Names  []Name
	Return seccomp.Return // action with errnoRet, EPERM if there is none

	// Args are as written. They mean AND, except that all of them mean OR if one
	// index appears twice, as it does to runc and crun.
	Args []Arg

	Comment  string
	Includes Filter
	Excludes Filter
}

// Written returns the index that name i has in the file, where a group of calls is
// one name.
func (r *Rule) Written(i int) int { return i - int(r.Names[i].Moved) }

// FromGroup reports that name i is one of several that a group stands for.
func (r *Rule) FromGroup(i int) bool {
	pos := r.Names[i].Pos
	return pos != 0 && (i > 0 && r.Names[i-1].Pos == pos || i+1 < len(r.Names) && r.Names[i+1].Pos == pos)
}

// A Name is a text and where the profile has it.
type Name struct {
	Text string
	Pos  Pos

	// Moved is how much further back the name is in its list than it was written,
	// because of the calls that groups before it stand for.
	Moved int32
}

// An Arg compares one argument. With [seccomp.OpMaskedEqual] Value is the mask
// and ValueTwo the datum; ValueTwo counts for nothing else.
type Arg struct {
	Index    uint8 // 0 to 5
	Op       seccomp.Op
	Value    uint64
	ValueTwo uint64
	Named    *Named // nil if both are written as numbers
	Pos      Pos    // of the condition's opening brace
}

// Named holds the operands that a condition writes by the names of constants.
type Named struct {
	Value, ValueTwo Constant
}

// A Constant is a number by name, such as "CLONE_NEWUSER|CLONE_NEWNS". Without a
// Text the number in [Arg] counts.
type Constant struct {
	Text string
	Pos  Pos // of the opening quote

	// On has the number on each architecture that has one: package compose looks
	// it up.
	On map[seccomp.Arch]uint64
}

// Operands returns Value and ValueTwo as they are on an architecture. It reports
// false if a constant is not there.
func (a *Arg) Operands(on seccomp.Arch) (value, valueTwo uint64, ok bool) {
	value, valueTwo, ok = a.Value, a.ValueTwo, true
	if a.Named == nil {
		return value, valueTwo, ok
	}
	if c := &a.Named.Value; c.Text != "" {
		value, ok = c.On[on]
	}
	if c := &a.Named.ValueTwo; c.Text != "" && ok {
		valueTwo, ok = c.On[on]
	}
	return value, valueTwo, ok
}

// A Filter is what "includes" and "excludes" hold. The zero Filter has no
// condition, which is not the same as a condition that never holds.
type Filter struct {
	Caps        seccomp.Caps
	UnknownCaps []Name // capabilities that weir does not know: nobody holds them
	Arches      []Name // in Docker's spelling (amd64), unknown ones included

	// MinKernel is nil without the condition. 0.0, from an empty string, is
	// older than every kernel.
	MinKernel *seccomp.KernelVersion
}

// Empty reports whether there is no condition.
func (f *Filter) Empty() bool {
	return f.Caps == 0 && len(f.UnknownCaps) == 0 && len(f.Arches) == 0 && f.MinKernel == nil
}

// Source returns the text that the profile was parsed from.
func (p *Profile) Source() string {
	if p.source == nil {
		return ""
	}
	return p.source.text
}
