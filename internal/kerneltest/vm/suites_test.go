package vm

import (
	"fmt"
	"strings"
)

// A suite is the tests of a package that run in the machines.
type suite struct {
	room string
	// Which, as go test takes it; "" is all and none. An emulated processor is ten times slower: tests that
	// do a thing many times over are left out.
	run, skip string
}

var suites = []suite{
	{room: "internal/kerneltest/vm/inside"},
	{room: "cmd/weir", run: "TestScripts/^(run|limits|rootless|check|probe|security|mounts)$"},
	{room: "internal/container", skip: "AgainAsPlainUsers"},
	{room: "internal/probe"},
	{room: "internal/sys/first"},
	{room: "kernel"},
	{room: "internal/kerneltest"},
}

// end begins the line that follows the output of a suite.
const end = "weir-end "

// script is what runs the suite in the machine. The output has the marks that go tool test2json understands.
func (s suite) script() string {
	args := "-test.short -test.v=test2json"
	if s.run != "" {
		args += " -test.run '" + s.run + "'"
	}
	if s.skip != "" {
		args += " -test.skip '" + s.skip + "'"
	}
	return fmt.Sprintf("cd /tests/%s; ./test %s 2>&1; code=$?; echo; echo '%s%s' $code\n", s.room, args, end, s.room)
}

// output is what a suite wrote to the console, and its exit code; false if the machine did not get to its end.
func (s suite) output(console string) (text, code string, ok bool) {
	before, after, ok := strings.Cut(console, "\n"+end+s.room+" ")
	if i := strings.LastIndex(before, "\n"+end); i >= 0 { // of the suite before
		before = before[i+1:]
	}
	code, _, _ = strings.Cut(after, "\n")
	return before, code, ok
}
