package container

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"
)

// A screen is a terminal with a launcher on it, as a person has one.
type screen struct {
	t      *testing.T
	cmd    *exec.Cmd
	master console.Console
	slave  *os.File
	before unix.Termios

	mu   sync.Mutex
	seen bytes.Buffer
	done chan struct{}
}

// sitDown starts a launcher of s on a terminal of 33 rows and 111 columns.
func sitDown(t *testing.T, s *Spec) *screen {
	t.Helper()
	master, path, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Resize(console.WinSize{Height: 33, Width: 111}); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	sc := &screen{t: t, master: master, slave: slave, done: make(chan struct{})}
	sc.before = sc.termios()
	sc.cmd = launched(t, s, true)
	sc.cmd.Stdin, sc.cmd.Stdout, sc.cmd.Stderr = slave, slave, slave
	sc.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := sc.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(sc.done)
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			sc.mu.Lock()
			sc.seen.Write(b[:n])
			sc.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { sc.cmd.Process.Kill(); sc.slave.Close(); <-sc.done; master.Close() })
	return sc
}

func (sc *screen) termios() unix.Termios {
	sc.t.Helper()
	got, err := unix.IoctlGetTermios(int(sc.slave.Fd()), unix.TCGETS)
	if err != nil {
		sc.t.Fatal(err)
	}
	return *got
}

func (sc *screen) text() string {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return strings.TrimSuffix(strings.ReplaceAll(sc.seen.String(), "\r", ""), lastWord)
}

// lastWord is what the test itself writes on a terminal that was left.
const lastWord = "\x1a"

// see waits until the text is on the screen.
func (sc *screen) see(text string) {
	sc.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(sc.text(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			sc.t.Fatalf("%q does not come; the screen:\n%s", text, sc.text())
		}
	}
}

// leave waits for the launcher, which leaves the terminal as it was.
func (sc *screen) leave(status int) {
	sc.t.Helper()
	sc.cmd.Wait()
	if got := sc.cmd.ProcessState.ExitCode(); got != status {
		sc.t.Errorf("status %d, not %d; the screen:\n%s", got, status, sc.text())
	}
	if sc.termios() != sc.before {
		sc.t.Error("the terminal was not restored")
	}
	// What was written before is still on its way to the screen.
	sc.slave.WriteString(lastWord)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		sc.mu.Lock()
		all := strings.HasSuffix(sc.seen.String(), lastWord)
		sc.mu.Unlock()
		if all {
			return
		}
	}
	sc.t.Error("the screen does not come to an end")
}

func TestATerminalOfItsOwn(t *testing.T) {
	t.Run("has a name, a size and the standard streams", func(t *testing.T) {
		s := shell(t, "tty; stty size; ls -1 /dev/pts; stat -c %t:%T:%a:%g /dev/console /proc/self/fd/0 -L; echo $TERM; (echo controlling > /dev/tty); exit 7")
		s.TTY = true
		sc := sitDown(t, s)
		sc.leave(7)
		group := "5"
		if one(t) {
			group = "0"
		}
		equal(t, "screen", sc.text(), "/dev/pts/0\n33 111\n0\nptmx\n88:0:620:"+group+"\n88:0:620:"+group+"\nxterm\ncontrolling\n")
	})
	t.Run("belongs to the user", func(t *testing.T) {
		needIDs(t, "alice")
		s := shell(t, "stat -c %u /dev/pts/0; echo mine > /dev/pts/0")
		s.TTY, s.User = true, "alice"
		sc := sitDown(t, s)
		sc.leave(0)
		equal(t, "screen", sc.text(), "1000\nmine\n")
	})
	t.Run("follows the size of the caller's", func(t *testing.T) {
		s := shell(t, "trap 'stty size; exit 0' WINCH; echo ready; while true; do sleep .01; done")
		s.TTY = true
		sc := sitDown(t, s)
		sc.see("ready")
		if err := sc.master.Resize(console.WinSize{Height: 44, Width: 122}); err != nil {
			t.Fatal(err)
		}
		sc.see("44 122")
		sc.leave(0)
	})
	t.Run("gets what is typed, and Ctrl-C is a key there", func(t *testing.T) {
		s := shell(t, "read line; echo got $line; sleep 1000 & wait; sleep 1000; echo not reached")
		s.Args = []string{"sh", "-c", "read line; echo got $line; sh -c 'trap \"exit 130\" INT; echo waiting; while true; do sleep .01; done'; exit $?"}
		s.TTY = true
		sc := sitDown(t, s)
		sc.master.Write([]byte("hello\r"))
		sc.see("got hello")
		sc.see("waiting")
		sc.master.Write([]byte{3})
		sc.leave(130)
	})
	t.Run("shows all output before the launcher ends", func(t *testing.T) {
		s := shell(t, "yes 0123456789 | head -n 20000; echo the end")
		s.TTY = true
		sc := sitDown(t, s)
		sc.leave(0)
		sc.see("the end")
		if n := strings.Count(sc.text(), "0123456789\n"); n != 20000 {
			t.Errorf("%d of 20000 lines", n)
		}
	})
	t.Run("is restored when the container is ended by a signal to the launcher", func(t *testing.T) {
		s := shell(t, "trap 'exit 143' TERM; echo ready; while true; do sleep .01; done")
		s.TTY = true
		sc := sitDown(t, s)
		sc.see("ready")
		sc.cmd.Process.Signal(syscall.SIGTERM)
		sc.leave(143)
	})
	t.Run("is restored when the program does not start", func(t *testing.T) {
		s := shell(t, "")
		s.Args, s.TTY = []string{"nosuch"}, true
		sc := sitDown(t, s)
		sc.leave(127)
		sc.see(`exec: "nosuch": executable file not found in $PATH`)
	})
}

// The first terminal that the leader of a session opens becomes the session's, as that of
// a service: the container's must not, or it is not the container's any more.
func TestATerminalIsNotTheLaunchersThatLeadsASessionWithoutOne(t *testing.T) {
	s := shell(t, "(echo controlling > /dev/tty); echo mine > /dev/console")
	s.TTY = true
	cmd := launched(t, s, false)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	equal(t, "output", string(out), "controlling\r\nmine\r\n")
}

func TestATerminalNeedsOneToTypeOn(t *testing.T) {
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close()
	s := shell(t, "true")
	s.TTY, s.Stdin = true, in
	wantError(t, run(t, s), CodeSetup, "the input device is not a TTY")
}

func TestATerminalWithoutInputOnlyShows(t *testing.T) {
	s := shell(t, "[ -t 0 ] && [ -t 1 ] && echo both are terminals")
	s.TTY = true
	equal(t, "output", output(t, s), "both are terminals\r\n")
}

// A program that holds a terminal can push characters into it, as if typed there
// (TIOCSTI), and the caller's shell would run them.
func TestTheCallersTerminalIsOutOfReach(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := over(t, image(t), "/self")
	s.Volumes = []Mount{{Source: self, Target: "/self", ReadOnly: true}}
	s.Env = []string{insideEnv + "=push"}
	if s.Caps, err = Grantable(); err != nil { // with CAP_SYS_ADMIN any terminal would do
		t.Fatal(err)
	}
	sc := sitDown(t, s)
	sc.leave(0)
	equal(t, "screen", sc.text(), strings.Repeat("inappropriate ioctl for device\n", 3)+"no such device or address\n")
}

// The caller's terminal may go before the container has one of its own. What copies is called here as it
// is after openStreams, with the terminal gone between the two.
func TestATerminalThatGoesWhileTheContainerStartsCountsAsGone(t *testing.T) {
	caller, path, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	st, err := openStreams(&Spec{TTY: true, Stdin: slave, Stdout: slave})
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	caller.Close()

	own, _, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	master := func() (*os.File, error) { return os.NewFile(own.Fd(), "own"), nil }
	if err := st.copyTerminal(master); err == nil {
		t.Error("no error")
	}
	select {
	case <-st.hungUp:
	default:
		t.Error("nobody ends a container of which nothing is read any more")
	}
}

// When the caller's terminal is gone, a program that nobody sees any more does not go
// on for ever.
func TestAContainerEndsWithTheTerminal(t *testing.T) {
	start := func(script string) *exec.Cmd {
		// Not a blocking descriptor, so that closing it ends the reading.
		master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		var number int
		raw, err := master.SyscallConn()
		if err == nil {
			raw.Control(func(fd uintptr) {
				if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
					number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
				}
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer slave.Close()
		s := shell(t, script)
		s.TTY = true
		cmd := launched(t, s, true)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		if line, err := bufio.NewReader(master).ReadString('\n'); !strings.HasPrefix(line, "ready") {
			t.Fatalf("%q %v", line, err)
		}
		return cmd
	}
	polite := start("trap 'exit 7' HUP; echo ready; while true; do sleep 1; done")
	reading := start("echo ready; read line; exit 6")
	deaf := start("trap '' HUP; echo ready; while true; do sleep 1; done")
	polite.Wait()
	if got := polite.ProcessState.ExitCode(); got != 7 {
		t.Errorf("of a program that heeds SIGHUP the status is %d", got)
	}
	reading.Wait()
	if got := reading.ProcessState.ExitCode(); got != 6 {
		t.Errorf("of a program that reads from it the status is %d", got)
	}
	deaf.Wait()
	if got := deaf.ProcessState.ExitCode(); got != 137 {
		t.Errorf("of a program that does not the status is %d", got)
	}
}
