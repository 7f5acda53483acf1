package userns

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Attributes make a process one of a new user namespace, beside other new
// namespaces. It starts with no id mapped, and keeps the capabilities given
// through execve all the same, as ambient ones.
func Attributes(attr *syscall.SysProcAttr, caps []uintptr) {
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.AmbientCaps = caps
}

// AllCaps are the capabilities that this kernel has. A process is granted all of
// them in a new user namespace, whatever it has outside.
func AllCaps() (caps []uintptr) {
	for c := uintptr(0); c < 64; c++ {
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err != nil {
			break
		}
		caps = append(caps, c)
	}
	return caps
}

// fileCaps are what it takes to make and remove files of any mapped owner.
var fileCaps = [...]uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_SETFCAP,
}

// Run runs this very program again in a new user namespace with the ids given, by
// the name and with the arguments given, and waits for its end. There the program
// calls [Await] first.
func (ids *IDs) Run(name string, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	mapped, told, err := os.Pipe()
	if err != nil {
		return err
	}
	defer mapped.Close()
	defer told.Close()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = name
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.ExtraFiles = []*os.File{mapped}
	// It holds nothing that is of worth without its parent.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	Attributes(cmd.SysProcAttr, fileCaps[:])
	if err := cmd.Start(); err != nil {
		return Explain(fmt.Errorf("start a process in a user namespace: %w", err))
	}
	err = ids.Map(cmd.Process.Pid)
	if err == nil {
		_, err = told.Write([]byte{0})
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return err
	}
	return cmd.Wait()
}

// Await waits until the ids of this process are mapped.
func Await() error {
	told := os.NewFile(3, "mapped")
	defer told.Close()
	if _, err := io.ReadFull(told, make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the ids to be mapped: %w", err)
	}
	return nil
}
