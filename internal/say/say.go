// Package say is how weir's programs tell people what is wrong: the error, doing
// what: cause, and then the next step.
package say

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/profile"
)

// A hinted error carries the next step for the user.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint adds a next step to an error.
func Hint(err error, hint string) error { return &hinted{err, hint} }

// Error prints what is wrong, and then the next step: one line each, and for a
// profile one pair for each of its problems.
func Error(w io.Writer, err error) {
	var p *profile.Error
	if errors.As(err, &p) {
		Problems(w, "weir: ", p.Problems)
		if len(p.Problems) == profile.MaxProblems {
			fmt.Fprintf(w, "weir: these are the first %d problems; there may be more\n", len(p.Problems))
		}
	} else {
		fmt.Fprintf(w, "weir: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n      "))
	}
	var h *hinted
	if errors.As(err, &h) {
		fmt.Fprintf(w, "hint: %s\n", h.hint)
	}
}

// Problems prints what is wrong with a profile. Those that follow each other and
// have one hint share it.
func Problems(w io.Writer, prefix string, problems []profile.Problem) {
	for i, problem := range problems {
		fmt.Fprintf(w, "%s%v\n", prefix, problem)
		if problem.Hint != "" && (i+1 == len(problems) || problems[i+1].Hint != problem.Hint) {
			fmt.Fprintf(w, "hint: %s\n", problem.Hint)
		}
	}
}

// Usage has a command say how it is used where its arguments are too few or too
// many.
func Usage(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		given := "no argument given"
		switch len(args) {
		case 0:
		case 1:
			given = "1 argument given"
		default:
			given = fmt.Sprintf("%d arguments given", len(args))
		}
		return Hint(fmt.Errorf("%s: %s", cmd.Name(), given), "usage: "+cmd.UseLine())
	}
}
