//go:build linux && !amd64

package kernel

// avoidRestart does nothing: on these architectures the kernel has decided how
// the call is resumed before a tracer sees the thread, or the tracer cannot tell.
func avoidRestart(tid int, filters []Filter) error { return nil }
