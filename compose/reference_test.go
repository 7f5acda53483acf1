package compose_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-dev/weir/compile"
	"github.com/weir-dev/weir/compose"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
	"github.com/weir-dev/weir/verify"
)

// A reference answers calls of x86_64 by the words of the package's documentation
// alone: it looks at the rules of one file after the other, for one call.
type reference struct {
	profile *profile.Profile
	applies map[int]bool // rules, by index
}

func newReference(p *profile.Profile) reference {
	r := reference{p, map[int]bool{}}
	rules, _ := p.Flatten(amd64)
	for _, i := range rules {
		r.applies[i] = true
	}
	return r
}

// answer is what a layer and those below it say, if they say anything.
func (r reference) answer(layer int, name string, args [6]uint64) (seccomp.Return, bool) {
	if ret, ok := r.own(layer, name, args); ok {
		return ret, true
	}
	var strictest seccomp.Return
	found := false
	for _, b := range r.profile.Layers[layer].Below {
		if ret, ok := r.answer(b, name, args); ok && (!found || ret.Stricter(strictest)) {
			strictest, found = ret, true
		}
	}
	return strictest, found
}

// own is what the rules of one layer say: the strictest of those that hold, of
// which only the first without conditions counts.
func (r reference) own(layer int, name string, args [6]uint64) (strictest seccomp.Return, found bool) {
	unconditional := false
	for i := range r.profile.Rules {
		rule := &r.profile.Rules[i]
		if rule.Layer != layer || !r.applies[i] || !named(rule, name) {
			continue
		}
		if len(rule.Args) == 0 {
			if unconditional {
				continue
			}
			unconditional = true
		} else if !holds(rule, name, args) {
			continue
		}
		if !found || rule.Return.Stricter(strictest) {
			strictest, found = rule.Return, true
		}
	}
	return strictest, found
}

func named(rule *profile.Rule, name string) bool {
	for _, n := range rule.Names {
		if n.Text == name {
			return true
		}
	}
	return false
}

// holds reports that all conditions hold or, if an argument is there twice, one.
func holds(rule *profile.Rule, name string, args [6]uint64) bool {
	call, _ := syscalls.Lookup(name)
	seen := map[uint8]bool{}
	all, any, twice := true, false, false
	for i := range rule.Args {
		a := &rule.Args[i]
		twice = twice || seen[a.Index]
		seen[a.Index] = true
		bits := call.Bits(seccomp.ArchX86_64, int(a.Index))
		value, valueTwo, _ := a.Operands(seccomp.ArchX86_64)
		narrow := func(v uint64) uint64 {
			if bits < 64 && int64(v)>>(bits-1) == -1 {
				return v & (1<<bits - 1)
			}
			return v
		}
		v := args[a.Index]
		if bits < 64 {
			v &= 1<<bits - 1
		}
		ok := a.Op.Holds(v, narrow(value), narrow(valueTwo))
		all, any = all && ok, any || ok
	}
	if twice {
		return any
	}
	return all
}

// randomFiles makes files that extend others of a higher number, down to the last.
func randomFiles(rnd *rand.Rand) files {
	const n = 5
	names := []string{"dup2", "socket", "mmap", "clone"}
	actions := []string{"ALLOW", "ERRNO:5", "ERRNO:6", "KILL", "LOG"}
	operands := []string{"0", "1", "2", "3", `"CLONE_NEWUSER"`, `"PROT_READ|PROT_WRITE"`, "18446744073709551615"}
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	f := files{}
	for i := range n {
		var extends []string
		for j := i + 1; j < n; j++ {
			if rnd.IntN(2) == 0 || i == 0 && j == 1 {
				extends = append(extends, fmt.Sprintf("%d.json", j))
			}
		}
		rules := []string{"openat2 ALLOW"}
		for range 1 + rnd.IntN(4) {
			rule := pick(names) + " " + pick(actions)
			if rnd.IntN(3) > 0 {
				op := pick([]string{"EQ", "NE", "LT", "GE", "MASKED_EQ"})
				rule += fmt.Sprintf(" %d %s %s", rnd.IntN(2), op, pick(operands))
				if op == "MASKED_EQ" {
					rule = rule[:strings.LastIndexByte(rule, ' ')] + " 3 " + pick([]string{"0", "1", "2"})
				}
			}
			rules = append(rules, rule)
		}
		name := fmt.Sprintf("%d.json", i)
		if i == 0 {
			name = "a.json"
		}
		f[name] = doc(strings.Join(extends, ","), "ERRNO", rules...)
	}
	return f
}

// The policy, which orders rules once, answers as the reference does, which asks
// one file after the other; and what is compiled from it is proved.
func TestThePolicyIsWhatTheDocumentationSays(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	values := []uint64{0, 1, 2, 3, 4, 0x10000000, 0xffffffff, 0xffffffffffffffff}
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for range rounds {
		f := randomFiles(rnd)
		p, err := f.read(t, compose.Options{})
		if err != nil {
			t.Fatal(err)
		}
		pol, _, err := policy.Resolve(p, amd64, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ref := newReference(p)
		for _, name := range []string{"dup2", "socket", "mmap", "clone", "openat2", "read"} {
			call, _ := syscalls.Lookup(name)
			nr, _ := call.Nr(amd64.Arch)
			for _, x := range values {
				for _, y := range values {
					d := seccomp.Data{Arch: amd64.Arch.Audit(), Nr: nr, Args: [6]uint64{x, y}}
					want, ok := ref.answer(0, name, d.Args)
					if !ok {
						want = p.Default
					}
					if _, rule := pol.Eval(&d); rule.Return != want {
						t.Fatalf("%s(%#x, %#x): %v, want %v\n%v", name, x, y, rule.Return, want, f)
					}
				}
			}
		}
		for _, abi := range pol.ABIs {
			for _, row := range abi.Rows {
				for i, rule := range row.Rules {
					if (len(rule.Conds) == 0) != (i == len(row.Rules)-1) {
						t.Fatalf("rule %d of %d of numbers %d to %d has %d conditions", i, len(row.Rules), row.First, row.Last, len(rule.Conds))
					}
				}
			}
		}
		prog, err := compile.Program(pol)
		if err != nil {
			t.Fatal(err)
		}
		if proof := verify.Program(pol, prog, 1_000_000); proof.Verdict != verify.Equal {
			t.Fatalf("%v: %v\n%v", proof.Verdict, proof.Reason, f)
		}
	}
}
