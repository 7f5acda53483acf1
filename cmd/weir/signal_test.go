package main

import (
	"syscall"
	"testing"

	"github.com/weir-dev/weir/internal/container"
	"github.com/weir-dev/weir/internal/image"
)

func TestASignalIsReadAsDockerWritesIt(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"TERM": 15, "SIGTERM": 15, "sigint": 2, "9": 9, "64": 64, "RTMIN": 34, "SIGRTMIN+3": 37, "RTMAX-1": 63, "rtmax": 64,
		"": 0, "0": 0, "65": 0, "-1": 0, "NONE": 0, "SIG": 0, "RTMIN3": 0, "RTMIN+": 0, "RTMIN+31": 0, "RTMAX+1": 0, "SIGSIGINT": 0,
	} {
		got, err := parseSignal(text)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestTheStopSignalIsTheFlagsBeforeTheImages(t *testing.T) {
	for _, c := range []struct {
		flag, image string
		want        syscall.Signal
		err         string
	}{
		{"", "", 0, ""},
		{"", "SIGQUIT", syscall.SIGQUIT, ""},
		{"INT", "SIGQUIT", syscall.SIGINT, ""},
		{"INT", "nonsense", syscall.SIGINT, ""},
		{"", "nonsense", 0, `the image's stop signal: "nonsense" is not a signal such as SIGINT, INT, 2 or RTMIN+3`},
	} {
		var spec container.Spec
		err := (&runFlags{stop: c.flag}).stopSignal(&spec, image.Config{StopSignal: c.image})
		if text := ""; err != nil {
			text = err.Error()
			if text != c.err {
				t.Errorf("%+v: %v", c, err)
			}
		} else if c.err != "" || spec.Stop != c.want {
			t.Errorf("%+v: signal %d", c, spec.Stop)
		}
	}
}
