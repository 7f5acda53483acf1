// Package manpage writes the manual of a command line from its cobra tree, as man(7) reads it: one page for the
// program, and one for each verb. Tests of the commands do so, since a program cannot be imported; `make man` runs
// them.
package manpage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A Section is one that the command's help does not have.
type Section struct{ Title, Text string }

// Write writes to dir the pages of the root and of each verb that has its flags here. The page of the root ends
// in more sections.
func Write(dir string, root *cobra.Command, more ...Section) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden || cmd.DisableFlagParsing || cmd.Name() == "help" || cmd == root && len(more) == 0 {
			continue
		}
		p := &page{}
		p.command(cmd)
		if cmd == root {
			for _, s := range more {
				p.section(s.Title, s.Text)
			}
		}
		p.seeAlso(cmd)
		if err := os.WriteFile(filepath.Join(dir, name(cmd)+".1"), []byte(p.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// name is that of the page: weir-run.
func name(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) command(cmd *cobra.Command) {
	p.line(`.TH %s 1 "" "%s" "%[2]s manual"`, strings.ToUpper(name(cmd)), cmd.Root().Name())
	p.line(".SH NAME")
	p.line(`%s \- %s`, escape(name(cmd)), escape(cmd.Short))
	p.line(".SH SYNOPSIS")
	p.line(".nf")
	use := cmd.UseLine()
	if cmd.HasSubCommands() {
		use = cmd.Name() + " COMMAND [ARG...]"
	}
	for line := range strings.SplitSeq(use, "\n") {
		p.line(`\fB%s\fR`, escape(strings.TrimSpace(line)))
	}
	p.line(".fi")
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	p.section("DESCRIPTION", long)
	if cmd.HasSubCommands() {
		p.verbs(cmd)
	}
	if cmd.LocalFlags().HasAvailableFlags() {
		p.line(".SH OPTIONS")
		cmd.LocalFlags().VisitAll(p.flag)
	}
	if cmd.Example != "" {
		p.section("EXAMPLES", cmd.Example)
	}
}

// verbs lists what the program can do, by group.
func (p *page) verbs(cmd *cobra.Command) {
	p.line(".SH COMMANDS")
	groups := append(cmd.Groups(), &cobra.Group{Title: "Others:"})
	for _, g := range groups {
		title := ".SS " + escape(strings.TrimSuffix(g.Title, ":")) + "\n"
		for _, c := range cmd.Commands() {
			if c.GroupID != g.ID || !c.IsAvailableCommand() {
				continue
			}
			p.line("%s.TP", title)
			p.line(`\fB%s\fR(1)`, escape(name(c)))
			p.line("%s.", escape(c.Short))
			title = ""
		}
	}
}

func (p *page) flag(f *pflag.Flag) {
	if f.Hidden {
		return
	}
	value, usage := pflag.UnquoteUsage(f)
	names := `\fB\-\-` + escape(f.Name) + `\fR`
	if f.Shorthand != "" {
		names = `\fB\-` + f.Shorthand + `\fR, ` + names
	}
	switch value {
	case "": // it takes none
	case "int", "uint", "uint64", "float64":
		names += ` \fIN\fR`
	case "string", "strings", "stringArray":
		names += ` \fIVALUE\fR`
	default: // what the usage has in back quotes
		names += ` \fI` + escape(value) + `\fR`
	}
	switch f.DefValue {
	case "", "false", "0", "[]":
	default:
		usage += " (default: " + f.DefValue + ")"
	}
	p.line(".TP")
	p.line("%s", names)
	p.line("%s", escape(usage))
}

// section writes text as help has it: paragraphs, and indented lines as they are.
func (p *page) section(title, text string) {
	p.line(".SH %s", title)
	first := true
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		verbatim := false
		if !first {
			p.line(".PP")
		}
		first = false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); indented != verbatim {
				verbatim = indented
				p.line(map[bool]string{true: ".RS 4\n.nf", false: ".fi\n.RE"}[verbatim])
			}
			p.line("%s", escape(strings.TrimPrefix(line, "  ")))
		}
		if verbatim {
			p.line(".fi\n.RE")
		}
	}
}

// seeAlso names the program and the other verbs of the group, or for the program what it stands on.
func (p *page) seeAlso(cmd *cobra.Command) {
	root := cmd.Root()
	others := []string{"seccomp(2)", "capabilities(7)", "namespaces(7)"}
	if cmd != root {
		others = []string{name(root) + "(1)"}
		for _, c := range root.Commands() {
			if c != cmd && c.GroupID == cmd.GroupID && c.IsAvailableCommand() && c.Name() != "help" {
				others = append(others, name(c)+"(1)")
			}
		}
	}
	p.line(".SH SEE ALSO")
	p.line("%s", escape(strings.Join(others, ", ")))
}

// escape makes a line of text one that roff shows as it is.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}
