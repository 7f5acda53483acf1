//go:build linux

package kernel

import (
	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A call that waits for a limited time (nanosleep, poll, futex) and is cut short
// by a stop leaves with ERESTART_RESTARTBLOCK, and the kernel resumes it as
// another call, restart_syscall, which waits for the time that is left. The
// filters of the thread are asked about that call too. A program written
// without a thought of debuggers may well deny it, even kill for it.
const (
	restartNoHand = -514 // ERESTARTNOHAND: begin the same call anew
	restartBlock  = -516 // ERESTART_RESTARTBLOCK: restart_syscall
)

// avoidRestart sees to it that a stopped thread resumes the call that it waits
// in by one that its filters allow. Where they do not allow restart_syscall, or
// are not known, the call begins anew, with its whole time limit.
func avoidRestart(tid int, filters []Filter) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	inCall := int64(regs.Orig_rax) >= 0
	if !inCall || int32(regs.Rax) != restartBlock {
		return nil
	}
	const user32 = 0x23 // __USER32_CS: 32-bit code
	restart := seccomp.Data{Arch: seccomp.ArchX86_64.Audit(), Nr: unix.SYS_RESTART_SYSCALL | seccomp.Nr(regs.Orig_rax)&(1<<30)}
	if regs.Cs == user32 {
		restart = seccomp.Data{Arch: seccomp.ArchX86.Audit(), Nr: 0}
	}
	if allowed(filters, &restart) {
		return nil
	}
	again := int64(restartNoHand)
	regs.Rax = uint64(again)
	return unix.PtraceSetRegs(tid, &regs)
}

// allowed reports whether all filters let a call run.
func allowed(filters []Filter, call *seccomp.Data) bool {
	for _, f := range filters {
		r, _, err := f.Program.Run(call, seccomp.LittleEndian)
		if err != nil || r.Action() != seccomp.ActAllow && r.Action() != seccomp.ActLog {
			return false
		}
	}
	return len(filters) > 0
}
