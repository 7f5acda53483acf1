#include "textflag.h"

// The entry of weir-init. With WEIR_GUARD as the first variable of its environment
// it is the guard of a container, which does with five system calls what would take
// Go's runtime a millisecond and four threads to begin with; otherwise Go begins.
//
// The guard waits until the launcher (descriptor 0) or the container's first process
// (1) has ended, and in the first case kills the second. It blocks whatever signal may
// be sent to all that is called weir.
TEXT weir_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ	0(SP), AX		// argc
	MOVQ	16(SP)(AX*8), BX	// envp[0]
	TESTQ	BX, BX
	JZ	go
	CMPL	(BX), $0x52494557	// "WEIR"
	JEQ	guard
go:
	JMP	_rt0_amd64_linux(SB)

guard:
	SUBQ	$16, SP
	MOVQ	$-1, 0(SP)		// all signals
	MOVL	$14, AX			// rt_sigprocmask
	MOVL	$2, DI			// SIG_SETMASK
	MOVQ	SP, SI
	XORL	DX, DX
	MOVL	$8, R10
	SYSCALL
wait:
	MOVL	$0, 0(SP)		// struct pollfd: fd
	MOVL	$1, 4(SP)		// events POLLIN, revents 0
	MOVL	$1, 8(SP)
	MOVL	$1, 12(SP)
	MOVL	$7, AX			// poll
	MOVQ	SP, DI
	MOVL	$2, SI
	MOVQ	$-1, DX
	SYSCALL
	CMPW	6(SP), $0
	JNE	kill
	CMPW	14(SP), $0
	JEQ	wait
exit:
	MOVL	$231, AX		// exit_group
	XORL	DI, DI
	SYSCALL
	INT	$3
kill:
	MOVL	$424, AX		// pidfd_send_signal
	MOVL	$1, DI
	MOVL	$9, SI			// SIGKILL
	XORL	DX, DX
	XORL	R10, R10
	SYSCALL
	JMP	exit
