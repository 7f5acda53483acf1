package calls_test

import (
	"errors"
	"fmt"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
)

func ExampleParse() {
	c, _ := calls.Parse(seccomp.ArchX86_64, "socket(AF_ALG, SOCK_SEQPACKET)")
	for i, v := range c.Args[:3] {
		fmt.Println(i, v.Known, v.N)
	}

	_, err := calls.Parse(seccomp.ArchX86_64, "socket(AF_AGL)")
	var e *calls.Error
	errors.As(err, &e)
	fmt.Println(err)
	fmt.Println(e.Hint)
	// Output:
	// 0 true 38
	// 1 true 5
	// 2 false 0
	// socket(AF_AGL): column 8: unknown constant AF_AGL
	// did you mean AF_ALG?
}

func ExampleFormat() {
	d := seccomp.Data{Nr: 41, Args: [6]uint64{38, 5, 0}}
	fmt.Println(calls.Format(seccomp.ArchX86_64, d))
	// Output: socket(AF_ALG, SOCK_SEQPACKET, 0)
}

func ExampleGuarded() {
	c, _ := calls.Parse(seccomp.ArchX86_64, "ioctl(0, TIOCSTI, _)")
	for _, g := range calls.Guarded(c) {
		fmt.Println(g.Only, g.CVEs)
	}
	// Output: TIOCSTI [CVE-2017-5226 CVE-2019-10063]
}
