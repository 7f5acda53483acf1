// Package wire is what weir and its prober tell each other: calls on the
// prober's standard input, and their outcomes, as many and in the same order, on
// its standard output. Both run on one machine, and each reads what the other
// writes as untrusted: a length that is no whole number of entries is an error.
package wire

import (
	"encoding/binary"
	"errors"
	"syscall"

	"github.com/weir-dev/weir/internal/sys/call"
)

// CallSize and OutcomeSize are the sizes of one entry, in bytes: words of 64
// bits, the lowest byte first.
const (
	CallSize    = (2 + 6) * 8 // the door (1 for i386), the number, the arguments
	OutcomeSize = 3 * 8       // the signal, the errno, the value
)

// Calls encodes calls.
func Calls(calls []call.Call) []byte {
	b := make([]byte, 0, len(calls)*CallSize)
	for i := range calls {
		var door uint64
		if calls[i].I386 {
			door = 1
		}
		b = words(b, door, uint64(calls[i].Nr))
		b = words(b, calls[i].Args[:]...)
	}
	return b
}

// ReadCalls is the reverse of [Calls].
func ReadCalls(b []byte) ([]call.Call, error) {
	if len(b)%CallSize != 0 {
		return nil, errors.New("the calls end within one")
	}
	calls := make([]call.Call, 0, len(b)/CallSize)
	for ; len(b) > 0; b = b[CallSize:] {
		c := call.Call{I386: word(b, 0) == 1, Nr: uint32(word(b, 1))}
		for i := range c.Args {
			c.Args[i] = word(b, 2+i)
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// Outcomes encodes outcomes.
func Outcomes(outcomes []call.Outcome) []byte {
	b := make([]byte, 0, len(outcomes)*OutcomeSize)
	for _, o := range outcomes {
		b = words(b, uint64(o.Signal), uint64(o.Errno), o.Value)
	}
	return b
}

// ReadOutcomes is the reverse of [Outcomes].
func ReadOutcomes(b []byte) ([]call.Outcome, error) {
	if len(b)%OutcomeSize != 0 {
		return nil, errors.New("the outcomes end within one")
	}
	outcomes := make([]call.Outcome, 0, len(b)/OutcomeSize)
	for ; len(b) > 0; b = b[OutcomeSize:] {
		outcomes = append(outcomes, call.Outcome{
			Signal: syscall.Signal(word(b, 0)), Errno: syscall.Errno(word(b, 1)), Value: word(b, 2),
		})
	}
	return outcomes, nil
}

func words(b []byte, list ...uint64) []byte {
	for _, w := range list {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
