//go:build linux

#include "textflag.h"

// func Int80(nr uint32, args *[6]uint32) uint32
//
// i386 takes the number in EAX and the arguments in EBX, ECX, EDX, ESI, EDI and
// EBP. The frame makes the assembler save and restore BP.
TEXT ·Int80(SB), NOSPLIT, $8-20
	MOVL	nr+0(FP), AX
	MOVQ	args+8(FP), R12
	MOVL	0(R12), BX
	MOVL	4(R12), CX
	MOVL	8(R12), DX
	MOVL	12(R12), SI
	MOVL	16(R12), DI
	MOVL	20(R12), BP
	BYTE	$0xcd; BYTE $0x80 // int 0x80
	MOVL	AX, ret+16(FP)
	RET
