//go:build linux

package sys

import (
	"os"

	"golang.org/x/sys/unix"
)

// Memfd is memfd_create(2): a file in memory, closed on execve. Whether it can be executed,
// unix.MFD_EXEC or unix.MFD_NOEXEC_SEAL, is left out for kernels before Linux 6.3,
// which know neither: there every one can.
func Memfd(name string, flags, exec int) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|flags|exec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|flags)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
