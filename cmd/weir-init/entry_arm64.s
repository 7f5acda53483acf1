#include "textflag.h"

// The entry of weir-init, as entry_amd64.s explains it.
TEXT weir_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD	0(RSP), R0		// argc
	CBZ	R0, environment
	MOVD	8(RSP), R1		// argv[0]
	MOVD	(R1), R2
	MOVD	$0x6165722d72696577, R3	// "weir-rea"
	CMP	R3, R2
	BEQ	reaper
environment:
	ADD	R0<<3, RSP, R1
	MOVD	16(R1), R1		// envp[0]
	CBZ	R1, go
	MOVWU	(R1), R2
	MOVD	$0x52494557, R3		// "WEIR"
	CMPW	R3, R2
	BEQ	guard
go:
	JMP	_rt0_arm64_linux(SB)

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
next:
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
	BEQ	next
	CMPW	$0, R0
	BLE	refused
	MOVD	R0, R1
	MOVD	R19, R0
	MOVD	$129, R8		// kill
	SVC
	JMP	next
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
