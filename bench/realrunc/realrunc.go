// Package realrunc makes filters with the code of runc itself, which is linked
// with the libseccomp of this machine. Package runc beside it says in words of its
// own what that code does. It takes the build tag seccomp, as runc does.
package realrunc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/opencontainers/runc/libcontainer/seccomp"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/kernel"
)

// Version returns the version of runc, such as "1.5.2".
func Version() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "github.com/opencontainers/runc" {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "of unknown version"
}

// Make makes the program of a profile in the OCI's form, up to the call that would
// attach it: the kernel refuses that one to a thread without CAP_SYS_ADMIN.
func Make(oci []byte) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its capability
		if err := drop(unix.CAP_SYS_ADMIN); err != nil {
			done <- fmt.Errorf("dropping CAP_SYS_ADMIN: %w", err)
			return
		}
		err := attach(oci)
		switch {
		case err == nil:
			err = errors.New("runc attached a filter without CAP_SYS_ADMIN")
		case errors.Is(err, unix.EACCES):
			err = nil
		}
		done <- err
	}()
	return <-done
}

// drop takes an effective capability from this thread.
func drop(capability uint) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[capability/32].Effective &^= 1 << (capability % 32)
	return unix.Capset(&header, &sets[0])
}

// attach does what runc does between its configuration and the filter.
func attach(oci []byte) error {
	if !seccomp.Enabled {
		return errors.New("runc's code was built without the tag seccomp")
	}
	var spec specs.LinuxSeccomp
	if err := json.Unmarshal(oci, &spec); err != nil {
		return err
	}
	config, err := specconv.SetupSeccomp(&spec)
	if err != nil {
		return err
	}
	_, err = seccomp.InitSeccomp(config)
	return err
}

// AttachArg is the only argument of a program that shall call [Attach].
const AttachArg = "runc-attach"

// Attach attaches the filter of the profile that it reads from the standard input
// to a thread, prints the number of the thread, and waits to be killed.
func Attach() error {
	oci, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := attach(oci); err != nil {
		return err
	}
	fmt.Println(unix.Gettid())
	select {}
}

// Program returns the program that runc attaches for a profile in the OCI's form,
// read back from a process of this executable that runs [Attach]. It needs root.
func Program(oci []byte) (bpf.Program, error) {
	cmd := exec.Command("/proc/self/exe", AttachArg)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(oci), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("runc attached no filter: %w", err)
	}
	tid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return nil, err
	}
	filters, err := kernel.ReadBack(tid)
	if err != nil {
		return nil, err
	}
	if len(filters) != 1 {
		return nil, fmt.Errorf("runc attached %d filters", len(filters))
	}
	return filters[0].Program, nil
}
