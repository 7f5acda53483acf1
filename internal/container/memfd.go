package container

import (
	"fmt"
	"io"
	"os"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/internal/sys/first"
	"github.com/weir-dev/weir/internal/sys/thread"
	"github.com/weir-dev/weir/internal/userns"
	"golang.org/x/sys/unix"
)

// An Init is weir-init in a memory file that nobody can change any more, for where it makes
// the container.
type Init struct {
	made chan struct{} // closed when file and err are there; nil if weir-init is not needed
	file *os.File
	err  error
}

// NewInit makes the file of the ELF file of cmd/weir-init, if this process needs it to run
// containers. It does so beside what the caller does next, and calls done, if not nil,
// when the ELF file is not needed any more. The file lasts as long as the Init, for any
// number of containers.
func NewInit(elf []byte, done func()) *Init {
	i := &Init{}
	if !apart() {
		return i
	}
	i.made = make(chan struct{})
	go func() {
		i.file, i.err = sealed(handover.InitName, elf)
		close(i.made)
		if done != nil {
			done()
		}
	}()
	return i
}

// apart tells whether weir-init makes a container, in a process of its own. Else weir
// does that itself, in a thread: but only a process without other threads can enter a
// user namespace.
func apart() bool { return !first.Exists || userns.Needed() }

func (i *Init) open() (*os.File, error) {
	<-i.made
	return i.file, i.err
}

// openFirst makes the file of what runs in a container before its program. An image may
// execute /proc/self/exe and write to it: what it reaches is this file, and neither weir's
// own nor that of the next container.
func openFirst() (*os.File, error) { return sealed(handover.InitName, first.ELF()) }

func sealed(name string, elf []byte) (*os.File, error) {
	f, err := sys.Memfd(name, unix.MFD_ALLOW_SEALING, unix.MFD_EXEC)
	if err != nil {
		return nil, fmt.Errorf("make a memory file for %s: %w", name, err)
	}
	if _, err := f.Write(elf); err != nil {
		f.Close()
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	// Nobody has it mapped, so that to forbid writing is to forbid it from now on.
	// F_SEAL_WRITE would wait until all processors have let go of its last pages.
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal %s: %w", name, err)
	}
	return f, nil
}

// planFile writes the plan behind an empty page.
func planFile(p *handover.Plan) (*os.File, error) {
	f, err := sharedFile()
	if err != nil {
		return nil, err
	}
	if _, err := io.NewOffsetWriter(f, thread.PageSize).Write(p.Marshal()); err != nil {
		f.Close()
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return f, nil
}

// sharedFile makes what the launcher and the first process share.
func sharedFile() (*os.File, error) {
	f, err := sys.Memfd("weir-plan", 0, unix.MFD_NOEXEC_SEAL)
	if err != nil {
		return nil, fmt.Errorf("make a memory file for the plan: %w", err)
	}
	return f, nil
}
