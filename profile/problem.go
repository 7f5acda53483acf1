package profile

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// A Pos is a place in a profile's source: the offset in bytes plus one. Zero is
// no place.
type Pos int32

// A Position is a place as people read it.
type Position struct {
	File   string
	Line   int // from 1; 0 if the place is unknown
	Column int // from 1, in bytes, as the Go tools count
}

// String returns file:line:column, without the parts that are unknown.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A Problem is one thing about a profile that its author should know. In an
// [Error] it stands in the way; in [Profile.Notes] it does not.
type Problem struct {
	Pos  Position
	Path string // in the document, such as syscalls[3].args[0].op; empty for the whole
	Msg  string
	Hint string // what to do about it; may be empty
}

// String returns one line: position, path and message. The hint is left to the
// caller, who knows how to set it off.
func (p Problem) String() string {
	var parts []string
	for _, s := range []string{p.Pos.String(), p.Path, p.Msg} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// MaxProblems is how many an error has at most: where there are so many, there may be more.
const MaxProblems = 20

// An Error is why a profile cannot be used: at least one problem, in the order
// of the file.
type Error struct {
	Problems []Problem
}

// Error returns one line for each problem, and an indented one for its hint.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
		if p.Hint != "" {
			b.WriteString("\n\thint: " + p.Hint)
		}
	}
	return b.String()
}

// Position turns a place into file, line and column.
func (p *Profile) Position(pos Pos) Position {
	for _, b := range p.below {
		if pos > b.base && int(pos-b.base) <= len(b.source.text)+1 {
			return b.source.position(b.file, pos-b.base)
		}
	}
	if p.source == nil {
		return Position{File: p.File}
	}
	return p.source.position(p.File, pos)
}

// Problem makes a problem at a place of the profile.
func (p *Profile) Problem(pos Pos, path, msg, hint string) Problem {
	return Problem{Pos: p.Position(pos), Path: path, Msg: msg, Hint: hint}
}

// A source is the text of a profile. Lines are counted when the first problem
// asks, because most profiles have none.
type source struct {
	text  string
	once  sync.Once
	lines []int32 // offsets of the lines' first bytes

	origin []Position // by line, if the text was made from another
}

func (s *source) position(file string, pos Pos) Position {
	if pos <= 0 {
		return Position{File: file}
	}
	s.once.Do(func() {
		s.lines = append(s.lines, 0)
		for i := 0; i < len(s.text); i++ {
			if s.text[i] == '\n' {
				s.lines = append(s.lines, int32(i+1))
			}
		}
	})
	offset := int32(pos - 1)
	line := sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset })
	if s.origin != nil {
		return s.origin[min(line, len(s.origin))-1]
	}
	return Position{File: file, Line: line, Column: int(offset-s.lines[line-1]) + 1}
}
