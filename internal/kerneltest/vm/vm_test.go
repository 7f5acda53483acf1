package vm

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
)

var boots = flag.Bool("boot", false, "boot the machines, which takes minutes")

func TestKernels(t *testing.T) {
	if !*boots {
		t.Skip("make kernels boots the machines, which takes minutes")
	}
	for _, m := range machines {
		t.Run(m.arch, func(t *testing.T) {
			t.Parallel()
			kerneltest.Require(t, kerneltest.Root, kerneltest.Tool(m.qemu[0]), kerneltest.Tool("mke2fs"), kerneltest.File(m.file("vmlinuz"), "scripts/kernels"))
			console := m.boot(t, m.disk(t))
			for _, s := range suites {
				t.Run(s.room, func(t *testing.T) { s.judge(t, console) })
			}
		})
	}
}

// judge makes a subtest of each test of a suite, as it ended in the machine.
func (s suite) judge(t *testing.T, console string) {
	text, code, ok := s.output(console)
	if !ok {
		t.Fatalf("the machine did not come to its end:\n%s", tail(console))
	}
	passed := 0
	for _, v := range verdicts(t, text) {
		if v.action == "pass" {
			passed++
		}
		t.Run(v.name, func(t *testing.T) {
			switch v.action {
			case "pass":
				t.Log(v.output)
			case "skip":
				t.Skip(v.output)
			default:
				t.Errorf("%s\n%s", v.action, v.output)
			}
		})
	}
	if passed == 0 || code != "0" && !t.Failed() {
		t.Errorf("%d tests passed, and the exit code is %q:\n%s", passed, code, tail(text))
	}
}

// A verdict is how a test ended, and what it and its subtests wrote.
type verdict struct {
	name, action, output string
}

// verdicts reads the output of a test binary.
func verdicts(t *testing.T, text string) []*verdict {
	t.Helper()
	convert := exec.Command("go", "tool", "test2json")
	convert.Stdin, convert.Stderr = strings.NewReader(text), os.Stderr
	out, err := convert.Output()
	check(t, err)
	var list []*verdict
	byName := map[string]*verdict{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var event struct{ Action, Test, Output string }
		check(t, dec.Decode(&event))
		name, _, isSub := strings.Cut(event.Test, "/")
		if name == "" {
			continue // of all
		}
		v := byName[name]
		if v == nil {
			v = &verdict{name: name, action: "no verdict"}
			list, byName[name] = append(list, v), v
		}
		v.output += event.Output
		if !isSub && (event.Action == "pass" || event.Action == "fail" || event.Action == "skip") {
			v.action = event.Action
		}
	}
	return list
}
