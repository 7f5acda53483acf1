package kerneltest

import (
	"os"
	"os/signal"
	"syscall"
)

// DefaultSignals has the programs that a test starts get the default actions for the
// signals that whoever started the test ignores, as nohup does SIGHUP.
func DefaultSignals() {
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}
