package bpf

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/weir-dev/weir/seccomp"
)

// MaxInput is the largest input of [Decode] in bytes. A program of [MaxLen]
// instructions takes less than half of it in the longest form.
const MaxInput = 1 << 20

// Decode reads a program in any of the five forms: raw, text, C, base64 or JSON.
// The byte order is that of the machine which the program is for. Which form it
// is shows in the bytes themselves:
//
//   - raw has a zero byte, because an opcode has eight of its sixteen bits in use;
//   - JSON begins with "[";
//   - C has a brace, and text has one only in comments;
//   - base64 has no blank, and text has one in every return.
//
// The error names the form. The program is not checked.
func Decode(b []byte, o seccomp.ByteOrder) (Program, error) {
	if len(b) > MaxInput {
		return nil, fmt.Errorf("read program: it has more than %d bytes", MaxInput)
	}
	p, err := decode(b, o)
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, errors.New("read program: it has no instructions")
	}
	return p, nil
}

func decode(b []byte, o seccomp.ByteOrder) (Program, error) {
	if bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(b) {
		return ParseRaw(b, o)
	}
	text := string(b)
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "["):
		p, err := parseJSON(text)
		return p, inForm("JSON", err)
	case hasBrace(text):
		p, err := parseC(text)
		return p, inForm("C", err)
	case trimmed != "" && strings.Trim(trimmed, base64Alphabet) == "":
		raw, err := base64.StdEncoding.DecodeString(trimmed)
		if err != nil {
			return nil, inForm("base64", err)
		}
		p, err := ParseRaw(raw, o)
		return p, inForm("base64", err)
	}
	return Assemble(text, o)
}

// base64Alphabet has the line breaks too: other programs put some in.
const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"

func inForm(form string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read program as %s: %w", form, err)
}

// hasBrace looks for "{" outside of the comments of text.
func hasBrace(text string) bool {
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, ";")
		if strings.Contains(code, "{") {
			return true
		}
	}
	return false
}

// parseC reads what [Program.C] writes. In front of the first brace anything may
// stand.
func parseC(text string) (Program, error) {
	code, err := withoutComments(text)
	if err != nil {
		return nil, err
	}
	at := strings.IndexByte(code, '{') + 1
	if at == 0 {
		return nil, &SyntaxError{1, "there is no array"}
	}
	fail := func(msg string) (Program, error) {
		return nil, &SyntaxError{1 + strings.Count(code[:at], "\n"), msg}
	}
	blanks := func() { at = len(code) - len(strings.TrimLeft(code[at:], " \t\r\n")) }

	var p Program
	for {
		blanks()
		if strings.HasPrefix(code[at:], "}") {
			break
		}
		if !strings.HasPrefix(code[at:], "{") {
			return fail("expected { op, jt, jf, k } or the end of the array")
		}
		end := strings.IndexByte(code[at:], '}')
		if end < 0 {
			return fail("a brace is not closed")
		}
		in, err := fourNumbers(code[at+1 : at+end])
		if err != nil {
			return fail(err.Error())
		}
		p = append(p, in)
		at += end + 1
		blanks()
		if strings.HasPrefix(code[at:], ",") {
			at++
		} else if !strings.HasPrefix(code[at:], "}") {
			return fail("expected a comma or the end of the array")
		}
	}
	at++
	if rest := strings.TrimSpace(code[at:]); rest != "" && rest != ";" {
		return fail("there is more behind the array")
	}
	return p, nil
}

// withoutComments blanks the comments of C, and keeps the lines.
func withoutComments(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "/*")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		comment, after, closed := strings.Cut(rest, "*/")
		if !closed {
			return "", &SyntaxError{1 + strings.Count(b.String(), "\n"), "a comment is not closed"}
		}
		b.WriteString(" " + strings.Repeat("\n", strings.Count(comment, "\n")))
		text = after
	}
}

// parseJSON reads what [Program.JSON] writes. Every key must be there.
func parseJSON(text string) (Program, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	line := func() int { return 1 + strings.Count(text[:d.InputOffset()], "\n") }

	var p Program
	if _, err := d.Token(); err != nil { // the bracket
		return nil, &SyntaxError{line(), err.Error()}
	}
	for d.More() {
		var in struct {
			Op *uint16 `json:"op"`
			Jt *uint8  `json:"jt"`
			Jf *uint8  `json:"jf"`
			K  *uint32 `json:"k"`
		}
		if err := d.Decode(&in); err != nil {
			if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
				err = fmt.Errorf("%s: a JSON %s is no %s", wrong.Field, wrong.Value, wrong.Type)
			}
			return nil, &SyntaxError{line(), strings.TrimPrefix(err.Error(), "json: ")}
		}
		if in.Op == nil || in.Jt == nil || in.Jf == nil || in.K == nil {
			return nil, &SyntaxError{line(), fmt.Sprintf("instruction %d needs the keys op, jt, jf and k", len(p))}
		}
		p = append(p, Instruction{Opcode(*in.Op), *in.Jt, *in.Jf, *in.K})
	}
	if _, err := d.Token(); err != nil {
		return nil, &SyntaxError{line(), "the array is not closed"}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, &SyntaxError{line(), "there is more behind the array"}
	}
	return p, nil
}
