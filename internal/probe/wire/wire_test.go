package wire

import (
	"slices"
	"testing"

	"github.com/weir-dev/weir/internal/sys/call"
)

func TestWhatIsSentArrives(t *testing.T) {
	calls := []call.Call{{}, {I386: true, Nr: 1<<32 - 1, Args: [6]uint64{1, 2, 3, 4, 5, 1<<64 - 1}}, {Nr: 7}}
	got, err := ReadCalls(Calls(calls))
	if err != nil || !slices.Equal(got, calls) {
		t.Errorf("calls: %v, %v", got, err)
	}
	outcomes := []call.Outcome{{}, {Signal: 31}, {Errno: 4095}, {Value: 1<<64 - 1}}
	back, err := ReadOutcomes(Outcomes(outcomes))
	if err != nil || !slices.Equal(back, outcomes) {
		t.Errorf("outcomes: %v, %v", back, err)
	}
}

func TestWhatIsCutOffIsAnError(t *testing.T) {
	calls, outcomes := Calls(make([]call.Call, 2)), Outcomes(make([]call.Outcome, 2))
	for i := range calls {
		if got, err := ReadCalls(calls[:i]); i%CallSize != 0 && err == nil {
			t.Errorf("%d bytes are taken for %d calls", i, len(got))
		}
	}
	for i := range outcomes {
		if got, err := ReadOutcomes(outcomes[:i]); i%OutcomeSize != 0 && err == nil {
			t.Errorf("%d bytes are taken for %d outcomes", i, len(got))
		}
	}
}
