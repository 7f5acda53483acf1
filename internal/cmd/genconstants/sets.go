package main

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
)

// A set is a paragraph of data/sets.txt, which says what the words mean.
type set struct {
	name    string
	kind    string // enum or flags
	mask    uint64
	signal  bool
	octal   bool
	headers []string
	takes   []take
	names   []string
	given   values // of the names that have their value in the file
}

// A take is an argument that takes a set.
type take struct {
	call string
	arg  int
	abis [len(abis)]bool
}

// values are the values of constants by name: one for each ABI, nil where it has
// none.
type values map[string][len(abis)]*int64

func readSets(file string) ([]*set, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var sets []*set
	for i, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if words[0] == "set" {
			sets = append(sets, &set{name: words[1], given: values{}})
		}
		if err := sets[len(sets)-1].read(words); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return sets, nil
}

// read takes in one line.
func (s *set) read(words []string) error {
	switch words[0] {
	case "set":
		s.kind = words[2]
		for _, option := range words[3:] {
			word, number, _ := strings.Cut(option, "=")
			switch word {
			case "mask":
				var err error
				if s.mask, err = strconv.ParseUint(number, 0, 64); err != nil {
					return err
				}
			case "signal":
				s.signal = true
			case "octal":
				s.octal = true
			default:
				return fmt.Errorf("unknown option %q", option)
			}
		}
		if s.kind != "enum" && s.kind != "flags" {
			return fmt.Errorf("a set of %q", s.kind)
		}
	case "header":
		s.headers = words[1:]
	case "args":
		for _, word := range words[1:] {
			place, where, _ := strings.Cut(word, ",")
			call, arg, _ := strings.Cut(place, ".")
			n, err := strconv.Atoi(arg)
			if err != nil {
				return err
			}
			s.takes = append(s.takes, take{call, n, matching(where)})
		}
	default:
		for _, word := range words {
			name, err := s.constant(word)
			if err != nil {
				return err
			}
			s.names = append(s.names, name)
		}
	}
	return nil
}

// constant reads NAME, NAME=VALUE or NAME=VALUE,ABI=VALUE.
func (s *set) constant(word string) (string, error) {
	name, rest, given := strings.Cut(word, "=")
	if !given {
		return name, nil
	}
	var row [len(abis)]*int64
	for _, part := range strings.Split(rest, ",") {
		where, number, some := strings.Cut(part, "=")
		if !some {
			where, number = "", part
		}
		v, err := strconv.ParseInt(number, 0, 64)
		if err != nil {
			return "", err
		}
		for i, in := range matching(where) {
			if in {
				row[i] = &v
			}
		}
	}
	s.given[name] = row
	return name, nil
}

// matching returns the ABIs that a pattern means: all, s390*, !s390*.
func matching(pattern string) (in [len(abis)]bool) {
	pattern, not := strings.CutPrefix(pattern, "!")
	for i := range abis {
		match, _ := path.Match(pattern, abis[i].name)
		in[i] = pattern == "" || match != not
	}
	return in
}
