package bpf

import (
	"testing"

	"github.com/weir-dev/weir/seccomp"
)

func TestConstant(t *testing.T) {
	const native, other = seccomp.AuditArch(0xc000003e), seccomp.AuditArch(0x40000003)
	allow, kill := seccomp.ActAllow.Return(), seccomp.ActKillThread.Return()
	tests := []struct {
		name string
		p    Program
		nr   seccomp.Nr
		arch seccomp.AuditArch
		want seccomp.Return
		ok   bool
	}{
		{"a number that is always allowed", typical(), 57, native, allow, true},
		{"a number that is never allowed", typical(), 200, native, seccomp.ReturnErrno(seccomp.ENOSYS), true},
		{"a number whose arguments decide", typical(), 56, native, 0, false},
		{"another architecture", typical(), 57, other, kill, true},
		{"AND with a constant is known", Program{LoadAbs(0), And(1), JumpIf(OpJeq, 1, 0, 1), Ret(allow), Ret(kill)}, 3, native, allow, true},
		{"A is zero at the start", Program{JumpIf(OpJeq, 0, 0, 1), Ret(allow), Ret(kill)}, 3, native, allow, true},
		{"a jump over what is not known", Program{Jump(1), LoadAbs(16), Ret(allow)}, 3, native, allow, true},
		{"an argument that does not matter", Program{LoadAbs(16), Ret(allow)}, 3, native, 0, false},
		{"a constant load", Program{{Op: OpLdImm}, Ret(allow)}, 3, native, 0, false},
		{"other arithmetic", Program{{Op: OpOr}, Ret(allow)}, 3, native, 0, false},
		{"a comparison with X", Program{{Op: OpJeqX}, Ret(allow)}, 3, native, 0, false},
		{"a return of A", Program{{Op: OpRetA}}, 3, native, 0, false},
		{"a program without end", Program{Jump(5)}, 3, native, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r, ok := tt.p.Constant(tt.nr, tt.arch); r != tt.want || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", r, ok, tt.want, tt.ok)
			}
		})
	}
}
