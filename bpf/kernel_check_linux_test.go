package bpf

import (
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// probing is a question to the kernel without consequences.
type probing struct {
	Programs   []Program
	Privileged bool // with no_new_privs; otherwise without, and without CAP_SYS_ADMIN
}

// verdicts answers with what seccomp(2) says to each program: 0 or an errno.
//
// The programs are offered with TSYNC while another thread has a filter that
// this one has not: having accepted a program, the kernel finds that it cannot
// give it to that thread, returns the thread's id, and attaches nothing
// (kernel/seccomp.c, seccomp_attach_filter).
func verdicts() error {
	var q probing
	if err := gob.NewDecoder(os.Stdin).Decode(&q); err != nil {
		return err
	}
	other := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := noNewPrivs()
		if _, errno := attach(allowAll, 0); errno != 0 {
			err = errno
		}
		other <- err
		select {}
	}()
	if err := <-other; err != nil {
		return fmt.Errorf("prepare the other thread: %w", err)
	}

	if q.Privileged {
		if err := noNewPrivs(); err != nil {
			return err
		}
	} else {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			return err
		}
	}
	answer := make([]unix.Errno, len(q.Programs))
	for i, p := range q.Programs {
		r, errno := attach(p, seccomp.FlagTSync)
		if r == 0 && errno == 0 {
			return fmt.Errorf("program %d was attached", i)
		}
		answer[i] = errno
	}
	return gob.NewEncoder(os.Stdout).Encode(answer)
}

func TestCheckAgreesWithTheKernel(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	var programs []Program
	for range 2000 {
		p := generate(r, 1+r.IntN(60))
		programs = append(programs, p)
		for range 5 {
			programs = append(programs, mutate(r, p))
		}
		for range 5 {
			programs = append(programs, generateMemory(r))
		}
	}
	// Every opcode of twelve bits and each bit of the sixteen, with operands that
	// suit some and not others.
	for op := range Opcode(1 << 12) {
		programs = append(programs, Program{{Op: op, K: 1}, Ret(0), Ret(0)}, Program{{Op: op}, Ret(0), Ret(0)}, Program{{Op: op}})
	}
	for bit := range 16 {
		programs = append(programs, Program{{Op: 1 << bit}, Ret(0)})
	}
	for _, n := range []int{0, 1, MaxLen, MaxLen + 1, 1<<16 - 1} {
		programs = append(programs, slices.Repeat(Program{Ret(0)}, n))
	}
	// The longest programs with the longest jumps, and those that grow most when
	// the kernel converts them: its own jumps have 16 bits.
	far := append(Program{Jump(MaxLen - 2)}, slices.Repeat(Program{{Op: OpDivX}}, MaxLen-2)...)
	programs = append(programs, append(far, Ret(0)), append(far[:MaxLen-2:MaxLen-2], Ret(0)))

	var answer []unix.Errno
	inChild(t, "verdicts", probing{programs, true}, &answer)
	count := map[unix.Errno]int{}
	for i, p := range programs {
		err := p.Check()
		count[answer[i]]++
		if want := answer[i]; want != 0 && want != unix.EINVAL || (want == 0) != (err == nil) {
			t.Fatalf("kernel: %v; Check: %v\n%s", want, err, p.Disassemble(native(), nil))
		}
	}
	if count[0] < 5000 || count[unix.EINVAL] < 5000 {
		t.Errorf("the programs are too much alike: %v", count)
	}
	t.Logf("%d accepted, %d refused", count[0], count[unix.EINVAL])
}

// Without privilege the kernel refuses all programs alike, after a look at their
// length.
func TestTheKernelTellsPrivilegeFromProgram(t *testing.T) {
	if set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err != nil || set == 1 {
		cannotRun(t, "no_new_privs is set already")
	}
	var answer []unix.Errno
	inChild(t, "verdicts", probing{[]Program{allowAll, {{Op: 0xff}}, {}}, false}, &answer)
	if want := []unix.Errno{unix.EACCES, unix.EACCES, unix.EINVAL}; !slices.Equal(answer, want) {
		t.Errorf("got %v, want %v", answer, want)
	}
}

// limit attaches the longest programs until the kernel has enough of them.
func limit() error {
	if err := noNewPrivs(); err != nil {
		return err
	}
	longest := slices.Repeat(allowAll, MaxLen)
	for n := range 20 {
		if _, errno := attach(longest, 0); errno != 0 {
			return gob.NewEncoder(os.Stdout).Encode([]int{n, int(errno)})
		}
	}
	return errors.New("the kernel takes any number of filters")
}

func TestTheKernelLimitsTheSumOfFilters(t *testing.T) {
	var answer []int
	inChild(t, "limit", 0, &answer)
	if answer[0] < 1 || unix.Errno(answer[1]) != unix.ENOMEM {
		t.Errorf("after %d filters: %v", answer[0], unix.Errno(answer[1]))
	}
}
