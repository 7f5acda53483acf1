package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/weir-dev/weir/internal/cmd/manpage"
	"github.com/weir-dev/weir/internal/kerneltest"
)

var manDir = flag.String("man", "", "write the manual to this directory")

// manSections are what weir(1) has beside the help.
var manSections = []manpage.Section{
	{Title: "EXIT STATUS", Text: `weir run exits with the code of the container's program; 125 if weir failed, 126 if the program cannot
be executed, 127 if it was not found, 128+n if signal n ended it.

Verbs that find out (check, decompile, diff, lint, probe, test, verify) exit with 0 if all is well, 1 if not,
and 2 on trouble.
Every other verb exits with 0, or with 2 on trouble.`},
	{Title: "ENVIRONMENT", Text: `WEIR_ROOT is the directory of the image store. Unless it is set, the store is /var/lib/weir for root,
and weir in XDG_DATA_HOME, which is ~/.local/share unless set, for everybody else.`},
}

// The manual is whole: a page for each verb, with each of its flags, that man shows without complaint.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if *manDir != "" {
		dir = *manDir
	}
	root := newRoot(nil)
	if err := manpage.Write(dir, root, manSections...); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range root.Commands() {
		if cmd.DisableFlagParsing || !cmd.IsAvailableCommand() { // weir-images has its page; help needs none
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "weir-"+cmd.Name()+".1"))
		if err != nil {
			t.Error(err)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(string(b), `\fB\-\-`+strings.ReplaceAll(f.Name, "-", `\-`)+`\fR`) {
				t.Errorf("weir-%s.1 does not have --%s", cmd.Name(), f.Name)
			}
		})
	}
	if *manDir == "" {
		lintManual(t, dir)
	}
}

func lintManual(t *testing.T, dir string) {
	kerneltest.Require(t, kerneltest.Tool("mandoc"))
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	out, _ := exec.Command("mandoc", append([]string{"-T", "lint", "-W", "warning"}, pages...)...).Output()
	for line := range strings.Lines(string(out)) {
		// A date would make each build another.
		if !strings.Contains(line, "missing date") {
			t.Error(line)
		}
	}
}
