package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-dev/weir/profile"
)

// lines reads settings: a backslash at the end of a line goes on with the next, which
// may be a comment between.
func (u *unitReader) lines(text string) {
	service := true // a fragment may have no section
	var words []word
	key, number := "", 0
	var at profile.Position
	begin := true
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") || begin && trimmed == "" {
			continue
		}
		rest, more := strings.CutSuffix(line, `\`)
		column := 0
		if begin {
			if strings.HasPrefix(trimmed, "[") {
				service = slices.Contains([]string{"[Service]", "[Socket]", "[Mount]", "[Swap]"}, trimmed)
				continue
			}
			name, value, found := strings.Cut(rest, "=")
			key, words = strings.TrimSpace(name), nil
			at = profile.Position{File: u.file, Line: number, Column: strings.Index(line, key) + 1}
			if !found {
				u.refuse(at, "", fmt.Sprintf("%q is no setting: there is no =", key), "")
			}
			column = len(rest) - len(value)
			rest = value
		}
		words = append(words, split(rest, u.file, number, column)...)
		if begin = !more; begin && service {
			u.setting(key, words, at)
		}
	}
	if !begin && service {
		u.setting(key, words, at)
	}
}

// split returns the words of a part of a line that begins at a column, from 0.
func split(text, file string, line, column int) (words []word) {
	for _, w := range strings.Fields(text) {
		i := strings.Index(text, w)
		words = append(words, word{w, profile.Position{File: file, Line: line, Column: column + i + 1}})
		text, column = text[i+len(w):], column+i+len(w)
	}
	return words
}

func (u *unitReader) setting(key string, words []word, at profile.Position) {
	switch key {
	case "SystemCallFilter":
		u.list(&u.filter, key, words, at)
	case "SystemCallLog":
		u.list(&u.log, key, words, at)
	case "SystemCallErrorNumber":
		u.violation, u.at = kills, at
		if len(words) > 0 && words[0].text != "kill" {
			e, ok := unitErrno(words[0].text)
			if !ok || e == 0 || len(words) > 1 {
				u.refuse(words[0].at, key, "neither kill nor an errno, by name or 1 to 4095", "")
			}
			u.violation, u.at = e, words[0].at
		}
	case "SystemCallArchitectures":
		if u.archsSet = len(words) > 0; !u.archsSet {
			u.archs = nil
		}
		for _, w := range words {
			u.arch(w)
		}
	default:
		value := ""
		if len(words) > 0 {
			value = strings.ToLower(words[0].text)
		}
		if off := []string{"", "no", "false", "0", "off", "n", "f"}; slices.Contains(others, key) && !slices.Contains(off, value) {
			u.lose(at, key, "systemd filters calls for this setting, too: those rules are not in the result", "")
		}
	}
}
