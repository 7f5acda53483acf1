package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

func disasmCommand() *cobra.Command {
	var arch string
	cmd := &cobra.Command{
		Use:   "disasm FILE",
		Short: "Print a program as text",
		Long: `Print a program (classic BPF) as text, with the names of architectures and system calls.
FILE, or - for standard input, has any form that weir compile writes: ` + programFormats + `.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			facts := factFlags{arch: arch}
			f, err := facts.facts()
			if err != nil {
				return err
			}
			_, prog, err := readProgram(args[0], f.Arch, cmd.InOrStdin())
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), prog.Disassemble(f.Arch.ByteOrder(), annotator(prog)))
			return err
		},
	}
	cmd.Flags().StringVar(&arch, "arch", "", "architecture of the kernel that the program is for: its byte order (default: this machine's)")
	return cmd
}

// The class of an opcode, in its low three bits (include/uapi/linux/bpf_common.h).
const (
	classMask bpf.Opcode = 0x07
	classLoad bpf.Opcode = 0x00
	classALU  bpf.Opcode = 0x04
	classJump bpf.Opcode = 0x05
)

// annotator names the architectures and calls that a program compares with. It
// follows what the accumulator holds, and which architecture has been found,
// along every path; where paths disagree it stays silent.
func annotator(prog bpf.Program) func(bpf.Instruction, int) string {
	type state struct {
		reached bool
		loaded  uint32 // offset of the word in the accumulator, or unknown
		audit   seccomp.AuditArch
	}
	const unknown = 1 << 31
	const firstX32 = 1 << 30
	states := make([]state, len(prog)+1)
	flow := func(to int, s state) {
		if to >= len(prog) {
			return
		}
		t := &states[to]
		if !t.reached {
			*t = s
			return
		}
		if t.loaded != s.loaded {
			t.loaded = unknown
		}
		if t.audit != s.audit {
			t.audit = 0
		}
	}
	states[0] = state{reached: true, loaded: unknown}
	for i, in := range prog {
		s := states[i]
		if !s.reached {
			continue
		}
		switch {
		case in.Op == bpf.OpLdAbs:
			s.loaded = in.K
			flow(i+1, s)
		case in.Op == bpf.OpJa:
			flow(i+1+int(in.K), s)
		case in.Op == bpf.OpJeq && s.loaded == seccomp.OffsetArch:
			flow(i+1+int(in.Jf), s)
			s.audit = seccomp.AuditArch(in.K)
			flow(i+1+int(in.Jt), s)
		case in.Op&classMask == classJump:
			flow(i+1+int(in.Jt), s)
			flow(i+1+int(in.Jf), s)
		case in.Op == bpf.OpRet || in.Op == bpf.OpRetA:
		case in.Op&classMask == classLoad, in.Op&classMask == classALU, in.Op == bpf.OpTxa:
			s.loaded = unknown
			flow(i+1, s)
		default:
			flow(i+1, s)
		}
	}
	return func(in bpf.Instruction, line int) string {
		s := states[line]
		switch in.Op {
		case bpf.OpJeq, bpf.OpJge, bpf.OpJgt:
		default:
			return ""
		}
		if nr := seccomp.Nr(in.K); s.loaded == seccomp.OffsetNr && s.audit == seccomp.ArchX32.Audit() && in.Op == bpf.OpJge && nr == firstX32 {
			return seccomp.ArchX32.Name() // from here on, and not its first call
		}
		for _, a := range seccomp.Archs() {
			switch s.loaded {
			case seccomp.OffsetArch:
				if a.Audit() == seccomp.AuditArch(in.K) {
					return a.Name()
				}
			case seccomp.OffsetNr:
				if call, ok := syscalls.At(a, seccomp.Nr(in.K)); ok && a.Audit() == s.audit {
					return call.String()
				}
			}
		}
		return ""
	}
}
