package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// A desk is a shell on a terminal that tmux shows, as a person sees it.
type desk struct {
	t      *testing.T
	socket string
	run    string // weir run, up to the command
	root   string // the container's root directory
	stty   string // a file that says how the terminal was
}

// sitDown starts a shell on a terminal of 100 columns and 30 rows. Its containers have
// the host's /usr, for the programs in it.
func sitDown(t *testing.T) *desk {
	t.Helper()
	kerneltest.Require(t, kerneltest.Containers)
	for _, program := range []string{"tmux", "bash", "vim.tiny", "less", "htop"} {
		kerneltest.Require(t, kerneltest.Tool(program))
	}
	root := t.TempDir()
	for _, dir := range []string{"etc", "tmp", "root"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+dir, filepath.Join(root, dir)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/bash\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	weir, err := exec.LookPath("weir")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "desk") // a short path: it is a socket's, too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &desk{t: t, socket: filepath.Join(dir, "tmux"), root: root, stty: filepath.Join(dir, "stty")}
	d.run = fmt.Sprintf("%s run -it -e LC_ALL=C.UTF-8 -e TERM=screen -v /usr:/usr:ro --rootfs %s", weir, root)
	d.tmux("new-session", "-d", "-x", "100", "-y", "30", "env PS1='$ ' bash --norc --noprofile")
	t.Cleanup(func() { exec.Command("tmux", "-S", d.socket, "kill-server").Run() })
	d.see("$ ")
	d.command("stty -a > " + d.stty)
	return d
}

func (d *desk) tmux(args ...string) string {
	d.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", d.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "SHELL=/bin/bash") // the user's own may be none
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// keys presses keys, by tmux's names.
func (d *desk) keys(keys ...string) {
	d.t.Helper()
	d.tmux(append([]string{"send-keys"}, keys...)...)
}

// command types a line on an empty screen.
func (d *desk) command(line string) {
	d.t.Helper()
	d.keys("clear", "Enter")
	d.until("an empty screen", func(s string) bool { return strings.TrimSpace(s) == "$" })
	d.keys("-l", line)
	d.keys("Enter")
}

func (d *desk) see(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q", text), func(s string) bool { return strings.Contains(s, text) })
}

func (d *desk) until(what string, ok func(screen string) bool) {
	d.t.Helper()
	screen := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if screen = d.tmux("capture-pane", "-p", "-J"); ok(screen) {
			return
		}
	}
	d.t.Fatalf("%s does not come; the screen:\n%s", what, screen)
}

// settled checks that a container has left the terminal to the shell as it was, with
// its exit status.
func (d *desk) settled(status int) {
	d.t.Helper()
	// What is typed earlier goes to the container, which ends.
	d.until("the prompt", func(s string) bool {
		s = strings.TrimSpace(s)
		return strings.HasSuffix(s, "\n$") || s == "$"
	})
	d.keys("-l", "echo left with $?")
	d.keys("Enter")
	d.see(fmt.Sprintf("left with %d", status))
	d.command("stty -a | cmp - " + d.stty + " && echo unchanged")
	d.see("\nunchanged")
}

func TestFullScreenProgramsWorkAsOnTheHost(t *testing.T) {
	t.Run("vim edits, and quits with a status", func(t *testing.T) {
		d := sitDown(t)
		d.command(d.run + " vim.tiny /tmp/letter")
		d.see("[New")
		d.keys("i")
		d.keys("-l", "Grüße aus dem Container")
		d.keys("Escape")
		d.see("Grüße aus dem Container")
		d.keys("-l", ":w")
		d.keys("Enter")
		d.see("written")
		d.keys("-l", ":cquit 3")
		d.keys("Enter")
		d.settled(3)
		if b, err := os.ReadFile(filepath.Join(d.root, "tmp/letter")); string(b) != "Grüße aus dem Container\n" {
			t.Errorf("the file has %q, %v", b, err)
		}
	})
	t.Run("less pages, and follows the size of the terminal", func(t *testing.T) {
		d := sitDown(t)
		var numbers strings.Builder
		for i := 1; i <= 500; i++ {
			fmt.Fprintf(&numbers, "line %d\n", i)
		}
		if err := os.WriteFile(filepath.Join(d.root, "tmp/numbers"), []byte(numbers.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		d.command(d.run + " less /tmp/numbers")
		d.see("line 29")
		d.keys("Space")
		d.see("line 58")
		d.tmux("resize-window", "-x", "60", "-y", "12")
		d.until("a page of 12 rows", func(s string) bool {
			return strings.HasPrefix(s, "line 30\n") && strings.HasSuffix(strings.TrimSpace(s), "line 40\n:")
		})
		d.keys("G")
		d.until("the last page on 12 rows", func(s string) bool {
			return strings.HasPrefix(s, "line 490\n") && strings.Contains(s, "line 500\n")
		})
		d.tmux("resize-window", "-x", "100", "-y", "30")
		d.until("30 rows, more than there are lines left", func(s string) bool { return strings.Count(s, "\n~") == 18 })
		d.keys("q")
		d.settled(0)
	})
	t.Run("htop shows the processes of the container alone", func(t *testing.T) {
		d := sitDown(t)
		d.command(d.run + " htop")
		d.see("Tasks: 1,")
		d.keys("q")
		d.settled(0)
	})
	t.Run("tmux runs in it", func(t *testing.T) {
		d := sitDown(t)
		d.command(d.run + " tmux -f /dev/null new-session -s inner bash --norc --noprofile")
		d.see("[inner] 0:bash")
		d.keys("-l", "echo in $((20 + 3))")
		d.keys("Enter")
		d.see("in 23")
		d.keys("-l", "exit")
		d.keys("Enter")
		d.see("[exited]")
		d.settled(0)
	})
	t.Run("a shell in it has jobs", func(t *testing.T) {
		d := sitDown(t)
		d.command(d.run + " bash --norc --noprofile")
		d.see("bash-")
		d.keys("-l", "sleep 1000")
		d.keys("Enter")
		d.until("a stopped job", func(s string) bool {
			d.keys("C-z") // again, if it was the shell that got it
			return strings.Contains(s, "Stopped")
		})
		d.keys("-l", "fg")
		d.keys("Enter")
		d.see("fg\nsleep 1000")
		d.until("an interrupted job", func(s string) bool {
			d.keys("C-c") // again, if it was the shell that got it
			return strings.Contains(s, "^C")
		})
		d.keys("-l", "echo the job left with $?")
		d.keys("Enter")
		d.see("the job left with 130")
		d.keys("-l", "exit 5")
		d.keys("Enter")
		d.settled(5)
	})
}

// Without a terminal of its own a container is a job of the caller's shell: weir
// stops and goes on, and nothing that the program has written meanwhile is lost.
func TestWeirIsAJobOfTheShell(t *testing.T) {
	d := sitDown(t)
	run := strings.Replace(d.run, " -it ", " ", 1)
	d.command(run + ` sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do echo tick $i; sleep .3; done; exit 6'`)
	d.see("\ntick 2")
	d.keys("C-z")
	d.see("Stopped")
	d.keys("-l", "clear; fg")
	d.keys("Enter")
	d.see("\ntick 10")
	for i := 4; i <= 10; i++ {
		d.see(fmt.Sprintf("\ntick %d\n", i))
	}
	d.settled(6)
}
