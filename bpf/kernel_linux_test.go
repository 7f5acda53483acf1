package bpf

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/weir-dev/weir/seccomp"
	"golang.org/x/sys/unix"
)

// These tests hold Check and Run against the running kernel. A filter cannot be
// taken off again, so the kernel is asked in a child: this test binary, started
// again with the name of a task in its environment. A task reads a question from
// standard input and writes its answer to standard output.

const taskVariable = "WEIR_BPF_TEST_TASK"

// In a child the main goroutine keeps the main thread, so that every other
// goroutine that locks its thread has one that can end.
func init() {
	if os.Getenv(taskVariable) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	tasks := map[string]func() error{
		"verdicts": verdicts, "results": results, "division": division, "limit": limit,
	}
	task, ok := tasks[os.Getenv(taskVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := task(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// inChild runs a task and decodes its answer.
func inChild(t *testing.T, task string, question, answer any) {
	t.Helper()
	if err := unix.Prctl(unix.PR_GET_SECCOMP, 0, 0, 0, 0); errors.Is(err, unix.EINVAL) {
		cannotRun(t, "this kernel has no seccomp")
	}
	var in, out bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(question); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), taskVariable+"="+task)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("task %s: %v", task, err)
	}
	if err := gob.NewDecoder(&out).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

func cannotRun(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("WEIR_TEST_MUST_RUN") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// native is the byte order of the running kernel.
func native() seccomp.ByteOrder {
	return seccomp.ByteOrder(binary.NativeEndian.Uint16([]byte{0, 1}) == 1)
}

// attach hands a program to the kernel for the calling thread. It returns what
// seccomp(2) does.
func attach(p Program, flags seccomp.Flag) (uintptr, unix.Errno) {
	raw := p.Raw(native())
	prog := struct {
		n      uint16
		filter *byte
	}{uint16(len(p)), unsafe.SliceData(raw)}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(raw)
	return r, errno
}

var allowAll = Program{Ret(seccomp.ActAllow.Return())}

func noNewPrivs() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }

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
	// Every opcode of 16 bits by itself, with an operand that suits it and one
	// that does not.
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
