package container

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-dev/weir/internal/kerneltest"
	"golang.org/x/sys/unix"
)

func TestMegabytesPassBothWaysAndNoByteIsLost(t *testing.T) {
	data := make([]byte, 8<<20)
	rand.NewChaCha8([32]byte{1}).Read(data)
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	go func() {
		feed.Write(data)
		feed.Close()
	}()
	s := over(t, image(t), "cat")
	s.Stdin = in
	if got := output(t, s); sha256.Sum256([]byte(got)) != sha256.Sum256(data) {
		t.Errorf("%d of %d bytes, and not the same", len(got), len(data))
	}
}

func TestStandardInputThatIsNotAskedForIsNull(t *testing.T) {
	equal(t, "output", output(t, shell(t, "cat; readlink /proc/self/fd/0; stat -Lc %t:%T /proc/self/fd/0")), "/dev/null\n1:3\n")
}

func TestAProgramMayLeaveItsInputUnread(t *testing.T) {
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close() // it never ends
	for _, script := range []string{"exit 3", "head -c 1 >/dev/null; exit 3", "exec 0<&-; exit 3"} {
		feed.Write([]byte("some input\n"))
		s := shell(t, script)
		s.Stdin = in
		if r := run(t, s); r.err != nil || r.Status() != 3 {
			t.Errorf("%s: %v %+v", script, r.err, r)
		}
	}
}

// What a container holds of the caller's is what it could open again.
func TestOnlyPipesAreHandedInWhateverTheStreamsAre(t *testing.T) {
	open := func(path string, flags int) *os.File {
		f, err := os.OpenFile(path, flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("what was there before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A descriptor that the launcher has leaked.
	leak, err := unix.Open("/etc", unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)

	t.Run("by their kind", func(t *testing.T) {
		s := over(t, image(t), "ls", "-l", "/proc/self/fd")
		s.Stdin, s.Stdout, s.Stderr = open("/", os.O_RDONLY), open(path, os.O_WRONLY|os.O_APPEND), open("/dev/null", os.O_WRONLY)
		if status, err := Run(context.Background(), s); err != nil || status.Status() > 1 { // ls has closed its 3 when it asks
			t.Fatal(status, err)
		}
		log, _ := os.ReadFile(path)
		links := regexp.MustCompile(`(?m):\d\d (\d+)(?: -> (\w+).*)?$`).ReplaceAllString(string(log), "\n$1 $2\n")
		got := strings.Join(regexp.MustCompile(`(?m)^\d+ \w*$`).FindAllString(links, -1), "\n")
		equal(t, "descriptors", got, "0 pipe\n1 pipe\n2 pipe\n3 ")
	})
	t.Run("so that a log cannot be read back", func(t *testing.T) {
		s := shell(t, "cat /proc/1/fd/1 & sleep .2; kill $!")
		s.Stdout, s.Stderr = open(path, os.O_WRONLY|os.O_TRUNC), open("/dev/null", os.O_WRONLY)
		if err := os.WriteFile(path, []byte("a secret\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		log, _ := os.ReadFile(path)
		equal(t, "the log", string(log), "a secret\n")
	})
}

// What is given to the user is what was made for the container alone.
func TestTheNullDeviceStaysRoots(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root) // a plain user's is the host's
	s := shell(t, "stat -Lc %u:%g /dev/null /proc/self/fd/0")
	s.User = "alice"
	equal(t, "owners", output(t, s), "0:0\n0:0\n")
}

func TestAUserCanOpenTheStandardStreams(t *testing.T) {
	s := shell(t, "echo one > /dev/stdout; echo two > /proc/self/fd/1; stat -Lc %u /dev/stdout")
	needIDs(t, "alice")
	s.User = "alice"
	equal(t, "output", output(t, s), "one\ntwo\n1000\n")
}

func TestOutputThatNobodyReadsEndsTheProgramAndNotTheLauncher(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := over(t, image(t), "sh", "-c", "yes; echo status $? >&2")
	s.Stdout = w
	errOut, err := os.CreateTemp(t.TempDir(), "err")
	if err != nil {
		t.Fatal(err)
	}
	s.Stderr = errOut
	go func() {
		io.ReadFull(r, make([]byte, 1000))
		r.Close()
	}()
	status, err := Run(context.Background(), s)
	if err != nil || status.Status() != 0 {
		t.Errorf("%v %v", status, err)
	}
	got, _ := os.ReadFile(errOut.Name())
	if !strings.Contains(string(got), "status 141") && !strings.Contains(string(got), "status 1\n") {
		t.Errorf("got %q", got)
	}
}

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	s := shell(t, "echo lost; exit 3")
	s.Stdout, s.Stderr = full, full
	status, err := Run(context.Background(), s)
	if status.Status() != 3 || err == nil || !strings.Contains(err.Error(), "copy the container's output: ") || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("%v %v", status, err)
	}
}

func TestTheLauncherWaitsForTheOutputOfWhatTheProgramLeft(t *testing.T) {
	// The background process is killed with the program, and what it wrote is there.
	got := output(t, shell(t, "(yes | head -c 300000) & wait; sleep 100 & echo end"))
	if len(got) != 300004 || !strings.HasSuffix(got, "end\n") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestContextEndsTheContainer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r := runContext(t, ctx, shell(t, "echo started; sleep 1000"))
	if r.err != nil || r.Signal != syscall.SIGKILL {
		t.Errorf("%v %+v", r.err, r)
	}
}

func TestManyContainersAtOnce(t *testing.T) {
	dir := image(t)
	done := make(chan string)
	for i := range 8 {
		s := over(t, dir, "sh", "-c", fmt.Sprintf("hostname; echo %d", i))
		s.Hostname = fmt.Sprint("box", i)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s.Stdout, s.Stderr = w, w
		go func() {
			_, err := Run(context.Background(), s)
			w.Close()
			var out bytes.Buffer
			io.Copy(&out, r)
			r.Close()
			if want := fmt.Sprintf("box%d\n%d\n", i, i); err != nil || out.String() != want {
				done <- fmt.Sprintf("%v, %q", err, out.String())
				return
			}
			done <- ""
		}()
	}
	for range 8 {
		if s := <-done; s != "" {
			t.Error(s)
		}
	}
}
