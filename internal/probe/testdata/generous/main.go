// Generous is a prober that reports one outcome more than it was given calls.
package main

import (
	"io"
	"os"

	"github.com/weir-dev/weir/internal/probe/wire"
)

func main() {
	b, err := io.ReadAll(os.Stdin)
	if err != nil {
		os.Exit(1)
	}
	os.Stdout.Write(make([]byte, (len(b)/wire.CallSize+1)*wire.OutcomeSize))
}
