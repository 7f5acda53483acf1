package lint

import (
	"strconv"
	"strings"
)

// A span is a value of a JSON text, and where it and its key lie: text[start:end] is
// the value, text[key:end] the member of an object.
type span struct {
	key, start, end int
	name            string // the key, as it is written between its quotes
	values          []span // members or elements
}

// spans reads the places of all values of a text that is JSON: profile.Parse has said
// so.
func spans(text string) span {
	s := spanner{text: text}
	return s.value()
}

type spanner struct {
	text string
	i    int
}

func (s *spanner) skip() {
	for s.i < len(s.text) && strings.IndexByte(" \t\r\n,:", s.text[s.i]) >= 0 {
		s.i++
	}
}

func (s *spanner) value() span {
	s.skip()
	v := span{key: s.i, start: s.i}
	switch {
	case s.i == len(s.text):
	case s.text[s.i] == '{' || s.text[s.i] == '[':
		object := s.text[s.i] == '{'
		s.i++
		for s.skip(); s.i < len(s.text) && s.text[s.i] != '}' && s.text[s.i] != ']'; s.skip() {
			key := s.i
			name := ""
			if object {
				name = strings.Trim(s.scalar(), `"`)
			}
			member := s.value()
			member.key, member.name = key, name
			v.values = append(v.values, member)
		}
		s.i++
	default:
		s.scalar()
	}
	v.end = min(s.i, len(s.text))
	return v
}

// scalar skips a string, a number or a word, and returns it.
func (s *spanner) scalar() string {
	rest := s.text[s.i:]
	if end := strings.IndexAny(rest, "\r\n"); end >= 0 && rest[0] != '"' {
		rest = rest[:end]
	}
	n := max(width(rest), 1)
	s.i += n
	return s.text[s.i-n : s.i]
}

// find finds a value by its path, such as syscalls[3].names[1], and what it lies in: nil
// if there is none.
func (v *span) find(path string) (value, parent *span) {
	for path != "" {
		parent = v
		switch rest, isIndex := strings.CutPrefix(path, "["); {
		case isIndex:
			number, after, _ := strings.Cut(rest, "]")
			i, err := strconv.Atoi(number)
			if err != nil || i < 0 || i >= len(v.values) {
				return nil, nil
			}
			v, path = &v.values[i], after
		default:
			path = strings.TrimPrefix(path, ".")
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			name := path[:end]
			path = path[end:]
			var found *span
			for i := range v.values {
				if v.values[i].name == name {
					found = &v.values[i]
				}
			}
			if v = found; v == nil {
				return nil, nil
			}
		}
	}
	return v, parent
}

// What an offset is the beginning of.
const (
	member  = true // a key and its value
	element = false
)

// at finds the member or the element that begins at an offset, and what it lies in.
func (v *span) at(offset int, what bool) (value, parent *span) {
	for i := range v.values {
		c := &v.values[i]
		if c.key == offset && (c.start != offset) == what {
			return c, v
		}
		if offset >= c.start && offset < c.end {
			return c.at(offset, what)
		}
	}
	return nil, nil
}
