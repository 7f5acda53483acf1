package container

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"
)

// streams are the standard streams of a container: three pipes, or a terminal.
//
// They are copied, and what the caller has is never handed in, whatever it is. A
// process can open again what it has a descriptor of, by /proc/self/fd, with more
// rights and from the start; from a directory it could climb; and into a terminal
// it could push characters, as if typed.
type streams struct {
	spec   *Spec
	theirs [3]*os.File // of the first process
	input  *os.File    // into the container
	output [2]*os.File // out of it: standard output and error
	stop   [2]*os.File // a pipe: closing its second end ends the copying of input
	inputs sync.WaitGroup

	terminal console.Console // the caller's, if Stdin is one
	hungUp   chan struct{}   // closed when that is gone, and not before there is a master
	size     winsize
	master   atomic.Pointer[os.File]
}

type winsize struct{ rows, columns uint16 }

// openStreams makes what the container is started with.
func openStreams(s *Spec) (_ *streams, err error) {
	st := &streams{spec: s, hungUp: make(chan struct{})}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.stop[0], st.stop[1], err = os.Pipe(); err != nil {
		return nil, err
	}
	if s.TTY {
		return st, st.openTerminal()
	}
	if s.Stdin == nil {
		st.theirs[0], err = os.Open(os.DevNull)
	} else {
		st.theirs[0], st.input, err = os.Pipe()
	}
	if err != nil {
		return nil, err
	}
	for i := range st.output {
		if st.output[i], st.theirs[1+i], err = os.Pipe(); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// openTerminal looks at the caller's terminal. The container's comes up the
// control socket later; until then its streams are /dev/null.
func (st *streams) openTerminal() (err error) {
	for i := range st.theirs {
		if st.theirs[i], err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
			return err
		}
	}
	shown := st.spec.Stdout
	if st.spec.Stdin != nil {
		if st.terminal, err = console.ConsoleFromFile(st.spec.Stdin); err != nil {
			return errors.New("the input device is not a TTY")
		}
		shown = st.spec.Stdin
	}
	if c, err := console.ConsoleFromFile(shown); err == nil {
		if size, err := c.Size(); err == nil {
			st.size = winsize{size.Height, size.Width}
		}
	}
	return nil
}

// copy copies until the container has closed its output, and then sends what
// failed, nil if nothing did. The master of the container's terminal, if it has one, is
// waited for.
func (st *streams) copy(master func() (*os.File, error)) <-chan error {
	done := make(chan error, 1)
	if st.spec.TTY {
		go func() { done <- st.copyTerminal(master) }()
		return done
	}
	if st.input != nil {
		st.inputs.Go(func() {
			st.copyInput(st.input)
			st.input.Close()
		})
	}
	var wait sync.WaitGroup
	var errs [2]error
	for i, to := range []*os.File{st.spec.Stdout, st.spec.Stderr} {
		wait.Go(func() { errs[i] = copyOutput(to, st.output[i]) })
	}
	go func() {
		wait.Wait()
		done <- errors.Join(errs[:]...)
	}()
	return done
}

// copyOutput copies until the end of from, or until to takes no more: then from is
// closed, and the program learns of it as it would without a container.
func copyOutput(to, from *os.File) error {
	_, err := io.Copy(to, from)
	from.Close()
	if errors.Is(err, unix.EPIPE) {
		return nil
	}
	return err
}

// copyInput copies standard input until it ends, or is stopped. It reads only what
// is there, so that what is typed after the container's end stays for the shell.
func (st *streams) copyInput(to *os.File) {
	stdin := int(st.spec.Stdin.Fd())
	wait := []unix.PollFd{{Fd: int32(stdin), Events: unix.POLLIN}, {Fd: int32(st.stop[0].Fd())}}
	b := make([]byte, 64<<10)
	for {
		if _, err := unix.Poll(wait, -1); err == unix.EINTR {
			continue
		}
		if wait[1].Revents != 0 {
			return
		}
		n, err := unix.Read(stdin, b)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil || n == 0 {
			if st.terminal != nil { // in raw mode the end of a file is a character: it is gone
				close(st.hungUp)
			}
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// closeTheirs closes what only the container is to hold, so that its end is seen.
func (st *streams) closeTheirs() {
	for i, f := range st.theirs {
		if f != nil {
			f.Close()
			st.theirs[i] = nil
		}
	}
}

// close ends all copying and gives the caller's terminal back as it was.
func (st *streams) close() {
	st.closeTheirs()
	for _, f := range []*os.File{st.stop[1], st.input, st.master.Load(), st.output[0], st.output[1]} {
		if f != nil {
			f.Close()
		}
	}
	st.inputs.Wait()
	if st.stop[0] != nil {
		st.stop[0].Close()
	}
	if st.terminal != nil {
		st.terminal.Reset()
	}
}
