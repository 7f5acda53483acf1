package explain

import (
	"fmt"
	"io"
	"strings"
)

// Write prints the answer for people.
func (a *Answer) Write(w io.Writer, s Style) error {
	var b strings.Builder
	number := fmt.Sprint(a.Number)
	if a.Number >= 1<<30 {
		number = fmt.Sprintf("%#x", a.Number)
	}
	b.WriteString(s.paint(cell{color: bold}, a.named()) + s.paint(cell{color: dim}, "  "+a.Arch+" "+number) + "\n\n")

	a.writeVerdict(&b, s)
	if rows := missed(a.Missed); len(rows) > 0 {
		section(&b, s, "Rules that do not match", rows)
	}
	var rows [][]cell
	for _, n := range a.Notes {
		rows = append(rows, []cell{{n.At.String(), dim}, {n.Text, plain}})
	}
	section(&b, s, "Rules that disagree", rows)
	rows = nil
	for _, f := range a.Flips {
		rows = append(rows, []cell{verdict(f.Verdict), {flipTitle[f.By], dim}, {f.Change, plain}})
	}
	section(&b, s, "What would change it", rows)
	rows = nil
	for _, d := range a.Doors {
		rows = append(rows, []cell{verdict(d.Verdict), {d.Arch, dim}, {d.Call, plain}, {d.How, dim}})
	}
	section(&b, s, "Other doors", rows)
	rows = nil
	for _, g := range a.Guards {
		rows = append(rows, []cell{{g.text(a.Syscall), plain}})
	}
	section(&b, s, "Why it is guarded", rows)
	_, err := io.WriteString(w, b.String())
	return err
}

// named is the call by its name, if it was asked about by its number.
func (a *Answer) named() string {
	if a.Syscall == "" || a.Call[0] < '0' || a.Call[0] > '9' {
		return a.Call
	}
	if i := strings.IndexByte(a.Call, '('); i >= 0 {
		return a.Syscall + a.Call[i:]
	}
	return a.Syscall
}

var flipTitle = map[string]string{
	"capability":   "with",
	"kernel":       "on",
	"rule":         "with the rule",
	"absence":      "without",
	"architecture": "with",
}

// section writes rows under a title, and nothing if there are none.
func section(b *strings.Builder, s Style, title string, rows [][]cell) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n" + s.paint(cell{color: bold}, title) + "\n")
	s.table(b, "  ", rows)
}

// writeVerdict writes the rule that decides, or the cases.
func (a *Answer) writeVerdict(b *strings.Builder, s Style) {
	if a.Verdict != nil && len(a.Cases) == 1 {
		s.table(b, "", [][]cell{decision(a.Cases[0])})
		if c := a.Cases[0]; len(c.When) > 0 {
			s.table(b, "  ", [][]cell{{{"because", dim}, {strings.Join(c.When, " and "), plain}}})
		}
		return
	}
	if a.Verdict != nil {
		s.table(b, "", [][]cell{{verdict(a.Verdict), {"whatever is left open", plain}}})
	} else {
		s.table(b, "", [][]cell{{verdict(nil), {"on what is left open; the first case that holds decides", plain}}})
	}
	s.table(b, "  ", cases(a.Cases))
}

// decision is the line of a rule that decides alone.
func decision(c Case) []cell {
	why := c.Why
	if c.Why == "a rule" {
		why = c.Rule
	}
	if c.Comment != "" {
		why += ": " + c.Comment
	}
	if c.At == nil {
		return []cell{verdict(&c.Outcome), {why, plain}}
	}
	return []cell{verdict(&c.Outcome), {place(c), dim}, {why, plain}}
}

func place(c Case) string {
	if c.At == nil {
		return ""
	}
	return c.At.String()
}

// cases are the lines of rules of which one decides.
func cases(list []Case) [][]cell {
	var rows [][]cell
	for _, g := range grouped(list) {
		when := g.when()
		if when == "" {
			when = "otherwise"
			if c := list[g.first]; c.Why != "a rule" {
				when += ": " + c.Why
			}
		}
		rows = append(rows, []cell{verdict(&list[g.first].Outcome), {g.place(), dim}, {when, plain}})
	}
	return rows
}

// missed are the lines of rules that do not match.
func missed(list []Case) [][]cell {
	var rows [][]cell
	for _, g := range grouped(list) {
		when := g.when() + "; but " + list[g.first].Fails
		rows = append(rows, []cell{verdict(&list[g.first].Outcome), {g.place(), dim}, {when, plain}})
	}
	return rows
}

// text makes sentences of a reason.
func (g *Guard) text(call string) string {
	var b strings.Builder
	subject := g.Only
	if subject == "" {
		subject = call
	}
	b.WriteString(subject + " " + g.What + ".")
	if len(g.Gates) > 0 {
		b.WriteString(" The kernel asks for " + strings.Join(g.Gates, " or "))
		if g.For != "" {
			b.WriteString(" " + g.For)
		}
		if g.Namespaced {
			b.WriteString(", which a user namespace gives to anybody")
		}
		b.WriteString(".")
	}
	if len(g.CVEs) > 0 {
		b.WriteString(" Known: " + strings.Join(g.CVEs, ", ") + ".")
	}
	return b.String()
}
