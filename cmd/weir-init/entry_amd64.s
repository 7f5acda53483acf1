#include "textflag.h"

// The entry of weir-init. With WEIR_GUARD as the first variable of its environment
// it is the guard of a container, which does with five system calls what would take
// Go's runtime a millisecond and four threads to begin with. Under the name weir-reaper
// it is the first process of a container; otherwise Go begins.
//
// The guard waits until the launcher (descriptor 0) or the container's first process
// (1) has ended, and in the first case kills the second, as it does if it cannot wait.
// It blocks whatever signal may be sent to all that is called weir.
TEXT weir_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ	0(SP), AX		// argc
	TESTQ	AX, AX
	JZ	environment
	MOVQ	8(SP), BX		// argv[0]
	MOVQ	$0x6165722d72696577, CX	// "weir-rea"
	CMPQ	(BX), CX
	JEQ	reaper
environment:
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
	MOVL	$271, AX		// ppoll, as the launcher waits
	MOVQ	SP, DI
	MOVL	$2, SI
	XORL	DX, DX			// no time limit
	XORL	R10, R10		// the mask as it is
	MOVL	$8, R8
	SYSCALL
	CMPL	AX, $-4			// EINTR
	JEQ	wait
	TESTL	AX, AX
	JL	kill			// it cannot watch
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

// The reaper waits for the program, whose process its first argument names, and ends
// as that did. It forwards every signal to it, and reaps what else ends in the
// container. All signals are blocked when it begins, so none is lost: it takes them
// one by one. Under a filter it needs rt_sigtimedwait, wait4, kill and exit_group.
reaper:
	MOVQ	16(SP), SI		// argv[1]
	XORL	R12, R12		// the program's process
digit:
	MOVBLZX	(SI), AX
	TESTL	AX, AX
	JZ	begin
	IMULL	$10, R12
	LEAL	-48(R12)(AX*1), R12	// "0"
	INCQ	SI
	JMP	digit
begin:
	SUBQ	$16, SP
reap:
	MOVL	$61, AX			// wait4
	MOVQ	$-1, DI
	MOVQ	SP, SI			// its status
	MOVL	$1, DX			// WNOHANG
	XORL	R10, R10
	SYSCALL
	CMPL	AX, R12
	JEQ	ended
	TESTL	AX, AX
	JG	reap
	JL	refused
next:
	MOVQ	$-1, 8(SP)		// all signals
	MOVL	$128, AX		// rt_sigtimedwait
	LEAQ	8(SP), DI
	XORL	SI, SI
	XORL	DX, DX			// no time limit
	MOVL	$8, R10
	SYSCALL
	CMPL	AX, $17			// SIGCHLD
	JEQ	reap
	CMPL	AX, $-4			// EINTR
	JEQ	next
	TESTL	AX, AX
	JLE	refused
	MOVL	AX, SI
	MOVL	R12, DI
	MOVL	$62, AX			// kill
	SYSCALL
	JMP	next
ended:
	MOVL	0(SP), DI
	MOVL	DI, AX
	ANDL	$0x7f, AX		// the signal, if any
	JNZ	signalled
	SHRL	$8, DI
	ANDL	$0xff, DI
	JMP	done
signalled:
	LEAL	128(AX), DI
	JMP	done
refused:
	MOVL	$125, DI
done:
	MOVL	$231, AX		// exit_group
	SYSCALL
	INT	$3
