package compile

import (
	"math"
	"time"

	"github.com/weir-dev/weir/bpf"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/seccomp"
)

// Stats says what a program costs.
type Stats struct {
	Length int        // instructions
	ABIs   []ABIStats // by architecture, in the order of the policy

	// Attach is about how long attaching the program takes (seccomp(2), on a
	// machine like the one that attachCost was measured on).
	Attach time.Duration
}

// ABIStats is about the numbers of one architecture's table, each with all
// arguments 0: from the lowest that a rule of the profile names to the highest,
// but for those far above the others, as the ones that arm has for itself.
type ABIStats struct {
	Arch    seccomp.Arch
	Numbers int     // how many there are
	Mean    float64 // instructions executed, of all numbers
	Worst   int     // instructions executed, for the number that takes most
	Allowed int     // numbers that are allowed with these arguments

	// Cached counts the numbers for which the kernel (from 5.11 on, on most
	// architectures) finds at attach time that they are always allowed: it does
	// not run the program for them again. It is 0 for x32, which the kernel
	// leaves out.
	Cached int
}

// attachCost predicts the time that attaching takes in us. It was fitted to 20
// programs of 1 to 1,796 instructions, on Linux 6.18 with the JIT compiler, in a
// virtual machine with 2 CPUs; the largest error was 10 %. Emulated are the
// instructions that the kernel's emulator walks over, for every number of the
// native and the compat table, to find those to cache.
func attachCost(length, emulated int) float64 {
	return 12.1 + 0.185*float64(length) + 0.00202*float64(emulated)
}

// Measure runs a program of the policy for every number, and says what it costs.
func Measure(p *policy.Policy, prog bpf.Program) Stats {
	s := Stats{Length: len(prog)}
	emulated := 0
	for i := range p.ABIs {
		abi := &p.ABIs[i]
		for rows := abi.Rows; len(rows) > 0; {
			first, last, n := table(rows)
			if n == 0 {
				break
			}
			one, steps := measure(p, prog, abi.Audit, first, last)
			one.Arch = rows[n-1].Arch
			s.ABIs = append(s.ABIs, one)
			if one.Arch != seccomp.ArchX32 {
				emulated += steps
			}
			for n < len(rows) && rows[n].Arch == one.Arch {
				n++
			}
			rows = rows[n:]
		}
	}
	s.Attach = time.Duration(math.Round(attachCost(s.Length, emulated))) * time.Microsecond
	return s
}

// measure runs the program for the numbers from first to last.
func measure(p *policy.Policy, prog bpf.Program, audit seccomp.AuditArch, first, last seccomp.Nr) (s ABIStats, sum int) {
	for nr := first; ; nr++ {
		ret, steps, err := prog.Run(&seccomp.Data{Nr: nr, Arch: audit}, p.Native.ByteOrder())
		if err != nil {
			steps = len(prog) // not a program that the kernel takes
		}
		s.Numbers++
		sum += steps
		s.Worst = max(s.Worst, steps)
		allow := seccomp.ActAllow.Return()
		if ret == allow {
			s.Allowed++
		}
		if r, ok := prog.Constant(nr, audit); ok && r == allow && !nr.X32() {
			s.Cached++
		}
		if nr == last {
			break
		}
	}
	s.Mean = float64(sum) / float64(s.Numbers)
	return s, sum
}
