// Other is a program for the other width that a processor runs. It makes a call that the default profile denies,
// and that the kernel would refuse to a program with threads for another reason.
package main

import (
	"fmt"
	"runtime"
	"syscall"
)

func main() {
	fmt.Println(runtime.GOARCH, syscall.Unshare(syscall.CLONE_NEWUSER))
}
