package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/lint"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
)

// mend mends a file, says what, and returns its new text.
func mend(w io.Writer, file string, src []byte, f seccomp.Facts) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil, hintf(fmt.Errorf("--fix: %s is no file", file), "--diff shows what would be mended")
	}
	fixed, mended := lint.Fix(file, src, f, composing(profile.Options{}))
	if len(mended) == 0 {
		return src, nil
	}
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, err
	}
	if err := replace(target, fixed); err != nil {
		return nil, err
	}
	for _, m := range mended {
		fmt.Fprintf(w, "weir: mended: %v (%s)\n", m.Problem, m.Rule)
	}
	return fixed, nil
}

// showFixes writes what --fix would change as a patch.
func showFixes(cmd *cobra.Command, args []string, f seccomp.Facts) error {
	changes := false
	for _, arg := range args {
		file, src, err := readSource(arg, cmd.InOrStdin())
		if err != nil {
			return err
		}
		fixed, mended := lint.Fix(file, src, f, composing(profile.Options{}))
		if len(mended) == 0 {
			continue
		}
		changes = true
		if _, err := io.WriteString(cmd.OutOrStdout(), unified(file, string(src), string(fixed))); err != nil {
			return err
		}
	}
	if changes {
		return &exitError{code: 1}
	}
	return nil
}

// around is how many lines of context a patch shows.
const around = 3

// unified writes the difference between two texts as patch(1) takes it.
func unified(file, before, after string) string {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	var out strings.Builder
	fmt.Fprintf(&out, "--- a/%s\n+++ b/%s\n", file, file)
	ops := lineOps(a, b)
	for i := 0; i < len(ops); {
		if ops[i].kind == ' ' {
			i++
			continue
		}
		// A hunk goes on as long as less than two contexts lie between changes.
		start, end := max(0, i-around), i
		for j := i; j < len(ops) && j <= end+2*around; j++ {
			if ops[j].kind != ' ' {
				end = j
			}
		}
		i = min(len(ops), end+around+1)
		hunk := ops[start:i]
		var olds, news int
		for _, op := range hunk {
			if op.kind != '+' {
				olds++
			}
			if op.kind != '-' {
				news++
			}
		}
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", hunk[0].old+1, olds, hunk[0].new+1, news)
		for _, op := range hunk {
			fmt.Fprintf(&out, "%c%s", op.kind, op.text)
			if !strings.HasSuffix(op.text, "\n") {
				out.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	return out.String()
}

// A lineOp is a line of a patch: kept, taken out or put in; old and new are its places.
type lineOp struct {
	kind     byte
	text     string
	old, new int
}

// lineOps tells two texts apart. What is mended takes lines out and changes single
// ones, so that a line which differs and is not in the near rest of the new text is
// gone, and otherwise the lines before it there are new.
func lineOps(a, b []string) (ops []lineOp) {
	const near = 50
	i, j := 0, 0
	find := func(line string, in []string) int {
		for k := range min(near, len(in)) {
			if in[k] == line {
				return k
			}
		}
		return -1
	}
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			if a[i] != "" {
				ops = append(ops, lineOp{' ', a[i], i, j})
			}
			i++
			j++
		case i < len(a) && (j == len(b) || find(a[i], b[j:]) < 0 || find(b[j], a[i:]) >= 0):
			ops = append(ops, lineOp{'-', a[i], i, j})
			i++
		default:
			ops = append(ops, lineOp{'+', b[j], i, j})
			j++
		}
	}
	return ops
}
