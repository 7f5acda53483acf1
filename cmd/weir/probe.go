package main

import (
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	weir "github.com/weir-dev/weir"
	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/probe"
)

// probeFlags are the flags of weir run that change what a container may do.
type probeFlags struct {
	user       string
	privileged bool
	asJSON     bool
	security   securityFlags
	caps       capFlags
}

func probeCommand() *cobra.Command {
	var f probeFlags
	cmd := &cobra.Command{
		Use:   "probe [flags]",
		Short: "Make the guarded calls in a container, and compare kernel and policy",
		Long: `Make the system calls that Docker lists as significant and blocked, in a container
started with these flags, and compare what the kernel answers with what the policy says.
It needs no image.

The arguments are such that no call changes anything outside of the container, not even
unconfined and with all capabilities. So a call that the policy allows mostly fails too:
with the kernel's own errno, which is told apart from the filter's even where both are
EPERM, by a second run with another errno in its place.

The exit code is 0 if kernel and policy agree on every call, 1 if they do not, and 2 if
that could not be found out.`,
		Example: `  weir probe
  weir probe --cap-add SYS_ADMIN
  weir probe --security-opt seccomp=profile.json --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVarP(&f.user, "user", "u", "", "uid, and :gid")
	cmd.Flags().BoolVar(&f.privileged, "privileged", false, "all capabilities; unconfined unless a profile is named")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	f.caps.add(cmd)
	f.security.add(cmd)
	return cmd
}

func (f *probeFlags) run(cmd *cobra.Command) error {
	l := &probe.Launch{
		Spec:   container.Spec{Init: initProgram(), User: f.user, Privileged: f.privileged},
		Prober: weirProber,
	}
	var err error
	if l.Spec.Caps, err = f.caps.granted(f.privileged, cmd.ErrOrStderr()); err != nil {
		return err
	}
	confining, err := f.security.begin(&l.Spec, cmd)
	if err != nil {
		return err
	}
	c, err := confining.wait()
	if err != nil {
		return err
	}
	if c != nil {
		l.Filter = &probe.Filter{
			Compiled: c.Compiled, Profile: c.profile, Facts: c.facts,
			Options: weir.Options{Lenient: f.security.read.lenient},
		}
	}
	rows, err := probe.Run(cmd.Context(), l)
	signal.Reset() // who reads the table may go early, as head does
	var failed *probe.ProberError
	if errors.As(err, &failed) && c != nil {
		return hintf(err, "the prober needs what any Go program does, and read, write, mmap, munmap, clone, wait4, exit_group: does the profile allow them?")
	}
	if err != nil {
		return err
	}
	return reportRows(cmd.OutOrStdout(), rows, f.asJSON)
}

// reportRows prints the rows. Its error has the exit code 1 if there is a
// disagreement among them.
func reportRows(w io.Writer, rows []probe.Row, asJSON bool) error {
	var err error
	if asJSON {
		err = printJSON(w, rowsJSON(rows))
	} else {
		err = printRows(w, rows)
	}
	if err == nil && disagreements(rows) > 0 {
		return &exitError{code: 1}
	}
	return err
}

func disagreements(rows []probe.Row) (n int) {
	for i := range rows {
		if rows[i].Disagreement != "" {
			n++
		}
	}
	return n
}

func printRows(w io.Writer, rows []probe.Row) error {
	table := [][]string{{"CALL", "KERNEL", "POLICY", "UNLOCKED BY", "GUARDED BECAUSE IT"}}
	made := 0
	for i := range rows {
		r := &rows[i]
		kernel := r.Answer
		if r.Unmade == "" {
			made++
		} else {
			kernel = "-"
		}
		table = append(table, []string{r.String(), kernel, policyText(r), unlockedBy(r), r.Why})
	}
	if err := printTable(w, table, 4); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for i := range rows {
		if r := &rows[i]; r.Unmade != "" {
			fmt.Fprintf(w, "%s was not made: %s.\n", r.Name, r.Unmade)
		}
	}
	for i := range rows {
		if r := &rows[i]; r.Disagreement != "" {
			fmt.Fprintf(w, "%s: kernel and policy disagree: the policy says %v; %s.\n", r.Name, r.Policy, r.Disagreement)
		}
	}
	summary := fmt.Sprintf("kernel and policy agree on all of %d calls", made)
	switch n := disagreements(rows); {
	case len(rows) > 0 && !rows[0].Confined:
		summary = fmt.Sprintf("%d calls, unconfined: there is no policy to agree with", made)
	case n > 0:
		summary = fmt.Sprintf("kernel and policy disagree on %d of %d calls", n, made)
	}
	_, err := fmt.Fprintf(w, "%s\n", summary)
	return err
}

func policyText(r *probe.Row) string {
	switch {
	case !r.Confined:
		return "unconfined"
	case r.Arch == 0:
		return "-"
	}
	return r.Policy.String()
}

func unlockedBy(r *probe.Row) string {
	if len(r.Unlocks) == 0 {
		return "-"
	}
	var names []string
	for _, c := range r.Unlocks {
		names = append(names, strings.TrimPrefix(c.String(), "CAP_"))
	}
	return strings.Join(names, " or ")
}

// rowJSON is a row with stable keys; what does not apply is left out.
type rowJSON struct {
	Name         string   `json:"name"`
	Arch         string   `json:"arch,omitempty"`
	Argument     string   `json:"argument,omitempty"`
	Kernel       string   `json:"kernel,omitempty"`
	Policy       string   `json:"policy,omitempty"`
	UnlockedBy   []string `json:"unlockedBy,omitempty"`
	Why          string   `json:"why"`
	NotMade      string   `json:"notMade,omitempty"`
	Disagreement string   `json:"disagreement,omitempty"`
}

func rowsJSON(rows []probe.Row) any {
	report := struct {
		Agree bool      `json:"agree"`
		Calls []rowJSON `json:"calls"`
	}{Agree: disagreements(rows) == 0}
	for i := range rows {
		r := &rows[i]
		j := rowJSON{
			Name: r.Name, Argument: r.Shown, Kernel: r.Answer, Why: "it " + r.Why,
			NotMade: r.Unmade, Disagreement: r.Disagreement,
		}
		if r.Arch != 0 {
			j.Arch, j.Policy = r.Arch.String(), policyText(r)
		}
		for _, c := range r.Unlocks {
			j.UnlockedBy = append(j.UnlockedBy, c.String())
		}
		report.Calls = append(report.Calls, j)
	}
	return report
}
