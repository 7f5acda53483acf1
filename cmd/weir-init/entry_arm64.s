#include "textflag.h"

// The entry of weir-init, as entry_amd64.s explains it.
TEXT weir_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD	0(RSP), R0		// argc
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
