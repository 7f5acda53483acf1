//go:build linux

package kernel

// AwaitStop is what a thread is waited for with that is being read.
var AwaitStop = awaitStop
