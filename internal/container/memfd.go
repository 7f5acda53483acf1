package container

import (
	"fmt"
	"io"
	"os"

	"github.com/weir-dev/weir/internal/container/handover"
	"github.com/weir-dev/weir/internal/sys"
	"github.com/weir-dev/weir/internal/sys/thread"
	"golang.org/x/sys/unix"
)

// An Init is weir-init in a memory file that nobody can change any more. An image may
// execute /proc/self/exe and write to it: what it reaches is this file, and neither
// weir's own nor that of the next container.
type Init struct {
	made chan struct{} // closed when file and err are there
	file *os.File
	err  error
}

// NewInit makes the file of the ELF file of cmd/weir-init. It does so beside what the
// caller does next, and calls done, if not nil, when the ELF file is not needed any
// more. The file lasts as long as the Init, for any number of containers.
func NewInit(elf []byte, done func()) *Init {
	i := &Init{made: make(chan struct{})}
	go func() {
		i.file, i.err = sealed(elf)
		close(i.made)
		if done != nil {
			done()
		}
	}()
	return i
}

func (i *Init) open() (*os.File, error) {
	<-i.made
	return i.file, i.err
}

func sealed(elf []byte) (*os.File, error) {
	f, err := sys.Memfd("weir-init", unix.MFD_ALLOW_SEALING, unix.MFD_EXEC)
	if err != nil {
		return nil, fmt.Errorf("make a memory file for weir-init: %w", err)
	}
	if _, err := f.Write(elf); err != nil {
		f.Close()
		return nil, fmt.Errorf("write weir-init: %w", err)
	}
	// Nobody has it mapped, so that to forbid writing is to forbid it from now on.
	// F_SEAL_WRITE would wait until all processors have let go of its last pages.
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal weir-init: %w", err)
	}
	return f, nil
}

// planFile writes the plan behind an empty page.
func planFile(p *handover.Plan) (*os.File, error) {
	f, err := sys.Memfd("weir-plan", 0, unix.MFD_NOEXEC_SEAL)
	if err != nil {
		return nil, fmt.Errorf("make a memory file for the plan: %w", err)
	}
	if _, err := io.NewOffsetWriter(f, thread.PageSize).Write(p.Marshal()); err != nil {
		f.Close()
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return f, nil
}
