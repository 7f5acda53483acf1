package libseccomp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-dev/weir/seccomp"
)

// Pseudo is libseccomp's pseudo filter code: what the library itself says that
// a filter means (seccomp_export_pfc). It is a text of nested ifs:
//
//	# filter for arch x86_64 (3221225534)
//	if ($arch == 3221225534)
//	  # filter for syscall "semop" (65) [priority: 65524]
//	  if ($syscall == 65)
//	    if ($a1.hi32 & 0x000000f0 == 16)
//	    else
//	      action ALLOW;
//	  # default action
//	  action KILL_PROCESS;
type Pseudo string

// Matches reports whether a rule of the filter matches a call on one of its
// architectures.
func (p Pseudo) Matches(d *seccomp.Data, a seccomp.Arch) (bool, error) {
	var calls []line
	inside := false
	for text := range strings.Lines(string(p)) {
		if name, ok := strings.CutPrefix(text, "# filter for arch "); ok {
			inside = strings.HasPrefix(name, a.Name()+" ")
			continue
		}
		if text = strings.TrimRight(text, "\n"); inside && !strings.HasPrefix(strings.TrimSpace(text), "#") {
			statement := strings.TrimLeft(text, " ")
			calls = append(calls, line{len(text) - len(statement), statement})
		}
	}
	// The section of the architecture is its if, then the ifs of the calls.
	if len(calls) == 0 {
		return false, fmt.Errorf("pseudo filter code has no part for %s", a.Name())
	}
	for i := 1; i < len(calls); {
		body := block(calls, i)
		if calls[i].text == fmt.Sprintf("if ($syscall == %d)", d.Nr) {
			if matched, err := acts(body, d); matched || err != nil {
				return matched, err
			}
		}
		i += 1 + len(body)
	}
	return false, nil
}

type line struct {
	indent int
	text   string
}

// block returns what is indented under a line.
func block(lines []line, i int) []line {
	end := i + 1
	for end < len(lines) && lines[end].indent > lines[i].indent {
		end++
	}
	return lines[i+1 : end]
}

// acts reports whether statements come to an action.
func acts(lines []line, d *seccomp.Data) (bool, error) {
	for i := 0; i < len(lines); {
		if strings.HasPrefix(lines[i].text, "action ") {
			return true, nil
		}
		yes, err := condition(lines[i].text, d)
		if err != nil {
			return false, err
		}
		body := block(lines, i)
		i += 1 + len(body)
		var otherwise []line
		if i < len(lines) && lines[i].text == "else" {
			otherwise = block(lines, i)
			i += 1 + len(otherwise)
		}
		if !yes {
			body = otherwise
		}
		if matched, err := acts(body, d); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

// condition evaluates "if ($a1.hi32 & 0x000000f0 == 16)".
func condition(text string, d *seccomp.Data) (bool, error) {
	words := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(text, "if ($a"), ")"))
	if len(words) != 3 && len(words) != 5 || words[0] == "" {
		return false, fmt.Errorf("pseudo filter code: what is %q", text)
	}
	index, err := strconv.Atoi(words[0][:1])
	if err != nil || index > 5 {
		return false, fmt.Errorf("pseudo filter code: which argument is %q", text)
	}
	arg := uint32(d.Args[index])
	if strings.HasSuffix(words[0], ".hi32") {
		arg = uint32(d.Args[index] >> 32)
	}
	if len(words) == 5 {
		mask, err := strconv.ParseUint(words[2], 0, 32)
		if err != nil || words[1] != "&" {
			return false, fmt.Errorf("pseudo filter code: which mask is %q", text)
		}
		arg &= uint32(mask)
		words = words[2:]
	}
	value, err := strconv.ParseUint(words[2], 0, 32)
	if err != nil {
		return false, fmt.Errorf("pseudo filter code: which value is %q", text)
	}
	switch words[1] {
	case "==":
		return arg == uint32(value), nil
	case ">":
		return arg > uint32(value), nil
	case ">=":
		return arg >= uint32(value), nil
	}
	return false, fmt.Errorf("pseudo filter code: which comparison is %q", text)
}
