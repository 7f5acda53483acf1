package main

import (
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// The pages of testdata, and the tests that kill weir.
func TestPagesAgainAsPlainUsers(t *testing.T) {
	kerneltest.AgainAsPlainUsers(t, "^(TestScripts|TestAKilledWeirLeavesNothing|TestSIGKILLAtAnyMomentLeavesNothingBehind)$")
}
