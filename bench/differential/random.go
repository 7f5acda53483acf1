package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/weir-dev/weir/bench/plain"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// random makes the case of a number. Small profiles about few calls, so that
// rules meet; a style for each, so that some keep to what libseccomp compiles
// well and some do not.
func random(seed uint64, number int) Case {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	g := generator{Rand: rng}
	g.style()
	doc := g.document()
	src, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // plain strings and numbers
	}
	return Case{
		Name:    fmt.Sprintf("random/%d", number),
		Source:  src,
		Lenient: true,
		Facts: seccomp.Facts{
			Arch:   g.native,
			Kernel: kernels[rng.IntN(len(kernels))],
			Caps:   pick(rng, []seccomp.Caps{0, seccomp.CapSet(capNamed("CAP_KILL")), seccomp.DefaultCaps, seccomp.AllCaps}),
		},
		Seed: rng.Uint64(),
	}
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// generator holds the style of one profile.
type generator struct {
	*rand.Rand
	native  seccomp.Arch
	names   []string // what the rules are about
	actions []seccomp.Action
	deflt   seccomp.Action
	ops     []seccomp.Op
	value   func() uint64
	indexes int // how many arguments conditions are about
}

// one reports true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func (g *generator) style() {
	g.native = seccomp.ArchX86_64
	if g.one(3) {
		if g.native = pick(g.Rand, seccomp.Archs()); g.native == seccomp.ArchX32 {
			g.native = seccomp.ArchX86
		}
	}
	g.deflt = seccomp.ActErrno
	if g.one(3) {
		g.deflt = pick(g.Rand, seccomp.Actions[:])
	}
	g.actions = []seccomp.Action{pick(g.Rand, seccomp.Actions[:])}
	switch g.IntN(4) {
	case 0:
		g.actions = seccomp.Actions[:]
	case 1:
		g.actions = append(g.actions, pick(g.Rand, seccomp.Actions[:]))
	}
	g.ops = []seccomp.Op{seccomp.OpEqualTo, seccomp.OpMaskedEqual}
	if g.one(2) {
		g.ops = seccomp.Ops[:]
	}
	g.value = pick(g.Rand, []func() uint64{g.small, g.small, g.border, g.anything})
	g.indexes = 1 + g.IntN(3)
	for range 1 + g.IntN(4) {
		g.names = append(g.names, g.name())
	}
}

// name picks a call: any, one of those at which architectures and widths
// differ, or none.
func (g *generator) name() string {
	switch g.IntN(20) {
	case 0:
		return "no_such_call"
	case 1, 2, 3:
		return pick(g.Rand, []string{"socketcall", "ipc"})
	case 4, 5, 6, 7:
		return pick(g.Rand, []string{"socket", "bind", "accept4", "sendmmsg", "recv", "semop", "semtimedop", "shmat", "msgrcv"})
	case 8, 9, 10, 11:
		return pick(g.Rand, []string{"personality", "clone", "chmod", "ioctl", "mmap", "prctl", "openat", "kill", "fcntl", "write"})
	case 12:
		return pick(g.Rand, []string{"mseal", "statmount", "listxattrat", "clone3", "set_tls", "setup"})
	}
	return syscalls.Call(1 + g.IntN(syscalls.Count())).String()
}

// small values make conditions that meet.
func (g *generator) small() uint64 { return uint64(g.IntN(20)) }

// border values lie where a width or a sign ends.
func (g *generator) border() uint64 {
	return pick(g.Rand, []uint64{
		0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
		0x7fffffff00000000, 0x8000000000000000, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000,
		0xfffffffffffffffe, 0xffffffffffffffff, 0xffffffffffff8000,
	}) + uint64(g.IntN(3)) - 1
}

func (g *generator) anything() uint64 { return g.Uint64() >> g.UintN(64) }

func (g *generator) document() *plain.Document {
	d := &plain.Document{DefaultAction: g.deflt.String(), DefaultErrnoRet: g.errno(g.deflt)}
	for range g.IntN(4) {
		if a := pick(g.Rand, seccomp.Archs()); a.ByteOrder() == g.native.ByteOrder() && (a != seccomp.ArchLOONGARCH64 || g.one(10)) {
			d.Architectures = append(d.Architectures, a.String())
		}
	}
	if g.native == seccomp.ArchX86_64 && g.one(2) {
		d.Architectures = append(d.Architectures, seccomp.ArchX86.String(), seccomp.ArchX32.String())
	}
	if g.one(4) {
		d.Syscalls = append(d.Syscalls, g.bulk())
	}
	for range 1 + g.IntN(6) {
		d.Syscalls = append(d.Syscalls, g.entry())
	}
	if g.one(5) {
		d.Syscalls = append(d.Syscalls, pick(g.Rand, d.Syscalls))
	}
	g.Shuffle(len(d.Syscalls), func(i, j int) { d.Syscalls[i], d.Syscalls[j] = d.Syscalls[j], d.Syscalls[i] })
	return d
}

// bulk is the long list of a real profile, for which runc asks for a tree.
func (g *generator) bulk() plain.Entry {
	e := plain.Entry{Action: g.actions[0].String()}
	for range 20 + g.IntN(100) {
		e.Names = append(e.Names, syscalls.Call(1+g.IntN(syscalls.Count())).String())
	}
	return e
}

func (g *generator) entry() plain.Entry {
	a := pick(g.Rand, g.actions)
	e := plain.Entry{Action: a.String(), ErrnoRet: g.errno(a)}
	for range 1 + g.IntN(2) {
		e.Names = append(e.Names, pick(g.Rand, g.names))
	}
	if !g.one(4) {
		e.Args = g.args()
	}
	switch g.IntN(8) {
	case 0:
		e.Includes = g.filter()
	case 1:
		e.Excludes = g.filter()
	}
	return e
}

func (g *generator) args() []plain.Arg {
	order := g.Perm(g.indexes)
	if g.one(6) {
		order = append(order, order[0])
	}
	order = order[:1+g.IntN(len(order))]
	var args []plain.Arg
	for _, i := range order {
		a := plain.Arg{Index: uint(i), Op: pick(g.Rand, g.ops).String(), Value: g.value()}
		if a.Op == seccomp.OpMaskedEqual.String() {
			a.ValueTwo = a.Value & g.value()
			if g.one(3) {
				a.ValueTwo = g.value()
			}
		}
		args = append(args, a)
	}
	if g.one(20) {
		args[0].Index = uint(g.IntN(6))
	}
	return args
}

// errno gives an action that takes one an errno, or leaves it out.
func (g *generator) errno(a seccomp.Action) *uint {
	if !a.TakesErrno() || g.one(2) {
		return nil
	}
	e := pick(g.Rand, []uint{0, 1, 13, 38, 38, 89, 4094, 4095})
	return &e
}

// filter makes a condition of one part or of several, each with one member or two.
func (g *generator) filter() *plain.Filter {
	f := &plain.Filter{}
	for range 1 + g.IntN(2) {
		switch g.IntN(3) {
		case 0:
			f.Caps = append(f.Caps, pick(g.Rand, []string{"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_KILL"}))
		case 1:
			f.Arches = append(f.Arches, pick(g.Rand, []string{"amd64", "amd64", "arm64", "x86", "s390x", "mips3l64n32"}))
		case 2:
			f.MinKernel = pick(g.Rand, []string{"4.4", "4.8", "4.14", "5.0", "6.19"})
		}
	}
	return f
}
