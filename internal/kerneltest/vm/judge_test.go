package vm

import (
	"strings"
	"testing"
)

func TestWhatTheMachineDidNotSayIsNoPass(t *testing.T) {
	// As test binaries write for go tool test2json.
	const (
		first  = "booting\n\x16=== RUN   TestA\n\x16=== RUN   TestA/sub\nof the sub\n\x16--- PASS: TestA/sub (0.00s)\n\x16--- PASS: TestA (0.00s)\n\x16=== NAME  \nPASS\n\n" + end + "first 0\n"
		second = "\x16=== RUN   TestB\n\x16--- SKIP: TestB (0.00s)\n\x16=== NAME  \n\x16=== RUN   TestC\npanic: in a test\n\n" + end + "second 2\n"
		third  = "\x16=== RUN   TestD\n\x16--- PASS: TestD (0.00s)\n\x16=== NAME  \n\x16=== RUN   TestE\nKernel panic\n"
	)
	for room, want := range map[string]string{
		"first": "0 TestA:pass", "second": "2 TestB:skip TestC:no verdict", "third": "not ended",
	} {
		text, code, ok := suite{room: room}.output(first + second + third)
		got := "not ended"
		if ok {
			got = code
			for _, v := range verdicts(t, text) {
				got += " " + v.name + ":" + v.action
				if v.name == "TestA" && !strings.Contains(v.output, "of the sub\n") {
					t.Errorf("its output is %q", v.output)
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", room, got, want)
		}
	}
}
