package calls_test

import (
	"errors"
	"testing"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/seccomp"
)

// Whatever is typed is a call or an *Error with a column inside the text, and
// what was a call is written and read back as the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"openat", "257", "-1", "socket(AF_ALG, SOCK_SEQPACKET, 0)", "clone(CLONE_NEWUSER|SIGCHLD)",
		`openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3`, "clone3({flags=0x1}, 88)", "close(3</dev/null>)",
		"mprotect(_, 0x1000, ~(1<<3|PROT_READ))", "personality(0xffffffff)", "chmod(_, 0755)", "socket(...)", "[pid 7] pause( <unfinished ...>", "7 getpid()",
		"ioctl(0, TIOCSTI /* x */)", "clone(child_stack=NULL, flags=SIGCHLD)",
	} {
		for a := range seccomp.Archs() {
			f.Add(uint8(a), text)
		}
	}
	archs := seccomp.Archs()
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		a := archs[int(which)%len(archs)]
		c, err := calls.Parse(a, text)
		if err != nil {
			var e *calls.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *calls.Error", err)
			}
			if e.Column < 1 || e.Column > len(text)+1 || e.Msg == "" {
				t.Fatalf("%q: %+v", text, e)
			}
			return
		}
		again, err := c.On(a)
		if err != nil || again != c {
			t.Fatalf("%q reads back as %+v, %v", text, again, err)
		}
		same(t, a, c.Data())
	})
}
