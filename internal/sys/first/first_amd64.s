#include "textflag.h"

// func text() (start, end uintptr)
TEXT ·text(SB), NOSPLIT, $0-16
	LEAQ	code<>(SB), AX
	MOVQ	AX, start+0(FP)
	LEAQ	end<>(SB), AX
	MOVQ	AX, end+8(FP)
	RET

// The program. It lies wherever the kernel put it, so every jump is relative, and it has
// nothing but this text and its stack.
TEXT code<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ	8(SP), BX		// argv[0]
	TESTQ	BX, BX
	JZ	stranger
	MOVBLZX	5(BX), AX		// of weir-init, weir-guard, weir-reaper
	CMPL	AX, $0x67		// g
	JEQ	guard
	CMPL	AX, $0x72		// r
	JEQ	reaper
	CMPL	AX, $0x69		// i
	JNE	stranger

	MOVL	$0x20000000, DI		// thread.AreaBase
	MOVL	$0x1000000, SI		// thread.AreaSize
	MOVL	$3, DX			// PROT_READ, PROT_WRITE
	MOVL	$0x11, R10		// MAP_SHARED, MAP_FIXED
	MOVL	$3, R8			// handover.AreaFd
	XORL	R9, R9
	MOVL	$9, AX			// mmap
	SYSCALL
	CMPQ	AX, DI
	JNE	stranger
	MOVQ	AX, R12			// the page
	LEAQ	0x1000(AX), R13		// the call

	// What follows is run of package thread.
call:
	MOVL	0(R13), AX		// nr
	TESTL	AX, AX
	JLT	special
	MOVBLZX	5(R13), BX		// how
	MOVQ	8(R13), DI
	TESTL	$16, BX			// howFrom
	JZ	made
	MOVL	(DI), DI
made:
	MOVQ	16(R13), SI
	MOVQ	24(R13), DX
	MOVQ	32(R13), R10
	MOVQ	40(R13), R8
	MOVQ	48(R13), R9
	SYSCALL
	CMPQ	AX, $-4095
	JCC	failed
	TESTQ	AX, AX
	JNZ	store
	TESTL	$1, BX			// howSome
	JNZ	fail
	TESTL	$2, BX			// howBranch
	JZ	store
	MOVQ	48(R13), R13
	JMP	call
store:
	MOVQ	56(R13), CX
	TESTQ	CX, CX
	JZ	next
	MOVL	AX, (CX)
next:
	ADDQ	$64, R13
	JMP	call

failed:
	NEGQ	AX
	MOVWLZX	6(R13), CX		// ok
	CMPL	AX, CX
	JNE	unless
	TESTL	$4, BX			// howAgain
	JNZ	call
	JMP	next
unless:
	TESTL	$8, BX			// howIgnore
	JNZ	next
fail:
	MOVL	AX, 4(R12)		// errno
	MOVQ	R13, CX
	SUBQ	R12, CX
	SUBQ	$0x1000, CX
	SHRQ	$6, CX
	MOVL	CX, 16(R12)		// call
	MOVBLZX	4(R13), CX		// phase
	MOVL	CX, 0(R12)
leave:
	MOVL	$1, DI
	MOVL	$231, AX		// exit_group
	SYSCALL
	UD2

special:
	MOVQ	8(R13), DI
	MOVQ	16(R13), SI
	CMPL	AX, $-2			// opMark
	JEQ	mark
	CMPL	AX, $-3			// opUnless
	JEQ	compare
	CMPL	AX, $-4			// opDigits
	JNE	leave
	MOVL	(DI), AX
	MOVL	AX, R8
	MOVQ	SI, DI
	MOVL	$10, CX
count:
	INCQ	SI
	XORL	DX, DX
	DIVL	CX
	TESTL	AX, AX
	JNZ	count
	MOVB	$0, (SI)
	MOVL	R8, AX
put:
	DECQ	SI
	XORL	DX, DX
	DIVL	CX
	ADDL	$48, DX			// "0"
	MOVB	DX, (SI)
	CMPQ	SI, DI
	JNE	put
	JMP	next
mark:
	MOVL	SI, (DI)
	JMP	next
compare:
	CMPL	SI, (DI)
	JEQ	next
	JMP	leave

	// It was not started by weir: an image has executed /proc/self/exe, perhaps.
stranger:
	SUBQ	$32, SP
	MOVQ	$0x696e692d72696577, AX	// weir-ini
	MOVQ	AX, 0(SP)
	MOVQ	$0x7320746f6e203a74, AX	// t: not s
	MOVQ	AX, 8(SP)
	MOVQ	$0x6220646574726174, AX	// tarted b
	MOVQ	AX, 16(SP)
	MOVQ	$0x0a72696577207962, AX	// by weir
	MOVQ	AX, 23(SP)
	MOVL	$2, DI
	MOVQ	SP, SI
	MOVL	$31, DX
	MOVL	$1, AX			// write
	SYSCALL
	MOVL	$125, DI
	MOVL	$231, AX		// exit_group
	SYSCALL
	UD2

	// The guard waits until the launcher (descriptor 0) or the container's first process
	// (1) has ended, and in the first case kills the second, as it does if it cannot wait.
	// It blocks whatever signal may be sent to all that is called weir.
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
take:
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
	JEQ	take
	TESTL	AX, AX
	JLE	refused
	MOVL	AX, SI
	MOVL	R12, DI
	MOVL	$62, AX			// kill
	SYSCALL
	JMP	take
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

// Where it ends.
TEXT end<>(SB), NOSPLIT|NOFRAME, $0
	UD2
