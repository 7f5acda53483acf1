// Package bpf is classic BPF as seccomp uses it: the instructions, what the
// kernel accepts ([Program.Check]), what it computes ([Program.Run]), and the
// forms in which programs are written down.
//
// In the pipeline
//
//	profile -> policy -> program -> filter
//
// a [Program] is the third noun. Package compile makes one from a policy,
// package verify proves the two equal, and package kernel attaches it. Nothing
// here asks the machine that it runs on: a program for s390x is checked, run
// and printed on x86_64, and so everything that reads an argument takes a
// [seccomp.ByteOrder].
//
// To look at a program, start with [Decode], which reads each of the five forms
// (raw, text, C, base64, JSON), then [Program.Check], then
// [Program.Disassemble]. [Assemble] reads the text back.
//
// Check returns nil if and only if a kernel with seccomp accepts the program;
// a test holds it against the running kernel. An [*Error] names the
// instruction and the cause. The decoders do not check: they read any list of
// instructions, also one that no kernel takes, and their errors give the line
// of the input.
package bpf
