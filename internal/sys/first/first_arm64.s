#include "textflag.h"

// func text() (start, end uintptr)
TEXT ·text(SB), NOSPLIT, $0-16
	MOVD	$code<>(SB), R0
	MOVD	R0, start+0(FP)
	MOVD	$end<>(SB), R0
	MOVD	R0, end+8(FP)
	RET

// The program, as first_amd64.s explains it.
TEXT code<>(SB), NOSPLIT|NOFRAME, $0
	MOVD	8(RSP), R1		// argv[0]
	CBZ	R1, stranger
	MOVBU	5(R1), R0		// of weir-init, weir-guard, weir-reaper
	CMPW	$0x67, R0		// g
	BEQ	guard
	CMPW	$0x72, R0		// r
	BEQ	reaper
	CMPW	$0x69, R0		// i
	BNE	stranger

	MOVD	$0x20000000, R0		// thread.AreaBase
	MOVD	R0, R19			// the page
	MOVD	$0x1000000, R1		// thread.AreaSize
	MOVD	$3, R2			// PROT_READ, PROT_WRITE
	MOVD	$0x11, R3		// MAP_SHARED, MAP_FIXED
	MOVD	$3, R4			// handover.AreaFd
	MOVD	$0, R5
	MOVD	$222, R8		// mmap
	SVC
	CMP	R19, R0
	BNE	stranger
	ADD	$0x1000, R19, R20	// the call

call:
	MOVWU	0(R20), R8		// nr
	TBNZ	$31, R8, special
	MOVBU	5(R20), R21		// how
	MOVD	8(R20), R0
	TBZ	$4, R21, made		// howFrom
	MOVWU	(R0), R0
made:
	MOVD	16(R20), R1
	MOVD	24(R20), R2
	MOVD	32(R20), R3
	MOVD	40(R20), R4
	MOVD	48(R20), R5
	SVC
	CMN	$4095, R0
	BHS	failed
	CBNZ	R0, store
	TBNZ	$0, R21, fail		// howSome
	TBZ	$1, R21, store		// howBranch
	MOVD	48(R20), R20
	JMP	call
store:
	MOVD	56(R20), R1
	CBZ	R1, next
	MOVW	R0, (R1)
next:
	ADD	$64, R20
	JMP	call

failed:
	NEG	R0, R0
	MOVHU	6(R20), R1		// ok
	CMPW	R1, R0
	BNE	unless
	TBNZ	$2, R21, call		// howAgain
	JMP	next
unless:
	TBNZ	$3, R21, next		// howIgnore
fail:
	MOVW	R0, 4(R19)		// errno
	SUB	R19, R20, R1
	SUB	$0x1000, R1
	LSR	$6, R1
	MOVW	R1, 16(R19)		// call
	MOVBU	4(R20), R1		// phase
	MOVW	R1, 0(R19)
leave:
	MOVD	$1, R0
	MOVD	$94, R8			// exit_group
	SVC
	UNDEF

special:
	MOVD	8(R20), R0
	MOVD	16(R20), R1
	CMNW	$2, R8			// opMark
	BEQ	mark
	CMNW	$3, R8			// opUnless
	BEQ	compare
	CMNW	$4, R8			// opDigits
	BNE	leave
	MOVWU	(R0), R2
	MOVD	R2, R3
	MOVD	R1, R0
	MOVD	$10, R4
count:
	ADD	$1, R1
	UDIVW	R4, R2, R2
	CBNZW	R2, count
	MOVB	ZR, (R1)
put:
	SUB	$1, R1
	UDIVW	R4, R3, R2
	MSUBW	R2, R3, R4, R5		// R3 - R2*10
	ADD	$48, R5			// "0"
	MOVB	R5, (R1)
	MOVD	R2, R3
	CMP	R0, R1
	BNE	put
	JMP	next
mark:
	MOVW	R1, (R0)
	JMP	next
compare:
	MOVWU	(R0), R0
	CMPW	R1, R0
	BEQ	next
	JMP	leave

stranger:
	SUB	$32, RSP
	MOVD	$0x696e692d72696577, R0	// weir-ini
	MOVD	R0, 0(RSP)
	MOVD	$0x7320746f6e203a74, R0	// t: not s
	MOVD	R0, 8(RSP)
	MOVD	$0x6220646574726174, R0	// tarted b
	MOVD	R0, 16(RSP)
	MOVD	$0x0a72696577207962, R0	// by weir
	MOVD	R0, 23(RSP)
	MOVD	$2, R0
	MOVD	RSP, R1
	MOVD	$31, R2
	MOVD	$64, R8			// write
	SVC
	MOVD	$125, R0
	MOVD	$94, R8			// exit_group
	SVC
	UNDEF

guard:
	SUB	$16, RSP
	MOVD	$-1, R4			// all signals
	MOVD	R4, 0(RSP)
	MOVD	$2, R0			// SIG_SETMASK
	MOVD	RSP, R1
	MOVD	$0, R2
	MOVD	$8, R3
	MOVD	$135, R8		// rt_sigprocmask
	SVC
wait:
	MOVD	$0x100000000, R4	// struct pollfd: fd 0, events POLLIN, revents 0
	MOVD	R4, 0(RSP)
	MOVD	$0x100000001, R4
	MOVD	R4, 8(RSP)
	MOVD	RSP, R0
	MOVD	$2, R1
	MOVD	$0, R2			// no time limit
	MOVD	$0, R3			// the mask as it is
	MOVD	$8, R4
	MOVD	$73, R8			// ppoll
	SVC
	CMNW	$4, R0			// EINTR
	BEQ	wait
	CMPW	$0, R0
	BLT	kill			// it cannot watch
	MOVHU	6(RSP), R4
	CBNZ	R4, kill
	MOVHU	14(RSP), R4
	CBZ	R4, wait
exit:
	MOVD	$0, R0
	MOVD	$94, R8			// exit_group
	SVC
	BRK
kill:
	MOVD	$1, R0
	MOVD	$9, R1			// SIGKILL
	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$424, R8		// pidfd_send_signal
	SVC
	JMP	exit

reaper:
	MOVD	16(RSP), R1		// argv[1]
	MOVD	$0, R19			// the program's process
	MOVD	$10, R3
digit:
	MOVBU	(R1), R0
	CBZ	R0, begin
	MUL	R3, R19, R19
	ADD	R0, R19, R19
	SUB	$48, R19, R19		// "0"
	ADD	$1, R1, R1
	JMP	digit
begin:
	SUB	$16, RSP
reap:
	MOVD	$-1, R0
	MOVD	RSP, R1			// its status
	MOVD	$1, R2			// WNOHANG
	MOVD	$0, R3
	MOVD	$260, R8		// wait4
	SVC
	CMPW	R19, R0
	BEQ	ended
	CMPW	$0, R0
	BGT	reap
	BLT	refused
take:
	MOVD	$-1, R4			// all signals
	MOVD	R4, 8(RSP)
	ADD	$8, RSP, R0
	MOVD	$0, R1
	MOVD	$0, R2			// no time limit
	MOVD	$8, R3
	MOVD	$137, R8		// rt_sigtimedwait
	SVC
	CMPW	$17, R0			// SIGCHLD
	BEQ	reap
	CMNW	$4, R0			// EINTR
	BEQ	take
	CMPW	$0, R0
	BLE	refused
	MOVD	R0, R1
	MOVD	R19, R0
	MOVD	$129, R8		// kill
	SVC
	JMP	take
ended:
	MOVWU	0(RSP), R1
	AND	$0x7f, R1, R0		// the signal, if any
	CBNZ	R0, signalled
	LSR	$8, R1, R0
	AND	$0xff, R0, R0
	JMP	done
signalled:
	ADD	$128, R0, R0
	JMP	done
refused:
	MOVD	$125, R0
done:
	MOVD	$94, R8			// exit_group
	SVC
	BRK

// Where it ends.
TEXT end<>(SB), NOSPLIT|NOFRAME, $0
	UNDEF
