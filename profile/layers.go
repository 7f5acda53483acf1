package profile

import "github.com/weir-dev/weir/seccomp"

// A placed source is that of a layer whose places begin behind base.
type placed struct {
	base   Pos
	file   string
	source *source
}

// Compose makes one profile of files that were each parsed alone: the first, and
// those that it extends, directly or not. below says for each file which ones it
// extends, as indexes that are larger than its own. It changes the files: the
// first becomes the result, and the places of the others move to where the result
// has them.
//
// Rules and notes are those of all files, with the places that they have there;
// everything else is that of the first file. Package compose decides what it has
// from the others, and package policy which rule decides.
func Compose(files []*Profile, below [][]int) *Profile {
	p := files[0]
	p.weirs = p.weirs || len(files) > 1
	for i, f := range files {
		p.Layers = append(p.Layers, Layer{File: f.File, Below: below[i]})
		for j := range f.Rules {
			f.Rules[j].Layer = i
		}
	}
	p.join(files[1:])
	return p
}

// Join makes a profile that has the rules of several, one after the other, with
// their places; everything else is the first's. It means nothing by itself: it is
// where rules of policies that were combined come from. It changes the profiles.
func Join(profiles []*Profile) *Profile {
	p := *profiles[0]
	p.join(profiles[1:])
	return &p
}

// join appends the rules and notes of others.
func (p *Profile) join(others []*Profile) {
	base := p.end()
	for _, f := range others {
		f.shift(base)
		p.Rules = append(p.Rules, f.Rules...)
		p.Notes = append(p.Notes, f.Notes...)
		if f.source != nil {
			p.below = append(p.below, placed{base, f.File, f.source})
		}
		for _, b := range f.below {
			p.below = append(p.below, placed{base + b.base, b.file, b.source})
		}
		base += f.end()
	}
}

// end is behind every place of the profile.
func (p *Profile) end() Pos {
	end := Pos(len(p.Source()) + 1)
	for _, b := range p.below {
		end = max(end, b.base+Pos(len(b.source.text)+1))
	}
	return end
}

// With returns a plain profile with other rules and architectures, and everything
// else, with the places, of p.
func (p *Profile) With(rules []Rule, archs []seccomp.Arch) *Profile {
	q := *p
	q.Rules, q.Notes, q.Architectures, q.ArchMap = rules, nil, nil, nil
	q.Extends, q.Layers, q.weirs = nil, nil, false
	for _, a := range archs {
		q.Architectures = append(q.Architectures, ArchRef{Arch: a})
	}
	return &q
}

// shift moves every place that the profile has.
func (p *Profile) shift(by Pos) {
	move := func(pos *Pos) {
		if *pos > 0 {
			*pos += by
		}
	}
	names := func(list []Name) {
		for i := range list {
			move(&list[i].Pos)
		}
	}
	archs := func(list []ArchRef) {
		for i := range list {
			move(&list[i].Pos)
		}
	}
	move(&p.DefaultPos)
	names(p.Extends)
	archs(p.Architectures)
	for i := range p.ArchMap {
		move(&p.ArchMap[i].Arch.Pos)
		archs(p.ArchMap[i].Sub)
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		move(&r.Pos)
		names(r.Names)
		for _, f := range []*Filter{&r.Includes, &r.Excludes} {
			names(f.UnknownCaps)
			names(f.Arches)
		}
		for j := range r.Args {
			a := &r.Args[j]
			move(&a.Pos)
			if a.Named != nil {
				move(&a.Named.Value.Pos)
				move(&a.Named.ValueTwo.Pos)
			}
		}
	}
}

// Text returns the text of the file, empty if the profile is not composed of it.
func (p *Profile) Text(file string) string {
	if file == p.File {
		return p.Source()
	}
	for _, b := range p.below {
		if b.file == file {
			return b.source.text
		}
	}
	return ""
}
