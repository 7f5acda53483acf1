package explain

import (
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// A Style is how text is laid out.
type Style struct {
	Width int  // of a line; 0 is 100
	Color bool // with ANSI escapes
}

func (s Style) width() int {
	if s.Width <= 0 {
		return 100
	}
	return max(s.Width, 40)
}

// The colours of ANSI: SGR parameters.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// A cell is text in a colour.
type cell struct{ text, color string }

func (s Style) paint(c cell, text string) string {
	if !s.Color || c.color == plain || text == "" {
		return text
	}
	return "\x1b[" + c.color + "m" + text + "\x1b[0m"
}

// verdict is the cell of an outcome, nil if it depends.
func verdict(o *Outcome) cell {
	if o == nil {
		return cell{"depends", yellow}
	}
	switch {
	case o.ret.Action() == seccomp.ActAllow:
		return cell{o.Text, green}
	case o.denies():
		return cell{o.Text, red}
	}
	return cell{o.Text, yellow}
}

// denies reports whether the call is not made, whoever listens.
func (o *Outcome) denies() bool {
	switch o.ret.Action() {
	case seccomp.ActAllow, seccomp.ActLog, seccomp.ActTrace, seccomp.ActNotify:
		return false
	}
	return true
}

// widest is as far as a column but the last pushes the next one to the right.
const widest = 44

// table writes rows in aligned columns. The last column is wrapped; a cell that
// is too long for its column gets a line of its own.
func (s Style) table(b *strings.Builder, indent string, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, c := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := len(c.text); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for _, row := range rows {
		b.WriteString(indent)
		at := len(indent)
		for i, c := range row {
			if i == len(row)-1 {
				s.wrap(b, c, at)
				break
			}
			b.WriteString(s.paint(c, c.text))
			pad := widths[i] - len(c.text)
			at += widths[i] + 2
			if strings.Join(texts(row[i+1:]), "") == "" {
				break
			}
			if pad < 0 {
				b.WriteString("\n" + strings.Repeat(" ", at))
				continue
			}
			b.WriteString(strings.Repeat(" ", pad+2))
		}
		b.WriteByte('\n')
	}
}

func texts(row []cell) []string {
	var all []string
	for _, c := range row {
		all = append(all, c.text)
	}
	return all
}

// wrap writes words up to the width, later lines indented to where it began. A
// long list of flags may break after a bar.
func (s Style) wrap(b *strings.Builder, c cell, at int) {
	line := ""
	room := max(s.width()-at, 30)
	for _, word := range strings.Fields(c.text) {
		space := " "
		for _, part := range parts(word, room) {
			if line != "" && len(line)+len(space)+len(part) > room {
				b.WriteString(s.paint(c, line) + "\n" + strings.Repeat(" ", at))
				line = ""
			}
			if line != "" {
				line += space
			}
			line += part
			space = ""
		}
	}
	b.WriteString(s.paint(c, line))
}

// parts splits a word that is longer than a line.
func parts(word string, room int) []string {
	if len(word) <= room {
		return []string{word}
	}
	return strings.SplitAfter(word, "|")
}
