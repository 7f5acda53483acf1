package lint

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// A Level says how much a finding matters.
type Level uint8

const (
	Note    Level = iota // good to know
	Warning              // most likely not what the author means
	Error                // refused, or no program could run
)

var levels = [...]string{"note", "warning", "error"}

func (l Level) String() string { return levels[l] }

// ParseLevel reads note, warning or error.
func ParseLevel(s string) (Level, bool) {
	i := slices.Index(levels[:], s)
	return Level(max(i, 0)), i >= 0
}

// A Finding is one thing that a rule found.
type Finding struct {
	Rule  string // its ID
	Level Level
	profile.Problem

	// Text is the line of the source that the finding is about, Width how many
	// bytes of it from Pos.Column on; empty and 0 where the place is unknown.
	Text  string
	Width int
}

// maxFindings bounds what is said about one profile, the worst of the rest
// excepted: nobody reads more, and a report must not take forever.
const maxFindings = 1000

// Check finds what is wrong with a profile. What depends on the architecture,
// the kernel or the capabilities is judged under the facts; the architecture
// must be valid. The file is named in findings, and what the profile extends is
// read as the options say, of which Lenient does not count; a finding may be about
// such a file.
func Check(file string, src []byte, f seccomp.Facts, o compose.Options) []Finding {
	c := checker{facts: f}
	p, err := compose.Parse(file, src, o)
	if err != nil {
		c.refused(err)
		// What only loosens the profile does not keep it from being read.
		o.Lenient = true
		p, err = compose.Parse(file, src, o)
	}
	if err == nil {
		c.notes(p.Notes)
		c.profile = p
		c.written()
		c.resolved()
	}
	return c.finish(file, string(src))
}

// written checks what holds on every machine.
func (c *checker) written() {
	c.checkNames()
	c.checkRepeats()
	c.checkIdle()
	c.checkActions()
	c.checkDialect()
}

// resolved checks what the profile means under the facts.
func (c *checker) resolved() {
	pol, notes, err := policy.Resolve(c.profile, c.facts, policy.Options{Lenient: true})
	if err != nil {
		c.refused(err)
		return
	}
	for _, n := range notes {
		// Unknown names have been found already, in all rules.
		if !strings.Contains(n.Path, ".names[") {
			c.found = append(c.found, Finding{Rule: conflicting, Level: Warning, Problem: n})
		}
	}
	c.policy = pol
	c.rules, c.archs = c.profile.Flatten(c.facts)
	if !slices.Contains(c.archs, c.facts.Arch) {
		c.archs = append(c.archs, c.facts.Arch)
	}
	c.checkConditions()
	c.checkMultiplexed()
	c.checkOpenABIs()
	c.checkDenylist()
	c.checkFallbacks()
	c.checkDoors()
	c.checkRuns()
	c.checkEngines()
	c.checkMiscompiled()
	c.checkDangerous()
}

type checker struct {
	facts   seccomp.Facts
	profile *profile.Profile
	policy  *policy.Policy
	rules   []int // that apply under the facts
	archs   []seccomp.Arch
	found   []Finding
}

func (c *checker) add(rule string, level Level, pos profile.Pos, path, msg, hint string) {
	c.found = append(c.found, Finding{Rule: rule, Level: level, Problem: c.profile.Problem(pos, path, msg, hint)})
}

// refused takes over why a profile cannot be used.
func (c *checker) refused(err error) {
	var e *profile.Error
	if !errors.As(err, &e) {
		c.found = append(c.found, Finding{Rule: refused, Level: Error, Problem: profile.Problem{Msg: err.Error()}})
		return
	}
	for _, p := range e.Problems {
		rule := refused
		if isMask(p.Path) {
			rule = mask
		}
		c.found = append(c.found, Finding{Rule: rule, Level: Error, Problem: p})
	}
}

// notes takes over what the reader of a profile notes, but for what it has
// refused before.
func (c *checker) notes(notes []profile.Problem) {
	refusals := c.found
	for _, n := range notes {
		if slices.ContainsFunc(refusals, func(f Finding) bool { return f.Pos == n.Pos && f.Path == n.Path }) {
			continue
		}
		rule := ineffective
		last := n.Path[strings.LastIndexByte(n.Path, '.')+1:]
		switch {
		case isMask(n.Path):
			rule = mask
		case strings.HasPrefix(last, "args["):
			rule = twice
		case strings.Contains(strings.ToLower(last), "errno"):
			rule = misuse
		}
		c.found = append(c.found, Finding{Rule: rule, Level: Warning, Problem: n})
	}
}

// isMask tells the path of a value or datum, of which the reader judges masks.
func isMask(path string) bool {
	return strings.Contains(path, ".args[") && (strings.HasSuffix(path, ".value") || strings.HasSuffix(path, ".valueTwo"))
}

// finish drops what comments silence, sorts, and adds the source.
func (c *checker) finish(file, src string) []Finding {
	comments := make(map[entry]string)
	if c.profile != nil {
		for i := range c.profile.Rules {
			if r := &c.profile.Rules[i]; r.Comment != "" {
				comments[entry{c.profile.Position(r.Pos).File, r.Index}] = r.Comment
			}
		}
	}
	kept := c.found[:0]
	for _, f := range c.found {
		if f.Rule == refused || !silenced(f, comments) {
			kept = append(kept, f)
		}
	}
	slices.SortStableFunc(kept, func(a, b Finding) int {
		if a.Pos.File != b.Pos.File {
			return byFile(file, a.Pos.File, b.Pos.File)
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		if a.Pos.Column != b.Pos.Column {
			return a.Pos.Column - b.Pos.Column
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	if n := len(kept) - maxFindings; n > 0 {
		worst := slices.MaxFunc(kept[maxFindings:], func(a, b Finding) int { return int(a.Level) - int(b.Level) })
		worst.Msg += fmt.Sprintf(" (%d more findings are left out)", n-1)
		kept = append(kept[:maxFindings], worst)
	}
	lines := map[string][]string{file: strings.Split(src, "\n")}
	for i := range kept {
		lines, known := lines[kept[i].Pos.File]
		if !known && c.profile != nil {
			lines = strings.Split(c.profile.Text(kept[i].Pos.File), "\n")
		}
		if p := kept[i].Pos; p.Line > 0 && p.Line <= len(lines) {
			text := strings.TrimSuffix(lines[p.Line-1], "\r")
			kept[i].Text, kept[i].Width = text, width(text[min(p.Column-1, len(text)):])
		}
	}
	return kept
}

// An entry is one of "syscalls" in a file.
type entry struct {
	file  string
	index int
}

// byFile orders files: the one asked about, then those that it extends.
func byFile(first, a, b string) int {
	switch first {
	case a:
		return -1
	case b:
		return 1
	}
	return strings.Compare(a, b)
}

// silenced reports whether the comment of the entry asks to ignore the rule.
func silenced(f Finding, comments map[entry]string) bool {
	rest, ok := strings.CutPrefix(f.Path, "syscalls[")
	if !ok {
		return false
	}
	number, _, _ := strings.Cut(rest, "]")
	index, err := strconv.Atoi(number)
	return err == nil && ignores(comments[entry{f.Pos.File, index}], f.Rule)
}

// ignores reads "weir:ignore WEIR003 WEIR007" anywhere in a comment.
func ignores(comment, rule string) bool {
	_, list, ok := strings.Cut(comment, "weir:ignore")
	if !ok {
		return false
	}
	for _, id := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(" \t\n,;.", r) }) {
		if !strings.HasPrefix(id, "WEIR") {
			return false // the list is over
		}
		if id == rule {
			return true
		}
	}
	return false
}

// width returns the length of the JSON token at the beginning of a text: of a
// string with its quotes, a number or a word; one byte of anything else.
func width(text string) int {
	if text == "" {
		return 0
	}
	if text[0] == '"' {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	}
	n := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(" \t,:[]{}\"", r) })
	switch {
	case n < 0:
		return len(text)
	case n == 0:
		return 1
	}
	return n
}
