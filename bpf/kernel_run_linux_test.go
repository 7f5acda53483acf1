package bpf

import (
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// A trial is a program and calls to make under it.
type trial struct {
	Program Program
	Calls   [][6]uint64
}

// trialNr is a number that no architecture has a call for.
const trialNr = 1000

// results answers with the errno of each call under each program.
func results() error {
	var q []trial
	if err := gob.NewDecoder(os.Stdin).Decode(&q); err != nil {
		return err
	}
	answer := make([][]unix.Errno, len(q))
	for i, tr := range q {
		done := make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with its filter
			err := noNewPrivs()
			if _, errno := attach(tr.Program, 0); errno != 0 {
				err = errno
			}
			for _, a := range tr.Calls {
				_, _, errno := unix.RawSyscall6(trialNr, uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
				answer[i] = append(answer[i], errno)
			}
			done <- err
		}()
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("attach program %d: %w", i, err)
			}
		case <-time.After(10 * time.Second):
			return fmt.Errorf("program %d killed its thread:\n%s", i, tr.Program.Disassemble(native(), nil))
		}
	}
	return gob.NewEncoder(os.Stdout).Encode(answer)
}

// The programs compute on their own call alone, and return what they have found
// as an errno: eleven bits, to which the multiplication brings every bit of A.
// (Twelve would have room for 4095, which Go takes for a result.)
func TestRunAgreesWithTheKernel(t *testing.T) {
	arch, ok := seccomp.ArchNamed(runtime.GOARCH)
	if !ok {
		t.Fatalf("seccomp does not know %s", runtime.GOARCH)
	}
	r := rand.New(rand.NewPCG(4, 5))
	var trials []trial
	var want [][]unix.Errno
	opcodes := map[Opcode]int{}
	for len(trials) < 1000 {
		tr := trial{Program: trialProgram(r)}
		var errnos []unix.Errno
		for range 8 {
			d := randomData(r)
			d.Nr, d.Arch = trialNr, arch.Audit()
			for i := range d.Args {
				d.Args[i] = uint64(uintptr(d.Args[i])) // what fits into a register
			}
			ret, _, err := tr.Program.Run(&d, native())
			if err != nil {
				t.Fatal(err)
			}
			if ret.Action() == seccomp.ActErrno { // else it kills: see the division
				tr.Calls = append(tr.Calls, d.Args)
				errnos = append(errnos, unix.Errno(ret.Data()))
			}
		}
		if len(errnos) > 0 {
			trials, want = append(trials, tr), append(want, errnos)
			for _, in := range tr.Program {
				opcodes[in.Op]++
			}
		}
	}
	for _, m := range mnemonics {
		if opcodes[m.op] < 100 {
			t.Errorf("%s (%#x) occurs %d times only", m.name, uint16(m.op), opcodes[m.op])
		}
	}
	var got [][]unix.Errno
	inChild(t, "results", trials, &got)
	for i := range trials {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("calls %#x\nkernel %d\nRun    %d\n%s", trials[i].Calls, got[i], want[i],
				trials[i].Program.Disassemble(native(), nil))
		}
	}
}

// trialProgram allows all calls but the trial's.
func trialProgram(r *rand.Rand) Program {
	body := generate(r, 1+r.IntN(40))
	for i := range body {
		switch in := &body[i]; {
		case in.Op == OpLdAbs && (in.K == 8 || in.K == 12):
			in.K = seccomp.OffsetArgs // the instruction pointer is not known here
		case in.Op == OpRetA || in.Op == OpRet && i < len(body)-1:
			*in = Instruction{Op: OpRet, K: uint32(seccomp.ActErrno) | in.K&0x7ff}
		}
	}
	p := Program{LoadAbs(seccomp.OffsetNr), JumpIf(OpJeq, trialNr, 1, 0), allowAll[0]}
	p = append(p, body[:len(body)-1]...)
	return append(p,
		Instruction{Op: OpMul, K: 0x9e3779b1},
		Instruction{Op: OpRsh, K: 21},
		Instruction{Op: OpOr, K: uint32(seccomp.ActErrno)},
		Instruction{Op: OpRetA})
}

// division makes a call whose filter divides by a zero X, on a thread of its
// own, and answers whether that thread was killed.
func division() error {
	id := make(chan int)
	go func() {
		runtime.LockOSThread()
		if err := noNewPrivs(); err != nil {
			id <- 0
			return
		}
		p := Program{LoadAbs(seccomp.OffsetNr), JumpIf(OpJeq, trialNr, 1, 0), allowAll[0], {Op: OpDivX}, allowAll[0]}
		if _, errno := attach(p, 0); errno != 0 {
			id <- 0
			return
		}
		id <- unix.Gettid()
		unix.RawSyscall(trialNr, 0, 0, 0)
		fmt.Fprintln(os.Stderr, "the call returned")
		os.Exit(1)
	}()
	tid := <-id
	if tid == 0 {
		return errors.New("no filter")
	}
	thread := filepath.Join("/proc/self/task", strconv.Itoa(tid))
	for range 1000 {
		if _, err := os.Stat(thread); errors.Is(err, os.ErrNotExist) {
			return gob.NewEncoder(os.Stdout).Encode(true)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the thread lives on")
}

func TestDivisionByZeroKillsTheThread(t *testing.T) {
	r, _, err := Program{{Op: OpDivX}, allowAll[0]}.Run(&seccomp.Data{}, native())
	if err != nil || r.Action() != seccomp.ActKillThread {
		t.Errorf("Run: %v, %v", r, err)
	}
	var killed bool
	inChild(t, "division", 0, &killed)
	if !killed {
		t.Error("the kernel does not kill the thread")
	}
}
