// Package compile turns a policy into a program: the shortest and shallowest
// classic BPF that it finds in a small part of a millisecond.
//
//	profile -> policy -> program -> filter
//
// [Program] is the only call that is needed. Same policy, same bytes. The
// program passes bpf's Check, and returns for each of the 2^448 inputs what
// [policy.Policy.Eval] says; package verify proves that, and shares nothing with
// this package. A number that always gets the same answer reaches it through
// instructions that the kernel's emulator knows (see bpf.Program.Constant), so
// every such allowed call is cached. The error is a [*TooLong] when the kernel's
// 4,096 instructions do not suffice; any other error means that the policy is
// not well formed. [Measure] tells what a program costs.
package compile
