//go:build linux

#include "textflag.h"

// func onSigsys()
//
// SI points to a siginfo, whose si_errno, at 4, is the data of the answer.
TEXT ·onSigsys(SB), NOSPLIT|NOFRAME, $0-0
	MOVL	4(SI), AX
	MOVL	AX, ·sigsysData(SB)
	MOVL	$1, ·sigsysCame(SB)
again:
	PAUSE
	JMP	again

// func sigsysHandler() uintptr
TEXT ·sigsysHandler(SB), NOSPLIT, $0-8
	MOVQ	$·onSigsys(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
