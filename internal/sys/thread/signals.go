//go:build linux

package thread

import "golang.org/x/sys/unix"

// lastSignal is the highest signal number, _NSIG (128 on MIPS, 64 elsewhere).
const lastSignal = 8 * kernelSigsetSize

// ResetSignals adds what gives every signal its default action and unblocks them all.
// Where Go's runtime ran, its handlers are gone after it: no goroutine is preempted any
// more and nothing returns from a handler, so that a filter need not allow rt_sigreturn.
func (s *Script) ResetSignals() {
	_, action := s.Room(64) // struct sigaction, all zero: SIG_DFL, no flags, no mask
	for sig := uintptr(1); sig <= lastSignal; sig++ {
		if sig != uintptr(unix.SIGKILL) && sig != uintptr(unix.SIGSTOP) {
			s.Call("reset the signals", unix.SYS_RT_SIGACTION, sig, action, 0, kernelSigsetSize)
		}
	}
	_, none := s.Room(kernelSigsetSize)
	s.Call("unblock the signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, none, 0, kernelSigsetSize)
}

// ResetSignals does the same at once, on the calling thread, which the caller has locked.
// Only execve or exit may follow.
func ResetSignals() error {
	s := NewScript(nil)
	s.ResetSignals()
	s.End()
	return s.Run()
}
