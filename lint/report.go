package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Style is how Text looks.
type Style struct {
	Color bool
}

// Text writes findings for people: the message, the line of the source with the
// place underlined, and what to do.
func Text(w io.Writer, found []Finding, s Style) error {
	var b strings.Builder
	for _, f := range found {
		r, _ := RuleOf(f.Rule)
		fmt.Fprintf(&b, "%s: %s %s: %s\n", f.Pos, s.level(f.Level), f.Rule, printable(f.message()))
		if f.Width > 0 {
			source, under := f.underline()
			number := fmt.Sprintf("%6d", f.Pos.Line)
			fmt.Fprintf(&b, "%s | %s\n%*s | %s\n", number, source, len(number), "", under)
		}
		if f.Hint != "" {
			fmt.Fprintf(&b, "       hint: %s\n", printable(f.Hint))
		}
		fmt.Fprintf(&b, "       %s\n\n", r.Help())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Style) level(l Level) string {
	if !s.Color {
		return l.String()
	}
	return [...]string{"\x1b[36mnote\x1b[0m", "\x1b[33mwarning\x1b[0m", "\x1b[31merror\x1b[0m"}[l]
}

// message joins the path and what is said about it.
func (f *Finding) message() string {
	if f.Path == "" {
		return f.Msg
	}
	return f.Path + ": " + f.Msg
}

// underline returns the line of the source, as much of it as fits, and carets
// under what the finding is about.
func (f *Finding) underline() (source, under string) {
	const before, most = 40, 100
	start := f.Pos.Column - 1
	text := strings.TrimLeft(f.Text, " \t")
	from := len(f.Text) - len(text)
	if start < from {
		from = start
	}
	if start-from > most-before {
		from = start - before
	}
	for from < start && !utf8.RuneStart(f.Text[from]) {
		from++
	}
	left := printable(f.Text[from:start])
	end := start + f.Width
	mid := printable(f.Text[start:min(end, start+most*utf8.UTFMax)])
	source = left + mid + printable(f.Text[end:min(len(f.Text), end+most*utf8.UTFMax)])
	if r := []rune(source); len(r) > most {
		source = string(r[:most])
	}
	width := min(utf8.RuneCountInString(mid), most-utf8.RuneCountInString(left))
	return source, strings.Repeat(" ", utf8.RuneCountInString(left)) + strings.Repeat("^", width)
}

// printable replaces what would move the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// JSON writes findings as a list of objects with stable keys.
func JSON(w io.Writer, found []Finding) error {
	type object struct {
		File    string `json:"file"`
		Line    int    `json:"line,omitempty"`
		Column  int    `json:"column,omitempty"`
		Width   int    `json:"width,omitempty"`
		Rule    string `json:"rule"`
		Level   string `json:"level"`
		Path    string `json:"path,omitempty"`
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
		Help    string `json:"help"`
	}
	list := make([]object, 0, len(found))
	for _, f := range found {
		r, _ := RuleOf(f.Rule)
		list = append(list, object{f.Pos.File, f.Pos.Line, f.Pos.Column, f.Width, f.Rule, f.Level.String(), f.Path, f.Msg, f.Hint, r.Help()})
	}
	return write(w, list)
}

func write(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// GitHub writes findings as the commands by which a workflow annotates the lines
// of a change.
func GitHub(w io.Writer, found []Finding) error {
	commands := [...]string{"notice", "warning", "error"}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range found {
		text := f.message()
		if f.Hint != "" {
			text += "\n" + f.Hint
		}
		place := "file=" + property.Replace(f.Pos.File)
		if f.Pos.Line > 0 {
			place += fmt.Sprintf(",line=%d,col=%d,endColumn=%d", f.Pos.Line, f.Pos.Column, f.Pos.Column+max(f.Width, 1))
		}
		if _, err := fmt.Fprintf(w, "::%s %s,title=%s::%s\n", commands[f.Level], place, f.Rule, data.Replace(text)); err != nil {
			return err
		}
	}
	return nil
}
