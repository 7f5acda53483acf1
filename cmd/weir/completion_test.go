package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// shells start each shell with weir's completion, and with Ctrl-O to write the command line to the file "line" and
// clear it.
var shells = []struct{ name, rc, start string }{
	{"bash", `
PS1='ready> '
. /usr/share/bash-completion/bash_completion
. <(weir completion bash)
dump() { printf '%s\n' "$READLINE_LINE" >line.new; mv line.new line; READLINE_LINE=; }
bind -x '"\C-o": dump'
bind 'set bell-style none'
`, "bash --noprofile --rcfile rc -i"},
	{"zsh", `
PS1='ready> '
autoload -U compinit && compinit -D -u
. <(weir completion zsh)
dump() { print -r -- "$BUFFER" >line.new; mv line.new line; BUFFER=; }
zle -N dump
bindkey '^O' dump
`, "ZDOTDIR=. zsh -i"},
	{"fish", `
function fish_prompt; echo -n 'ready> '; end
set -g fish_greeting
weir completion fish | source
bind \co 'commandline >line.new; mv line.new line; commandline ""'
`, "fish --no-config -i -C 'source rc'"},
}

// Each shell completes what it is given when TAB is pressed.
func TestShellsComplete(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"), kerneltest.Tool("script"))
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			kerneltest.Require(t, kerneltest.Tool(shell.name))
			dir := t.TempDir()
			s := newShop(t, filepath.Join(dir, "store"))
			s.must(t, "import", s.roots[0], "debian:bookworm")
			s.must(t, "import", s.roots[0], "localhost:5000/team/app:1.0")
			for _, name := range []string{"rc", ".zshrc"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(shell.rc), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"profiles/tight.json", "profiles/my profile.json", "tight.tar"} {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tty := startTerminal(t, dir, s.store, shell.start)
			for _, c := range []struct{ typed, want string }{
				{"weir ins", "weir inspect "},
				{"weir inspect deb", "weir inspect debian:bookworm "},
				{"weir inspect debian:b", "weir inspect debian:bookworm "},
				{"weir rmi localhost:5", "weir rmi localhost:5000/team/app:1.0 "},
				{"weir run --rm deb", "weir run --rm debian:bookworm "},
				{"weir run --read-o", "weir run --read-only "},
				{"weir run --pull mi", "weir run --pull missing "},
				{"weir run --pull=mi", "weir run --pull=missing "},
				{"weir run --cap-add SYS_PTR", "weir run --cap-add SYS_PTRACE "},
				{"weir run --security-opt no", "weir run --security-opt no-new-privileges"},
				{"weir run --security-opt sec", "weir run --security-opt seccomp="},
				{"weir run --security-opt seccomp=unc", "weir run --security-opt seccomp=unconfined "},
				{"weir run --security-opt seccomp=prof", "weir run --security-opt seccomp=profiles/"},
				{"weir run --security-opt seccomp=profiles/t", "weir run --security-opt seccomp=profiles/tight.json "},
				{"weir run --security-opt=seccomp=profiles/t", "weir run --security-opt=seccomp=profiles/tight.json "},
				{"weir run --security-opt seccomp=profiles/m", `weir run --security-opt seccomp=profiles/my\ profile.json `},
				{"weir run debian:bookworm ls prof", "weir run debian:bookworm ls prof"},
				{"weir lint bu", "weir lint builtin "},
				{"weir lint profiles/t", "weir lint profiles/tight.json "},
				{"weir load --inp", "weir load --input "},
				{"weir load -i ti", "weir load -i tight.tar "},
				{"weir convert builtin --to sys", "weir convert builtin --to systemd "},
			} {
				if got := tty.complete(c.typed); strings.TrimRight(got, " ") != strings.TrimRight(c.want, " ") {
					t.Errorf("%q is completed to %q, want %q", c.typed, got, c.want)
				}
			}
		})
	}
}

// A terminal is an interactive shell on a terminal of its own.
type terminal struct {
	t    *testing.T
	in   io.Writer
	line string // the file that Ctrl-O writes
}

func startTerminal(t *testing.T, dir, store, command string) *terminal {
	t.Helper()
	cmd := exec.Command("script", "-qec", command, "/dev/null")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WEIR_ROOT="+store, "HOME="+dir, "TERM=xterm", "LC_ALL=C.UTF-8")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		var said strings.Builder
		b := make([]byte, 4096)
		for {
			n, err := out.Read(b)
			said.Write(b[:n])
			if err != nil || strings.Contains(said.String(), "ready> ") {
				break
			}
		}
		ready <- said.String()
		io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill() // its shell gets SIGHUP
		cmd.Wait()
	})
	select {
	case said := <-ready:
		if !strings.Contains(said, "ready> ") {
			t.Fatalf("%s: %q", command, said)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s: no prompt", command)
	}
	return &terminal{t, in, filepath.Join(dir, "line")}
}

// complete types something and TAB, and gives what is then on the command line.
func (tty *terminal) complete(typed string) string {
	tty.t.Helper()
	os.Remove(tty.line)
	fmt.Fprintf(tty.in, "%s\t\x0f", typed)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(tty.line); err == nil {
			return strings.TrimSuffix(string(b), "\n")
		}
	}
	tty.t.Fatalf("%q: no answer", typed)
	return ""
}
